import { expect, test } from 'vitest';
import { backupFacts, backupSentence } from '../../../src/cli/render/backups.js';
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

test('show: what names it exactly, where that is not its name', () => {
  expect(backupFacts({ ...COPY, selector: 'n@2026-x' }, 'u')).toContain('\nExactly    n@2026-x\n');
  expect(backupFacts(COPY, 'u')).not.toContain('Exactly');
});

test('show', () => {
  expect(backupFacts(COPY, 's3://iceberg/backups/nightly-2026-11-20.json')).toMatchInlineSnapshot(`
    "Backup     nightly-2026-11-20
    Stored at  s3://iceberg/backups/nightly-2026-11-20.json
    Id         abababababababababababababababababababababababababababababababab
    Run        20261120T010000Z-0123456789abcdef-00112233445566778899aabbccddeeff
    When       2026-11-20 01:00:00 UTC
    Data       copy (self-contained)
    Made by    bcn 0.1.0

    Table      default.my_table
    Catalog    hive:thrift://hms:9083
    Uuid       11111111-2222-3333-4444-555555555555
    Location   s3://warehouse/default/my_table
    Metadata   s3://warehouse/default/my_table/metadata/00012-x.metadata.json
    Format     v2
    Snapshots  12, current 9223372036854775807
    Refs       main (branch) -> 9223372036854775807
               release (tag) -> 1
    Manifests  40
    Files      1,234, 34 new in this backup
    Size       4.7 GiB, 976.6 KiB new in this backup"
  `);
  expect(backupFacts(REFERENCE, 's3://iceberg/backups/light.json')).toMatchInlineSnapshot(`
    "Backup     light
    Stored at  s3://iceberg/backups/light.json
    Id         abababababababababababababababababababababababababababababababab
    Run        20261120T010000Z-0123456789abcdef-00112233445566778899aabbccddeeff
    When       2026-11-20 01:00:00 UTC
    Data       reference (dies with its source)
    Made by    bcn 0.1.0

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
    Size       4.7 GiB"
  `);
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
