import { expect, test } from 'vitest';
import { planFields } from '../../../src/cli/render/events.js';
import { planText } from '../../../src/cli/render/plan.js';
import type { Plan } from '../../../src/plan.js';

const RESTORE: Plan = {
  command: 'restore',
  table: 'default.my_table_restored',
  from: 's3://iceberg/backups/my_backup.json',
  to: 's3://warehouse/default/my_table_restored',
  mode: 'copy',
  snapshots: 12,
  data: {
    total: { objects: 1234, bytes: 5_000_000_000 },
    reused: { objects: 34, bytes: 1_000_000 },
    serverSide: { objects: 1200, bytes: 4_999_000_000 },
    streamed: { objects: 0, bytes: 0 },
  },
  metadata: { objects: 40, bytes: 400_000 },
  requests: { get: 40, put: 42, copy: 1200, list: 3 },
  edits: [
    { field: 'table-uuid', from: 'a', to: 'b' },
    { field: 'metadata-log', to: '[]' },
  ],
};

test('a restore', () => {
  expect(planText(RESTORE)).toMatchInlineSnapshot(`
    "Plan                   restore default.my_table_restored
    From                   s3://iceberg/backups/my_backup.json
    To                     s3://warehouse/default/my_table_restored
    Mode                   copy
    Snapshots              12
    Data files             1,234 objects, 4.7 GiB
      there already        34 objects, 976.6 KiB
      copied by the store  1,200 objects, 4.7 GiB
    Metadata files         40 objects, 390.6 KiB
    Requests               at most 40 get, 42 put, 1,200 copy, 3 list
    Changes beyond paths
      table-uuid    a -> b
      metadata-log  []
    Asked by the restore itself, before it copies anything: whether the target may be written, and whether the catalog takes the table.
    Nothing was written."
  `);
});

test('a reference backup', () => {
  const none = { objects: 0, bytes: 0 };
  const data = { ...RESTORE.data, reused: none, serverSide: none };
  expect(planText({ ...RESTORE, command: 'backup', mode: 'reference', data, edits: [] })).toMatchInlineSnapshot(`
    "Plan            backup default.my_table_restored
    From            s3://iceberg/backups/my_backup.json
    To              s3://warehouse/default/my_table_restored
    Mode            reference: data stays where it is, the backup dies with its source
    Snapshots       12
    Data files      1,234 objects, 4.7 GiB
    Metadata files  40 objects, 390.6 KiB
    Requests        at most 40 get, 42 put, 1,200 copy, 3 list
    Nothing was written."
  `);
});

test('a database to make', () => {
  const plan = { ...RESTORE, createsNamespace: 'default' };
  expect(planText(plan)).toMatch(/^To .*\nDatabase +default will be created\n/m);
  expect(planFields(plan)).toEqual({ ...planFields(RESTORE), creates_database: 'default' });
});

test('for programs', () => {
  expect(planFields(RESTORE)).toEqual({
    command: 'restore',
    table: 'default.my_table_restored',
    from: 's3://iceberg/backups/my_backup.json',
    to: 's3://warehouse/default/my_table_restored',
    mode: 'copy',
    snapshots: 12,
    data: {
      total: { objects: 1234, bytes: 5_000_000_000 },
      reused: { objects: 34, bytes: 1_000_000 },
      server_side: { objects: 1200, bytes: 4_999_000_000 },
      streamed: { objects: 0, bytes: 0 },
    },
    metadata: { objects: 40, bytes: 400_000 },
    requests: { get: 40, put: 42, copy: 1200, list: 3 },
    edits: [
      { field: 'table-uuid', from: 'a', to: 'b' },
      { field: 'metadata-log', to: '[]' },
    ],
  });
});
