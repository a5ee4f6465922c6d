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
      root: { key: 'k', length: 1, sha256: 'x' },
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

test('the summary keeps ids as text', () => {
  const summary = summarise({ id: 'i', ...draft });
  expect(summary.tables[0]).toMatchObject({ table: 'db.tä\nble', currentSnapshotId: '9223372036854775807', uuid: null });
  expect(summary.tables[0]?.refs).toEqual([{ name: 'main', type: 'branch', snapshotId: '9223372036854775807' }]);
});
