import { expect, test } from 'vitest';
import { backupFacts, backupSentence } from '../../../src/cli/render/backups.js';
import { backupFields } from '../../../src/cli/render/events.js';
import { tableFields } from '../../../src/cli/render/table-fields.js';
import { BcnError } from '../../../src/errors.js';
import type { SchemaColumn } from '../../../src/iceberg/schema.js';
import type { ShownBackup, TableFacts } from '../../../src/look/show.js';
import type { BackupSummary } from '../../../src/repository/summary.js';

const COPY: BackupSummary = {
  name: 'nightly-2026-11-20',
  selector: 'nightly-2026-11-20',
  id: 'ab'.repeat(32),
  run: '20261120T010000Z-0123456789abcdef-00112233445566778899aabbccddeeff',
  when: '2026-11-20T01:00:00.000Z',
  mode: 'copy',
  partial: false,
  failed: [],
  incomplete: false,
  bcn: '0.1.0',
  tables: [
    {
      table: 'default.my_table',
      catalog: 'hive:thrift://hms:9083',
      uuid: '11111111-2222-3333-4444-555555555555',
      location: 's3://warehouse/default/my_table',
      metadataLocation: 's3://warehouse/default/my_table/metadata/00012-x.metadata.json',
      pinned: null,
      formatVersion: 2,
      snapshots: 12,
      refs: [
        { name: 'main', type: 'branch', snapshotId: '9223372036854775807' },
        { name: 'release', type: 'tag', snapshotId: '1' },
      ],
      currentSnapshotId: '9223372036854775807',
      manifests: 40,
      files: { total: 1234, new: 34 },
      bytes: { total: 5_000_000_000, new: 1_000_000 },
      missing: null,
    },
  ],
};
const REFERENCE: BackupSummary = {
  ...COPY,
  name: 'light',
  selector: 'light',
  mode: 'reference',
  tables: COPY.tables.map((table) => ({ ...table, uuid: null, refs: [], currentSnapshotId: null, formatVersion: 1 })),
};

const FACTS: TableFacts = {
  snapshots: Array.from({ length: 12 }, (_, i) => ({
    id: 9223372036854775796n + BigInt(i),
    parentId: undefined,
    timestampMs: BigInt(Date.UTC(2026, 10, 1 + i)),
    operation: i === 0 ? undefined : 'append',
  })),
  schema: {
    id: 3,
    columns: [
      column(1, 'id', 'long', { required: true }),
      column(2, 'address', 'struct', { doc: 'where to' }),
      column(3, 'address.city', 'string', { parent: 2, writeDefault: '"Ulm"', initialDefault: '"Bonn"' }),
    ],
    identifiers: [1],
  },
  partitioning: ['address.city', 'day(ts) as ts_day'],
  order: ['id asc nulls first'],
  properties: { owner: 'me', 'fs.s3a.secret.key': '***', long: 'x'.repeat(300) },
  places: [
    { place: 's3://warehouse/default/my_table', why: 'location' },
    { place: 's3://elsewhere/data', why: 'property' },
  ],
  content: {
    data: { files: 5, rows: 9_007_199_254_740_993n, bytes: 4096 },
    'position-deletes': { files: 1, rows: 1n, bytes: 10 },
    'equality-deletes': { files: 0, rows: 0n, bytes: 0 },
    vectors: { files: 2, rows: 7n, bytes: 100 },
  },
  missing: [],
  requires: ['deletes', 'outside'],
  source: 'http://minio:9000',
  entry: { type: 'hive', owner: 'me', ownerType: 1, parameters: { table_type: 'ICEBERG' }, nothing: undefined },
};

function column(id: number, path: string, type: string, more: Partial<SchemaColumn> = {}): SchemaColumn {
  const name = path.split('.').at(-1) as string;
  const none = { doc: undefined, initialDefault: undefined, writeDefault: undefined, parent: undefined, required: false };
  return { id, name, path, type, ...none, ...more };
}

const shown = (backup: BackupSummary, more: Partial<ShownBackup['backup']> = {}): ShownBackup => ({
  backup: { ...backup, verified: null, damaged: null, ...more },
  events: [],
  tables: backup.tables.map(({ table }) => ({ table, facts: FACTS })),
});

