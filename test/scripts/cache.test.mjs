import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheRoot, provisionOnce, withLock } from '../../scripts/lib/cache.mjs';
import { run } from '../../scripts/lib/proc.mjs';

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bcn-cache-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const what = { part: 'p', version: '1', recipe: ['x'] };
const make = async (folder) => writeFileSync(join(folder, 'file'), 'made');

test('the cache folder: BCN_CACHE, else XDG_CACHE_HOME/bcn', () => {
  expect(cacheRoot({ BCN_CACHE: join(root, 'c') })).toBe(join(root, 'c'));
  expect(cacheRoot({ XDG_CACHE_HOME: root })).toBe(join(root, 'bcn'));
});

test('a part is made once, and again when its recipe changes', async () => {
  let made = 0;
  const counting = async (folder) => {
    made++;
    await make(folder);
  };
  const first = await provisionOnce(what, counting, { root });
  expect(await provisionOnce(what, counting, { root })).toBe(first);
  expect(await provisionOnce({ ...what, recipe: ['y'] }, counting, { root })).not.toBe(first);
  expect(made).toBe(2);
  expect(readFileSync(join(first, 'file'), 'utf8')).toBe('made');
});

test('two at once: one makes it, both get it', async () => {
  let made = 0;
  const slow = async (folder) => {
    made++;
    await sleep(300);
    await make(folder);
  };
  const said = [];
  const both = [1, 2].map(() => provisionOnce(what, slow, { root, log: (line) => said.push(line) }));
  const [a, b] = await Promise.all(both);
  expect(a).toBe(b);
  expect(made).toBe(1);
  // Nobody waits for a lock of his own.
  expect(said.filter((line) => line.includes('waiting'))).toEqual([]);
});

test('two processes at once: one makes it, the other waits', async () => {
  const script = fileURLToPath(new URL('../../scripts/lib/cache.mjs', import.meta.url));
  const child = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { provisionOnce } from ${JSON.stringify(script)};
    await provisionOnce(${JSON.stringify(what)}, async () => {
      appendFileSync(${JSON.stringify(join(root, 'made'))}, 'x');
      await sleep(300);
    }, { root: ${JSON.stringify(root)} });`;
  await Promise.all([1, 2].map(() => run(process.execPath, ['--input-type=module', '--eval', child])));
  expect(readFileSync(join(root, 'made'), 'utf8')).toBe('x');
});

test('a failed attempt leaves nothing, and the next one succeeds', async () => {
  const failing = async (folder) => {
    await make(folder);
    throw new Error('no network');
  };
  await expect(provisionOnce(what, failing, { root })).rejects.toThrow('no network');
  expect(readdirSync(root)).toEqual([]);
  expect(existsSync(await provisionOnce(what, make, { root }))).toBe(true);
});

test('what a killed run left is removed', async () => {
  const folder = await provisionOnce(what, make, { root });
  const name = readdirSync(root)[0];
  rmSync(folder, { recursive: true });
  writeFileSync(join(root, `.${name}.tmp-dead`), 'half');
  await provisionOnce(what, make, { root });
  expect(readdirSync(root)).toEqual([name]);
});

test.each([
  ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, started: 'x' })],
  ['of an earlier process with a living id', JSON.stringify({ pid: process.pid, started: 'long ago' })],
  ['that is not JSON', '{"pi'],
])('a lock %s is taken over', async (_name, content) => {
  const file = join(root, 'lock');
  writeFileSync(file, content);
  expect(
    await withLock(
      file,
      () => {},
      async () => 'done',
    ),
  ).toBe('done');
  expect(readdirSync(root)).toEqual([]);
});

test('a lock is released when the work fails', async () => {
  const file = join(root, 'lock');
  const failing = withLock(
    file,
    () => {},
    () => Promise.reject(new Error('x')),
  );
  await expect(failing).rejects.toThrow('x');
  expect(readdirSync(root)).toEqual([]);
});
