import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Moment, promptly } from '../../src/repository/moment.js';
import { failure } from '../support/world.js';

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  [0, true],
  [2 * MINUTE, true],
  [2 * MINUTE + 1, false],
  // The clock was set back.
  [-1, true],
])('%i ms after its begin a write may rest on it: %s', (ms, fresh) => {
  const moment = new Moment();
  vi.setSystemTime(Date.now() + ms);
  expect(moment.isFresh()).toBe(fresh);
});

test('a write that takes too long is given up, a caller that is interrupted stops it, and nothing keeps the process alive', async () => {
  const hang = ({ signal }: { signal?: AbortSignal }) =>
    new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const late = failure(promptly(hang), 'storage-unavailable');
  await vi.advanceTimersByTimeAsync(5 * MINUTE);
  expect((await late).hint).toContain('same command');
  const controller = new AbortController();
  const stopped = promptly(hang, { signal: controller.signal });
  controller.abort(new Error('stop'));
  await expect(stopped).rejects.toThrow('stop');
  expect(await promptly(async () => 7)).toBe(7);
  expect(vi.getTimerCount()).toBe(0);
});
