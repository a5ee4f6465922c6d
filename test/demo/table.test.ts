import { describe, expect, test } from 'vitest';
import { differences, type TableContent } from '../../src/demo/table.js';

const TABLE: TableContent = {
  columns: [
    { id: 1, name: 'id', type: 'long' },
    { id: 2, name: 'item', type: 'string' },
  ],
  snapshots: [
    { id: '10', rows: [['1', 'rope']] },
    {
      id: '20',
      rows: [
        ['1', 'rope'],
        ['2', null],
      ],
    },
  ],
  refs: [{ name: 'main', type: 'branch', snapshotId: '20' }],
  currentSnapshotId: '20',
};
const [first, second] = TABLE.snapshots as [TableContent['snapshots'][number], TableContent['snapshots'][number]];

test('a table does not differ from itself', () => {
  expect(differences(TABLE, structuredClone(TABLE))).toEqual([]);
});

describe('one difference', () => {
  test.each<[string, Partial<TableContent>, string]>([
    [
      'a row that is gone',
      { snapshots: [first, { id: '20', rows: [['1', 'rope']] }] },
      'numbers of rows of snapshot 20 differ: 2 became 1',
    ],
    ['a value of an old snapshot', { snapshots: [{ id: '10', rows: [['1', 'rape']] }, second] }, 'rows of snapshot 10 differ'],
    [
      'null and text',
      {
        snapshots: [
          first,
          {
            id: '20',
            rows: [
              ['1', 'rope'],
              ['2', 'null'],
            ],
          },
        ],
      },
      'rows of snapshot 20 differ',
    ],
    ['a ref', { refs: [] }, 'refs differ'],
    ['the current snapshot', { currentSnapshotId: '10' }, 'current snapshots differ'],
    ['a column', { columns: TABLE.columns.slice(1) }, 'columns differ'],
  ])('%s', (_name, change, message) => {
    const found = differences(TABLE, { ...TABLE, ...change });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  test('a snapshot that is gone', () => {
    expect(differences(TABLE, { ...TABLE, snapshots: [first] })[0]).toContain('snapshots differ: ["10","20"] became ["10"]');
  });
});
