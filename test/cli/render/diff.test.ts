import { expect, test } from 'vitest';
import { diffSentence, tableDiffFields, tableDiffText } from '../../../src/cli/render/diff.js';
import type { TableDiff } from '../../../src/diff/diff.js';
import type { TableChanges } from '../../../src/diff/table.js';
import { BcnError } from '../../../src/errors.js';
import { Amounts } from '../../../src/look/amounts.js';

const none = new Amounts().get();
const same: TableChanges = {
  changed: false,
  identity: [],
  snapshots: { added: [], removed: [] },
  refs: [],
  columns: [],
  partitioning: null,
  order: null,
  properties: [],
  files: {
    added: none,
    removed: none,
    before: { dataFiles: 5, rows: 1n, deleteFiles: 0 },
    after: { dataFiles: 5, rows: 1n, deleteFiles: 0 },
  },
};
const snapshot = (day: number, operation: string | undefined) => ({
  id: 9_007_199_254_740_993n + BigInt(day),
  parentId: undefined,
  timestampMs: BigInt(Date.UTC(2026, 10, day)),
  operation,
});
const everything: TableChanges = {
  changed: true,
  identity: [{ name: 'format version', from: '1', to: '2' }],
  snapshots: { removed: [snapshot(1, undefined)], added: [snapshot(2, 'append'), snapshot(3, 'overwrite')] },
  refs: [
    { name: 'main', from: 'branch 1', to: 'branch 2' },
    { name: 'release', from: 'tag 1', to: null },
    { name: 'audit', from: null, to: 'branch 2' },
  ],
  columns: [
    { change: 'dropped', id: 4, column: 'old', from: 'int', to: null },
    { change: 'renamed', id: 2, column: 'address.town', from: 'city', to: 'town' },
    { change: 'type', id: 1, column: 'id', from: 'int', to: 'long' },
    { change: 'nullability', id: 1, column: 'id', from: 'required', to: 'optional' },
    { change: 'write-default', id: 3, column: 'n', from: null, to: '9007199254740993' },
    { change: 'added', id: 9, column: 'note', from: null, to: 'string' },
    { change: 'order', id: null, column: '', from: 'id, n', to: 'n, id' },
  ],
  partitioning: { from: [], to: ['day(ts) as ts_day'] },
  order: { from: ['id asc nulls first'], to: [] },
  properties: [{ name: 'fs.secret', from: '***', to: '***' }],
  files: {
    added: { ...none, data: { files: 3, rows: 30n, bytes: 4096 }, vectors: { files: 1, rows: 2n, bytes: 40 } },
    removed: { ...none, data: { files: 1, rows: 10n, bytes: 1000 }, 'equality-deletes': { files: 1, rows: 1n, bytes: 10 } },
    before: { dataFiles: 5, rows: 9_007_199_254_740_993n, deleteFiles: 1 },
    after: { dataFiles: 7, rows: 9_007_199_254_741_013n, deleteFiles: 1 },
  },
};

const TABLES: readonly TableDiff[] = [
  { table: 'db.same', changes: same },
  { table: 'db.t', renamedFrom: 'db.old', changes: everything },
  { table: 'db.gone', only: 'from' },
  { table: 'db.fresh', only: 'to' },
  { table: 'db.broken', error: new BcnError('corrupt', 'x') },
];

test('for people', () => {
  expect([...TABLES.map(tableDiffText), diffSentence({ from: 'a', to: 'b', tables: TABLES })].join('\n')).toMatchInlineSnapshot(`
    "  db.same: no difference, 5 data files, 1 row
    ~ db.t (was db.old)
        Table           ~ format version: 1 -> 2
        Snapshots       - 2026-11-01 00:00:00             9007199254740994
                        + 2026-11-02 00:00:00  append     9007199254740995
                        + 2026-11-03 00:00:00  overwrite  9007199254740996
        Refs            ~ main: branch 1 -> branch 2
                        - release = tag 1
                        + audit = branch 2
        Columns         - old int (field 4)
                        ~ address.town: city -> town
                        ~ id: type int -> long
                        ~ id: nullability required -> optional
                        ~ n: write default none -> 9007199254740993
                        + note string (field 9)
                        ~ order id, n -> n, id
        Partitioned by  nothing -> day(ts) as ts_day
        Sorted by       id asc nulls first -> nothing
        Properties      ~ fs.secret: *** -> ***
        Files           - 1 data file, 10 rows, 1000 B
                        - 1 equality delete file, 1 row, 10 B
                        + 3 data files, 30 rows, 4.0 KiB
                        + 1 deletion vector, 2 positions, 40 B
        Rows            9,007,199,254,740,993 -> 9,007,199,254,741,013
        Data files      5 -> 7
        Delete files    1 -> 1
    - db.gone
    + db.fresh
    ! db.broken: cannot be compared
    3 tables differ between a and b, of 5 tables; 1 table could not be compared"
  `);
});

test('the sentence', () => {
  const tables = TABLES.slice(0, 1);
  expect(diffSentence({ from: 'a', to: 'live', tables })).toBe('No table differs between a and what the catalog has now');
  expect(diffSentence({ from: 'a', to: 'b', tables: TABLES.slice(1, 2) })).toBe('1 table differs between a and b');
  expect(diffSentence({ from: 'a', to: 'b', tables: TABLES.slice(4) })).toBe('1 table could not be compared');
});

test('long lists are cut for people', () => {
  const added = Array.from({ length: 25 }, (_, i) => snapshot(i, 'append'));
  const text = tableDiffText({ table: 't', changes: { ...everything, snapshots: { added, removed: [] } } });
  expect(text.match(/append/g)).toHaveLength(20);
  expect(text).toContain('and 5 more');
});

test('for programs', () => {
  expect(TABLES.map(tableDiffFields)).toMatchObject([
    { table: 'db.same', renamed_from: null, only: null, changed: false },
    {
      renamed_from: 'db.old',
      changed: true,
      files: { before: { rows: '9007199254740993' }, added: { equality_deletes: { files: 0 } } },
    },
    { only: 'from', changed: true },
    { only: 'to', changed: true },
    { table: 'db.broken', changed: null },
  ]);
});
