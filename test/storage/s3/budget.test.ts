import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBudget } from '../../../src/storage/s3/budget.js';

const settled = async (promise: Promise<unknown>) => {
  let done = false;
  promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await new Promise((resolve) => setImmediate(resolve));
  return done;
};

test('what fits is lent at once, the rest waits its turn', async () => {
  const budget = new ByteBudget(10);
  const first = await budget.take(6);
  const large = budget.take(5);
  const small = budget.take(1);
  expect(await settled(large)).toBe(false);
  expect(await settled(small), 'nobody overtakes').toBe(false);
  first();
  (await large)();
  (await small)();
  expect(budget.taken).toBe(0);
});

test('giving back twice counts once', async () => {
  const budget = new ByteBudget(10);
  const back = await budget.take(4);
  await budget.take(4);
  back();
  back();
  expect(budget.taken).toBe(4);
});

test('more than the limit is lent to one alone', async () => {
  const budget = new ByteBudget(10);
  const small = await budget.take(1);
  const huge = budget.take(50);
  expect(await settled(huge)).toBe(false);
  small();
  const back = await huge;
  const next = budget.take(1);
  expect(await settled(next)).toBe(false);
  back();
  await next;
});

test('who stops waiting leaves the others their turn', async () => {
  const budget = new ByteBudget(10);
  const stop = new AbortController();
  const first = await budget.take(8);
  const large = budget.take(9, stop.signal);
  const small = budget.take(2);
  stop.abort(new Error('enough'));
  await expect(large).rejects.toThrow('enough');
  (await small)();
  first();
  expect(budget.taken).toBe(0);
  await expect(budget.take(1, stop.signal)).rejects.toThrow('enough');
});

test('never more than the limit, and everybody gets a turn', async () => {
  const wants = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(wants, async (sizes) => {
      const budget = new ByteBudget(12);
      let most = 0;
      await Promise.all(
        sizes.map(async (bytes, index) => {
          const back = await budget.take(bytes);
          most = Math.max(most, budget.taken);
          for (let turn = 0; turn < index % 4; turn++) await Promise.resolve();
          back();
        }),
      );
      expect(most).toBeLessThanOrEqual(12);
      expect(budget.taken).toBe(0);
    }),
  );
});
