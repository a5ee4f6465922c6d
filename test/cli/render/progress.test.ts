import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createProgress, progressText } from '../../../src/cli/render/progress.js';

function setUp(env: Record<string, string> = {}, isTTY = false, quiet = false) {
  let clock = 0;
  let text = '';
  const stderr = Object.assign(new PassThrough(), {
    isTTY,
    columns: 80,
    cursorTo: () => true,
    clearLine: () => true,
    moveCursor: () => true,
  });
  stderr.on('data', (chunk) => (text += chunk));
  const stdout = { write: () => true };
  const io = { stdout, stderr, env, cwd: '/', signal: new AbortController().signal };
  const progress = createProgress(
    io,
    quiet,
    (line) => line,
    () => clock,
  );
  return { progress, tick: (ms: number) => (clock += ms), text: () => text };
}

test.each([
  [{ phase: 'reading manifests', done: 0 }, 'reading manifests'],
  [{ phase: 'reading manifests', done: 3 }, 'reading manifests  3'],
  [{ phase: 'copying', done: 1200, total: 4000 }, 'copying  1,200/4,000'],
  [{ phase: 'copying', done: 1, total: 2, bytes: 1024, totalBytes: 2048 }, 'copying  1/2  1.0 KiB of 2.0 KiB'],
  [{ phase: 'checking', done: 1, bytes: 1024 }, 'checking  1  1.0 KiB'],
])('%o', (progress, text) => {
  expect(progressText(progress)).toBe(text);
});

test('without a terminal: a line per phase, and one every half minute', () => {
  const { progress, tick, text } = setUp();
  for (let done = 1; done <= 61; done += 1) {
    progress.show({ phase: 'copying', done, total: 100 });
    tick(1000);
  }
  progress.show({ phase: 'writing', done: 1 });
  expect(text()).toBe('copying  1/100\ncopying  31/100\ncopying  61/100\nwriting  1\n');
});

test('--quiet shows nothing', () => {
  const { progress, text } = setUp({}, true, true);
  progress.show({ phase: 'copying', done: 1 });
  expect(text()).toBe('');
});

test('on a terminal: a spinner that makes room for lines and goes away', async () => {
  const { progress, text } = setUp({ TERM: 'xterm' }, true);
  progress.show({ phase: 'copying', done: 1, total: 2 });
  await vi.waitFor(() => expect(text()).toContain('copying  1/2'));
  const wrote = vi.fn();
  progress.around(wrote);
  expect(wrote).toHaveBeenCalledOnce();
  progress.stop();
  const before = text();
  progress.show({ phase: 'late', done: 1 });
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(text()).toBe(before);
});

test.each<Record<string, string>>([{ CI: 'true' }, { TERM: 'dumb' }])('%o has no spinner, terminal or not', (env) => {
  const { progress, text } = setUp(env, true);
  progress.show({ phase: 'copying', done: 1 });
  expect(text()).toBe('copying  1\n');
});
