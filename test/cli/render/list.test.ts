import { expect, test } from 'vitest';
import { listText } from '../../../src/cli/render/list.js';
import type { ListedBackup } from '../../../src/repository/list.js';
import type { TableSummary } from '../../../src/repository/summary.js';

const table = (name: string): TableSummary => ({
  table: name,
  catalog: 'hive:thrift://hms:9083',
  uuid: '11111111-2222-3333-4444-555555555555',
  location: 's3://warehouse/x',
  metadataLocation: 's3://warehouse/x/metadata/00012-x.metadata.json',
  pinned: null,
  formatVersion: 2,
  snapshots: 12,
  refs: [],
  currentSnapshotId: '1',
  manifests: 40,
  files: { total: 1234, new: 34 },
  bytes: { total: 5_000_000_000, new: 1_000_000 },
  missing: null,
});

const COPY: ListedBackup = {
  name: 'nightly-2026-11-20',
  selector: 'nightly-2026-11-20',
  id: 'ab'.repeat(32),
  run: 'r',
  when: '2026-11-20T01:00:00.000Z',
  mode: 'copy',
  bcn: '0.1.0',
  partial: false,
  failed: [],
  incomplete: false,
  tables: [table('default.my_table')],
  verified: '2026-11-21T02:03:04.000Z',
  damaged: null,
};
const MANY: ListedBackup = {
  ...COPY,
  name: 'all',
  selector: 'all',
  when: '2026-11-22T01:00:00.000Z',
  partial: true,
  verified: null,
  tables: ['default.my_table', 'shop.a', 'shop.b', 'shop.c'].map(table),
};
const LIGHT: ListedBackup = {
  ...COPY,
  name: 'light',
  selector: 'light',
  when: '2026-11-23T01:00:00.000Z',
  mode: 'reference',
  damaged: '2026-11-24T00:00:00.000Z',
};
const LIST = {
  backups: [COPY, MANY, LIGHT],
  damaged: [
    { selector: 'broken', object: 'o', message: 'm', written: '2026-11-21T00:00:00.000Z' },
    { selector: 'odd', object: 'o', message: 'm', written: null },
  ],
};

test('everything', () => {
  expect(listText(LIST)).toMatchInlineSnapshot(`
    "NAME                  TABLES                        WHEN (UTC)           SNAPSHOTS  FILES   LOGICAL    STORED        NEW  DATA                                       VERIFIED (UTC)
    nightly-2026-11-20    default.my_table              2026-11-20 01:00:00         12  1,234   4.7 GiB   4.7 GiB  976.6 KiB  copy                                       2026-11-21 02:03:04
    broken                -                             2026-11-21 00:00:00          -      -         -         -          -  damaged record
    all                   default.my_table, shop.a, +2  2026-11-22 01:00:00         48  4,936  18.6 GiB  18.6 GiB    3.8 MiB  copy, PARTIAL                              -
    light                 default.my_table              2026-11-23 01:00:00         12  1,234   4.7 GiB         -          -  reference (dies with its source), DAMAGED  DAMAGED 2026-11-24 00:00:00
    odd                   -                                                          -      -         -         -          -  damaged record
    3 backups, 2 damaged  4 tables                                                      7,404  27.9 GiB   4.8 MiB    4.8 MiB"
  `);
});

test.each([150, 100, 80, 60, 20])('on a terminal of %i columns', (width) => {
  const text = listText({ backups: [COPY, { ...MANY, tables: [table('shop.a')] }], damaged: LIST.damaged.slice(0, 1) }, width);
  expect(`\n${text}`).toMatchSnapshot();
  if (width >= 60) for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
  expect(text).toContain('PARTIAL');
  expect(text).toContain('damaged record');
});

test('names that several have give way to what tells them apart', () => {
  const twin = (run: string) => ({ ...COPY, name: 'twice', selector: `twice@${run}` });
  const alone = { ...COPY, name: 'once', selector: 'once@2026-x' };
  const names = listText({ backups: [twin('2026-a'), alone, twin('2026-b')], damaged: [] })
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(names).toEqual(['NAME', 'twice@2026-a', 'once', 'twice@2026-b', '3']);
});

test('one that lacks files of its source is marked, also where there is no room', () => {
  const lacking = { ...COPY, incomplete: true, tables: [{ ...table('shop.a'), missing: { files: 2, bytes: 100 } }] };
  for (const width of [undefined, 40]) expect(listText({ backups: [lacking], damaged: [] }, width)).toContain('copy, INCOMPLETE');
});
