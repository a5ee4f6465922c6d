import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Commit, decodeCommit, encodeCommit, summarise } from '../../src/repository/commit.js';

const draft: Omit<Commit, 'id'> = {
  format: 1,
  bcn: '0.1.0',
  name: 'n',
  run: 'r',
  when: '2026-01-01T00:00:00.000Z',
  mode: 'copy',
  partial: false,
  tables: [
    {
      catalog: { type: 'hive', identity: 'hive:x' },
      identifier: ['db', 'tä\nble'],
      uuid: null,
      entry: { type: 'hive', table: 'AAA=' },
      location: 's3://b/t/',
      write_paths: {},
      metadata_location: 's3://b/t/metadata/1.json',
      format_version: 2,
      source: 's3',
      snapshots: 1,
      refs: [{ name: 'main', type: 'branch', snapshot_id: '9223372036854775807' }],
      current_snapshot_id: '9223372036854775807',
      manifests: 1,
      files: { total: 1, new: 1 },
      bytes: { total: 2 ** 40, new: 0 },
      root: { key: 'k', length: 1, sha256: 'ab'.repeat(32) },
    },
  ],
};

test('is one JSON document whose id anybody can check', () => {
  const { id, bytes } = encodeCommit(draft);
  expect(JSON.parse(bytes.toString())).toEqual({ id, ...draft });
  // tail -n +2 | sha256sum
  const rest = bytes.subarray(bytes.indexOf('\n') + 1);
  expect(createHash('sha256').update(rest).digest('hex')).toBe(id);
  expect(decodeCommit(bytes, 'x')).toEqual({ id, ...draft });
});

test('any changed byte is found', () => {
  const { bytes } = encodeCommit(draft);
  for (let at = 0; at < bytes.length; at++) {
    const bad = Buffer.from(bytes);
    bad[at] = (bad[at] as number) ^ 1;
    expect(() => decodeCommit(bad, 's3://r/backups/n.json'), `byte ${at}`).toThrow(
      expect.objectContaining({ code: 'corrupt', object: 's3://r/backups/n.json' }),
    );
  }
});

test('any cut is found', () => {
  const { bytes } = encodeCommit(draft);
  for (let end = 0; end < bytes.length; end++) {
    expect(() => decodeCommit(bytes.subarray(0, end), 'x'), `cut at ${end}`).toThrow(
      expect.objectContaining({ code: 'corrupt' }),
    );
  }
});

test('a later format is told from damage', () => {
  const { bytes } = encodeCommit({ ...draft, format: 2 as 1 });
  expect(() => decodeCommit(bytes, 'x')).toThrow(expect.objectContaining({ code: 'repository-too-new', exit: 13 }));
});

const table = draft.tables[0] as object;
const count = [undefined, null, -1, 0.5, '1', 2 ** 53];
const text = [undefined, null, 1, '', {}];
const wrong: readonly (readonly [string, readonly unknown[]])[] = [
  ['format', [undefined, null, '1', 0, 1.5]],
  ['name', text],
  ['run', text],
  ['bcn', text],
  ['when', [...text, 'yesterday', '2026-13-01T00:00:00.000Z']],
  ['mode', [...text, 'cope']],
  ['tables', [undefined, null, {}, 'x', []]],
  ['tables[0]', [null, 1, 'x', []]],
  ['tables[0].catalog', [undefined, null, 'hive']],
  ['tables[0].catalog.identity', text],
  ['tables[0].identifier', [undefined, null, 'db.t', [], {}]],
  ['tables[0].identifier[1]', text.slice(1)],
  ['tables[0].uuid', [undefined, 1, '']],
  ['tables[0].entry', [undefined, null, 'x', []]],
  ['tables[0].location', text],
  ['tables[0].metadata_location', text],
  ['tables[0].format_version', count],
  ['tables[0].source', text],
  ['tables[0].snapshots', count],
  ['tables[0].refs', [undefined, null, {}]],
  ['tables[0].refs[0]', [null, 'main']],
  ['tables[0].refs[0].snapshot_id', [undefined, 1, 'x']],
  ['tables[0].current_snapshot_id', [undefined, 1, 'x']],
  ['tables[0].manifests', count],
  ['tables[0].files', [undefined, null, 1]],
  ['tables[0].files.total', count],
  ['tables[0].files.new', count],
  ['tables[0].bytes.total', count],
  ['tables[0].bytes.new', count],
  ['tables[0].root', [undefined, null, 'k']],
  ['tables[0].root.key', text],
  ['tables[0].root.length', count],
  ['tables[0].root.sha256', [...text, 'x', 'AB'.repeat(32)]],
];

test.each(wrong)('an id that is right does not make %s right', (field, values) => {
  for (const value of values) {
    const copy = structuredClone(draft);
    const path = field.split(/[.[\]]+/).filter((step) => step !== '');
    const last = path.pop() as string;
    // biome-ignore lint/suspicious/noExplicitAny: it is about values of any type
    path.reduce((at, step) => at[step], copy as any)[last] = value;
    expect(() => decodeCommit(encodeCommit(copy).bytes, 's3://r/backups/n.json'), JSON.stringify(value)).toThrow(
      expect.objectContaining({
        code: 'corrupt',
        object: 's3://r/backups/n.json',
        message: expect.stringMatching(new RegExp(`: its field ${field.replace(/[.[\]]/g, '\\$&')} is missing or wrong$`)),
      }),
    );
  }
});

test('what format 1 may leave empty is no damage; fields it does not know are for later versions', () => {
  const empty = { ...table, uuid: 'u', refs: [], current_snapshot_id: null, later: 1, files: { total: 0, new: 0 } };
  const { bytes } = encodeCommit({ ...draft, tables: [empty as unknown as Commit['tables'][number]] });
  expect(decodeCommit(bytes, 'x').tables).toEqual([empty]);
});

test('the summary keeps ids as text', () => {
  const summary = summarise({ id: 'i', selector: 'n', ...draft });
  expect(summary.tables[0]).toMatchObject({ table: 'db.tä\nble', currentSnapshotId: '9223372036854775807', uuid: null });
  expect(summary.tables[0]?.refs).toEqual([{ name: 'main', type: 'branch', snapshotId: '9223372036854775807' }]);
});
