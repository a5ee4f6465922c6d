import { expect, test } from 'vitest';
import { mergedBatches } from '../../../src/iceberg/deletes/merged.js';
import type { SortedRun } from '../../../src/iceberg/deletes/order.js';
import { BATCH_ROWS, type DeleteRows, type Int64s } from '../../../src/iceberg/deletes/rows.js';

/** Positions that say which row they are of. */
function numbered(total: number) {
  const opened: { at: number }[] = [];
  const rows: DeleteRows = {
    batches: () => {
      throw new Error('not wanted');
    },
    paths: () => {
      throw new Error('not wanted');
    },
    positions: () => {
      const cursor = { at: 0 };
      opened.push(cursor);
      return {
        async skip(count) {
          cursor.at += count;
        },
        async read(out: Int64s, from: number, count: number) {
          if (cursor.at + count > total) throw new Error('read behind the end');
          for (let i = 0; i < count; i++) out.setNumber(from + i, cursor.at++);
        },
      };
    },
  };
  return { rows, opened };
}

const segment = (to: string, start: number, rows: number) => ({ path: { from: to, to }, start, rows });

async function collect(plan: readonly SortedRun[], total: number) {
  const { rows, opened } = numbered(total);
  const found: [string, bigint][] = [];
  const sizes: number[] = [];
  for await (const { runs, positions } of mergedBatches(rows, plan)) {
    sizes.push(positions.length);
    let at = 0;
    for (const { path, rows } of runs) for (let i = 0; i < rows; i++) found.push([path.to, positions[at++] as bigint]);
    expect(at).toBe(positions.length);
  }
  return { found, sizes, opened };
}

test('rows come by path, from one reader for each run', async () => {
  const { found, opened } = await collect([[segment('b', 0, 2), segment('d', 5, 1)], [segment('a', 2, 3)]], 6);
  expect(found).toEqual([
    ['a', 2n],
    ['a', 3n],
    ['a', 4n],
    ['b', 0n],
    ['b', 1n],
    ['d', 5n],
  ]);
  expect(opened).toHaveLength(2);
});

test('rows of one path alternate by position, and none is lost between a look and a read', async () => {
  const { found } = await collect([[segment('x', 0, 3)], [segment('x', 3, 2), segment('y', 7, 1)]], 8);
  expect(found.map(([, pos]) => pos)).toEqual([0n, 1n, 2n, 3n, 4n, 7n]);
});

test('batches are full, over the ends of segments', async () => {
  const half = BATCH_ROWS / 2;
  const { found, sizes } = await collect([[segment('b', 0, half + 10)], [segment('a', half + 10, 2 * half)]], 3 * half + 10);
  expect(sizes).toEqual([BATCH_ROWS, half + 10]);
  expect(found.filter(([path]) => path === 'a')).toHaveLength(2 * half);
  expect(found.slice(2 * half).map(([, pos]) => pos)).toEqual(Array.from({ length: half + 10 }, (_, i) => BigInt(i)));
});