test('show: what names it exactly, where that is not its name', () => {
  expect(backupFacts(shown({ ...COPY, selector: 'n@2026-x' }), 'u')).toContain('\nExactly    n@2026-x\n');
  expect(backupFacts(shown(COPY), 'u')).not.toContain('Exactly');
});

test('show', () => {
  expect(backupFacts(shown(COPY), 's3://iceberg/backups/nightly-2026-11-20.json')).toMatchInlineSnapshot(`
    "Backup     nightly-2026-11-20
    Stored at  s3://iceberg/backups/nightly-2026-11-20.json
    Id         abababababababababababababababababababababababababababababababab
    Run        20261120T010000Z-0123456789abcdef-00112233445566778899aabbccddeeff
    When       2026-11-20 01:00:00 UTC
    Data       copy (self-contained)
    Made by    bcn 0.1.0
    Verified   never

    Table             default.my_table
    Catalog           hive:thrift://hms:9083
    Uuid              11111111-2222-3333-4444-555555555555
    Location          s3://warehouse/default/my_table
    Metadata          s3://warehouse/default/my_table/metadata/00012-x.metadata.json
    Format            v2
    Snapshots         12, current 9223372036854775807
    Refs              main (branch) -> 9223372036854775807
                      release (tag) -> 1
    Manifests         40
    Files             1,234, 34 new in this backup
    Size              4.7 GiB, 976.6 KiB new in this backup
    History           2026-11-12 00:00:00  append     9223372036854775807
                      2026-11-11 00:00:00  append     9223372036854775806
                      2026-11-10 00:00:00  append     9223372036854775805
                      2026-11-09 00:00:00  append     9223372036854775804
                      2026-11-08 00:00:00  append     9223372036854775803
                      2026-11-07 00:00:00  append     9223372036854775802
                      2026-11-06 00:00:00  append     9223372036854775801
                      2026-11-05 00:00:00  append     9223372036854775800
                      2026-11-04 00:00:00  append     9223372036854775799
                      2026-11-03 00:00:00  append     9223372036854775798
                      and 2 older
    Schema            ID  COLUMN        TYPE
                       1  id            long    required, identifies rows
                       2  address       struct  "where to"
                       3  address.city  string  default "Ulm", initially "Bonn"
    Partitioned by    address.city
                      day(ts) as ts_day
    Sorted by         id asc nulls first
    Properties        owner = me
                      fs.s3a.secret.key = ***
                      long = xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    Files lie in      s3://warehouse/default/my_table (location)
                      s3://elsewhere/data (property)
    Current snapshot  5 data files, 9,007,199,254,740,993 rows, 4.0 KiB
                      1 position delete file, 1 row, 10 B
                      2 deletion vectors, 7 positions, 100 B
    Needs             deletes, outside
    Source            http://minio:9000
    Catalog entry     type = hive
                      owner = me
                      ownerType = 1
                      parameters.table_type = ICEBERG"
  `);
});

test('show: events, what is partial, what is damaged', () => {
  const when = Date.UTC(2026, 10, 21);
  const events = [
    { key: 'k', n: 1, kind: 'verified', when },
    { key: 'k', n: 2, kind: 'damaged', when: when + 1000 },
    { key: 'k', n: 3, kind: 'something-new', when: undefined },
  ];
  const state = { verified: '2026-11-21T00:00:00.000Z', damaged: '2026-11-21T00:00:01.000Z' };
  const backup = shown({ ...REFERENCE, partial: true }, state);
  const tables = [{ table: 'default.my_table', error: new BcnError('corrupt', 'x') }];
  expect(backupFacts({ ...backup, events, tables }, 's3://iceberg/backups/light.json')).toMatchInlineSnapshot(`
    "Backup     light
    Stored at  s3://iceberg/backups/light.json
    Id         abababababababababababababababababababababababababababababababab
    Run        20261120T010000Z-0123456789abcdef-00112233445566778899aabbccddeeff
    When       2026-11-20 01:00:00 UTC
    Data       reference (dies with its source)
    Complete   no: PARTIAL, some tables that were asked for are not in it
    Made by    bcn 0.1.0
    Verified   2026-11-21 00:00:00 UTC
    Damaged    found so 2026-11-21 00:00:01
    Events     2026-11-21 00:00:00  verified
               2026-11-21 00:00:01  damaged
               something-new

    Table      default.my_table
    Catalog    hive:thrift://hms:9083
    Uuid       none (format v1)
    Location   s3://warehouse/default/my_table
    Metadata   s3://warehouse/default/my_table/metadata/00012-x.metadata.json
    Format     v1
    Snapshots  12, current none
    Refs       none
    Manifests  40
    Files      1,234, none of them stored
    Size       4.7 GiB
    More       cannot be read: this backup is DAMAGED"
  `);
});

