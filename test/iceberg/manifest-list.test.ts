import { describe, expect, test } from 'vitest';
import { readManifestList, rewriteManifestList } from '../../src/iceberg/manifest-list.js';
import { LIST_V1, LIST_V2, listEntry } from './avro/manifests.js';
import { file, type Json, parts } from './avro/support.js';

const paths = ['s3://src/t/metadata/m0.avro', 's3://src/t/metadata/m😎.avro'];
const list = (path0 = paths[0], path1 = paths[1], length = 6000, codec = 'deflate') =>
  file({
    schema: LIST_V2,
    codec,
    meta: { 'snapshot-id': '3051729675574597004', 'parent-snapshot-id': 'null' },
    blocks: [
      [listEntry({ manifest_path: path0 as string, manifest_length: length })],
      [
        listEntry({
          manifest_path: path1 as string,
          manifest_length: length,
          content: 1,
          key_metadata: Buffer.from([1]),
          first_row_id: 0,
        }),
      ],
    ],
  });

test('reads every field, int64 exact', async () => {
  const entries = await readManifestList(list(), 'l');
  expect(entries[1]).toEqual({
    path: paths[1],
    length: 6000,
    specId: 0,
    content: 1,
    sequenceNumber: 2n,
    minSequenceNumber: 1n,
    addedSnapshotId: 9223372036854775807n,
    addedFiles: 1,
    existingFiles: 2,
    deletedFiles: 3,
    addedRows: 10n,
    existingRows: 20n,
    deletedRows: 30n,
    keyMetadata: true,
    firstRowId: 0n,
  });
  expect(entries[0]).toMatchObject({ content: 0, keyMetadata: false, firstRowId: undefined });
});

test('version 1: no content, no sequence numbers, counts may be null', async () => {
  const bytes = file({ schema: LIST_V1, blocks: [[listEntry({ added_snapshot_id: null })]] });
  expect(await readManifestList(bytes, 'l')).toMatchObject([
    { content: 0, sequenceNumber: undefined, addedSnapshotId: undefined, addedFiles: undefined, addedRows: undefined },
  ]);
});

describe('rewriting', () => {
  const move = (path: string) => path.replace('s3://src/t', 's3a://another-bucket/warehouse/t2');

  test('changes 500 and 501 and nothing else', async () => {
    const asked: [string, number][] = [];
    const after = await rewriteManifestList(list(), 'l', {
      path: move,
      length: (path, recorded) => {
        asked.push([path, recorded]);
        return 123_456_789_012;
      },
    });
    expect(after.equals(list(move(paths[0] as string), move(paths[1] as string), 123_456_789_012))).toBe(true);
    expect(asked).toEqual(paths.map((path) => [path, 6000]));
  });

  test('length before path, as a version 1 writer may order them', async () => {
    const v1 = (path: string, length: number) =>
      file({ schema: LIST_V1, blocks: [[listEntry({ manifest_path: path, manifest_length: length })]] });
    const after = await rewriteManifestList(v1('s3://src/t/m', 5), 'l', { path: move, length: () => 77 });
    expect(after.equals(v1(move('s3://src/t/m'), 77))).toBe(true);
  });

  test('there and back again is the same file, after unpacking', async () => {
    const before = list();
    const there = await rewriteManifestList(before, 'l', {
      path: (path) => path.slice('s3://src/t/'.length),
      length: (_, n) => n - 1000,
    });
    const back = await rewriteManifestList(there, 'l', { path: (path) => `s3://src/t/${path}`, length: (_, n) => n + 1000 });
    expect(parts(back)).toEqual(parts(before));
  });

  test('nothing to change: the same bytes', async () => {
    const before = list();
    expect(await rewriteManifestList(before, 'l', { path: (path) => path, length: (_, recorded) => recorded })).toBe(before);
  });

  test("the context's errors pass through, with the list's name where they name no object", async () => {
    const failing = rewriteManifestList(list(), 'l', {
      path: () => {
        throw new TypeError('mine');
      },
      length: (_, n) => n,
    });
    await expect(failing).rejects.toThrow(new TypeError('mine'));
  });
});

describe('refused', () => {
  const withEntry = (more: Parameters<typeof listEntry>[0]) => file({ schema: LIST_V2, blocks: [[listEntry(more)]] });
  test('corrupt: empty path, negative length', async () => {
    await expect(readManifestList(withEntry({ manifest_path: '' }), 'l')).rejects.toMatchObject({ code: 'corrupt', object: 'l' });
    await expect(readManifestList(withEntry({ manifest_length: -1 }), 'l')).rejects.toMatchObject({
      code: 'corrupt',
      object: 'l',
    });
    const context = { path: (path: string) => path, length: (_: string, n: number) => n };
    await expect(rewriteManifestList(withEntry({ manifest_path: '' }), 'l', context)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('unsupported: fields found by name only, or of another type', async () => {
    const noIds = JSON.parse(JSON.stringify(LIST_V2).replaceAll('"field-id"', '"id"')) as Json;
    await expect(readManifestList(file({ schema: noIds, blocks: [] }), 'l')).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('500'),
    });
    const other = JSON.parse(
      JSON.stringify(LIST_V2).replace('"type":"string","field-id":500', '"type":"int","field-id":500'),
    ) as Json;
    await expect(readManifestList(file({ schema: other, blocks: [] }), 'l')).rejects.toMatchObject({ code: 'unsupported' });
  });
});
