import fc from 'fast-check';
import { expect, test } from 'vitest';
import { membersOf, rangesOf } from '../../src/repository/ranges.js';

test('few ranges, in order, each number once', () => {
  expect(rangesOf([])).toEqual([]);
  expect(rangesOf([5, 3, 4, 4, 9, 0])).toEqual([
    [0, 0],
    [3, 5],
    [9, 9],
  ]);
});

test('any set comes back, and neighbours are never two ranges', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60)), (numbers) => {
      const ranges = rangesOf(numbers);
      expect([...membersOf(ranges)]).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      for (const [i, [first]] of ranges.entries()) if (i > 0) expect(first).toBeGreaterThan((ranges[i - 1]?.[1] ?? 0) + 1);
    }),
  );
});