test('show: a table that lacks files of its source; the first are named', () => {
  const [table] = COPY.tables as [(typeof COPY.tables)[0]];
  const lacking = { ...COPY, incomplete: true, tables: [{ ...table, missing: { files: 22, bytes: 220 } }] };
  const missing = Array.from({ length: 22 }, (_, n) => ({ path: `s3://warehouse/default/my_table/data/f${n}`, size: 10 }));
  const tables = [{ table: table.table, facts: { ...FACTS, missing } }];
  const text = backupFacts({ ...shown(lacking), tables }, 'u');
  expect(text).toContain('\nComplete   no: INCOMPLETE, live files were missing from the source\n');
  expect(text).toMatch(/\nMissing {11}22 live files, 220 B\n {18}s3:\/\/warehouse\/default\/my_table\/data\/f0 \(10 B\)\n/);
  expect(text).toMatch(/f19 \(10 B\)\n {18}and 2 more\n/);
  expect(tableFields('d.t', { ...FACTS, missing }).missing).toHaveLength(22);
  expect(backupSentence(lacking, false, 'u')).toMatch(
    /is INCOMPLETE in u\n.*; INCOMPLETE: 22 live files missing from the source$/,
  );
});

test('show: how far the tables of a backup are apart', () => {
  const [table] = COPY.tables as [(typeof COPY.tables)[0]];
  const of = (...pinned: readonly (string | null)[]) => ({ ...COPY, tables: pinned.map((one) => ({ ...table, pinned: one })) });
  const [first, last] = ['2026-11-20T00:59:00.000Z', '2026-11-20T00:59:02.500Z'];
  expect(backupFacts(shown(of(last, null, first)), 'u')).toMatch(
    /\nPinned +the catalog was asked for its tables at moments 2\.5 s apart\n/,
  );
  expect(backupSentence(of(first, last), false, 'u')).toContain(
    '\n  the catalog was asked for its tables at moments 2.5 s apart',
  );
  // Of one there is only its own.
  expect(backupFacts(shown(of(first)), 'u')).toMatch(/\nPinned +2026-11-20 00:59:00 UTC\n/);
  expect(backupFields(of(last, first)).pinned).toEqual({ first, last, apart_ms: 2500 });
  expect(backupFields(of(first)).pinned).toEqual({ first, last: first, apart_ms: 0 });
  expect(backupFields(of(null)).pinned).toBeNull();
});

test('show --json', () => {
  const { columns: _, ...schema } = tableFields('d.t', FACTS).schema as Record<string, unknown>;
  expect(schema).toEqual({ schema_id: 3, identifier_field_ids: [1] });
  expect(tableFields('d.t', FACTS)).toMatchObject({
    snapshots: expect.arrayContaining([
      { snapshot_id: '9223372036854775796', parent_id: null, when: '2026-11-01T00:00:00.000Z', operation: null },
    ]),
    content: { data: { rows: '9007199254740993' }, vectors: { files: 2 } },
  });
});

test('the end of backup', () => {
  expect(backupSentence(COPY, false, 's3://iceberg')).toMatchInlineSnapshot(`
    "Backup "nightly-2026-11-20" is complete in s3://iceberg
      default.my_table: 12 snapshots, 1,234 data files (34 new), 4.7 GiB (976.6 KiB new)"
  `);
  expect(backupSentence(REFERENCE, true, 's3://iceberg')).toMatchInlineSnapshot(`
    "Backup "light" was complete already in s3://iceberg
      default.my_table: 12 snapshots, 1,234 data files, 4.7 GiB
      Metadata only: its data stays where it is, and it dies with its source"
  `);
});
