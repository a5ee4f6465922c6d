import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { action, GRACE } from './actions.js';
import { Model, makeSource, type Source } from './model.js';

/** A longer search: BCN_MODEL_RUNS=5000; a failure again: BCN_MODEL_SEED. */
const RUNS = Number(process.env.BCN_MODEL_RUNS ?? 400);
const SEED = process.env.BCN_MODEL_SEED;
const START = Date.UTC(2026, 0, 10);

/** What is there before the random part begins. */
const BEFORE = [
  [],
  ['backup'],
  ['backup', 'delete'],
  ['backup', 'delete', 'wait'],
  ['backup', 'mirror'],
  ['backup', 'mirror', 'more'],
  ['backup', 'mirror', 'delete', 'wait'],
] as const;

let source: Source;
beforeAll(async () => {
  source = await makeSource();
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

test(`the invariants of the format, after every request of ${RUNS} random histories`, { timeout: 0 }, async () => {
  const ended = new Map<string, number>();
  const actions = fc.array(action, { minLength: 5, maxLength: 40, size: 'max' });
  const feature = fc.constantFrom([], [], ['commits-by-run']);
  const features = fc.record({ repo: feature, mirror: feature });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...BEFORE), features, actions, async (before, has, history) => {
      vi.setSystemTime(START);
      vi.clearAllTimers();
      const model = await Model.open(source, has);
      for (const one of before) {
        if (one === 'wait') await vi.advanceTimersByTimeAsync(GRACE + 60_000);
        else if (one === 'more') {
          await model.apply({ do: 'change', version: 1 });
          await model.alone({ what: 'backup', name: 'b' });
        } else await model.alone({ what: one, name: 'a' });
      }
      for (const one of history) await model.apply(one);
      await model.finish();
      for (const [how, n] of model.ended) ended.set(how, (ended.get(how) ?? 0) + n);
    }),
    { numRuns: RUNS, ...(SEED !== undefined && { seed: Number(SEED) }) },
  );
  if (process.env.BCN_MODEL_RUNS) console.log(Object.fromEntries([...ended].sort()));
  // Thousands of processes, by default some twenty for each history.
  expect([...ended].reduce((sum, [, n]) => sum + n, 0)).toBeGreaterThan(RUNS * 10);
  // Every kind of process gets to its end.
  for (const how of ['backup ok', 'delete ok', 'undelete ok', 'prune ok', 'copy ok', 'mirror ok', 'copied'])
    expect(ended.get(how)).toBeGreaterThan(0);
});
