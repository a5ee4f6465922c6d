import { describe, expect, test } from 'vitest';
import { mergeSteps, planOrder, type SortedRun } from '../../../src/iceberg/deletes/order.js';
import type { PathRun } from '../../../src/iceberg/deletes/rows.js';

type Named = readonly [from: string, to: string, rows: number];

async function* runs(...batches: readonly (readonly Named[])[]): AsyncGenerator<readonly PathRun[]> {
  for (const batch of batches) yield batch.map(([from, to, rows]) => ({ path: { from, to }, rows }));
}

const shown = (found: readonly SortedRun[] | undefined) =>
  found?.map((run) => run.map(({ path, start, rows }) => [path.to, start, rows]));

describe('rows stay where they are', () => {
  test.each<readonly [string, readonly Named[]]>([
    ['none', []],
    ['of one file', [['a', 'z', 3]]],
    [
      'whose new paths ascend',
      [
        ['a', 'x', 1],
        ['b', 'y', 2],
        ['c', 'z', 3],
      ],
    ],
    [
      'that were not sorted',
      [
        ['b', 'x', 1],
        ['a', 'y', 2],
        ['c', 'b', 1],
      ],
    ],
    [
      'sorted by bytes where UTF-16 would not be',
      [
        ['\u{fffd}', 'a', 1],
        ['\u{1f600}', 'b', 1],
      ],
    ],
  ])('%s', async (_, rows) => {
    expect(await planOrder(runs(rows))).toBeUndefined();
  });
});

describe('rows must move', () => {
  test('as few runs as can be, rows of one path together, over all batches', async () => {
    const found = await planOrder(
      runs(
        [
          ['a', 'p', 1],
          ['b', 'c', 2],
        ],
        [
          ['b', 'c', 5],
          ['c', 'q', 1],
        ],
        [['d', 'd', 4]],
      ),
    );
    expect(shown(found)).toEqual([
      [
        ['p', 0, 1],
        ['q', 8, 1],
      ],
      [
        ['c', 1, 7],
        ['d', 9, 4],
      ],
    ]);
  });

  test('two spellings of one file, though neighbours', async () => {
    expect(
      shown(
        await planOrder(
          runs([
            ['s3://a', 'x', 1],
            ['s3a://a', 'x', 1],
          ]),
        ),
      ),
    ).toEqual([[['x', 0, 1]], [['x', 1, 1]]]);
  });
});

async function steps(plan: readonly SortedRun[], positions: readonly number[] = []) {
  const asked: number[] = [];
  const found: unknown[] = [];
  const at = async (_: number, row: number) => {
    asked.push(row);
    return BigInt(positions[row] as number);
  };
  for await (const { run, path, start, rows } of mergeSteps(plan, at)) found.push([run, path.to, start, rows]);
  return { found, asked };
}

test('runs are merged by path, without a look at positions', async () => {
  const plan = await planOrder(
    runs([
      ['a', 'p', 3],
      ['b', 'c', 2],
      ['c', 'q', 1],
      ['d', 'd', 4],
    ]),
  );
  const { found, asked } = await steps(plan as readonly SortedRun[]);
  expect(found).toEqual([
    [1, 'c', 3, 2],
    [1, 'd', 6, 4],
    [0, 'p', 0, 3],
    [0, 'q', 5, 1],
  ]);
  expect(asked).toEqual([]);
});

test('rows of one path are merged by position, equal ones in the order of the file; the rest of one comes at once', async () => {
  const plan = await planOrder(
    runs([
      ['a', 'x', 3],
      ['b', 'x', 4],
      ['c', 'y', 1],
    ]),
  );
  const { found } = await steps(plan as readonly SortedRun[], [1, 5, 9, 2, 5, 10, 11, 0]);
  expect(found).toEqual([
    [0, 'x', 0, 1],
    [1, 'x', 3, 1],
    [0, 'x', 1, 1],
    [1, 'x', 4, 1],
    [0, 'x', 2, 1],
    [1, 'x', 5, 2],
    [0, 'y', 7, 1],
  ]);
});

test('nothing is merged to nothing', async () => {
  expect(await steps([])).toEqual({ found: [], asked: [] });
});
