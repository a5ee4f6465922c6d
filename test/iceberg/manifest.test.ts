import { describe, expect, test } from 'vitest';
import { type ManifestContext, type ManifestEntry, readManifest, rewriteManifest } from '../../src/iceberg/manifest.js';
import { DUCKDB_FIELDS, entry, manifestSchema, V1_FIELDS, V2_FIELDS } from './avro/manifests.js';
import { file, type Json, parts, type Value } from './avro/support.js';

const SRC = 's3://src/t';
const DST = 's3a://another-and-much-longer-bucket-name/warehouse.db/naïve';
const move = (path: string) => {
  if (!path.startsWith(`${SRC}/`)) throw new Error(`not mapped: ${path}`);
  return DST + path.slice(SRC.length);
};

const manifest = (records: readonly Value[], schema: Json = manifestSchema()) => file({ schema, blocks: [records] });

async function entries(bytes: Buffer): Promise<readonly ManifestEntry[]> {
  const list: ManifestEntry[] = [];
  await readManifest(bytes, 'm.avro', (found) => list.push(found));
  return list;
}

const rewritten = (bytes: Buffer, context: Partial<ManifestContext> = {}) =>
  rewriteManifest(bytes, 'm.avro', { path: move, ...context });

describe('reading', () => {
  test('every field, int64 exact', async () => {
    const one = entry(
      { content: 1, referenced_data_file: `${SRC}/data/b.parquet`, record_count: 9007199254740993n },
      { status: 2, sequence_number: 9223372036854775807n },
    );
    expect(await entries(manifest([one]))).toEqual([
      {
        status: 2,
        snapshotId: 3051729675574597004n,
        sequenceNumber: 9223372036854775807n,
        content: 1,
        path: `${SRC}/data/a.parquet`,
        format: 'PARQUET',
        recordCount: 9007199254740993n,
        size: 1234,
        keyMetadata: false,
        referencedDataFile: `${SRC}/data/b.parquet`,
        contentOffset: undefined,
        contentSize: undefined,
      },
    ]);
  });

  test('null and absent fields are undefined; version 1 has data files only', async () => {
    const [v2] = await entries(manifest([entry({}, { snapshot_id: null })]));
    expect(v2).toMatchObject({ snapshotId: undefined, sequenceNumber: undefined, referencedDataFile: undefined });
    const [v1] = await entries(manifest([entry()], manifestSchema(V1_FIELDS, true)));
    expect(v1).toMatchObject({ snapshotId: 3051729675574597004n, content: 0, sequenceNumber: undefined });
  });
});

describe('rewriting paths', () => {
  const both = (root: string, content: number) => ({
    file_path: `${root}/data/a.parquet`,
    referenced_data_file: `${root}/data/b.parquet`,
    content,
  });

  test.each([
    ['version 2', V2_FIELDS],
    ['the order of DuckDB', DUCKDB_FIELDS],
  ])('100 and 143, %s', async (_, fields) => {
    const schema = manifestSchema(fields);
    const build = (root: string) =>
      manifest(
        [
          entry(both(root, 1)),
          entry({ ...both(root, 0), referenced_data_file: null }, { status: 2 }),
          entry(both(root, 2), { status: 0 }),
        ],
        schema,
      );
    expect((await rewritten(build(SRC))).equals(build(DST))).toBe(true);
  });

  test('version 1', async () => {
    const build = (root: string) => manifest([entry(both(root, 0))], manifestSchema(V1_FIELDS, true));
    expect((await rewritten(build(SRC))).equals(build(DST))).toBe(true);
  });

  test('reads and rewrites in one pass; entries are as they were before', async () => {
    const seen: string[] = [];
    const bytes = manifest([entry(both(SRC, 1)), entry(both(SRC, 0))]);
    const after = await rewriteManifest(bytes, 'm', { path: move }, ({ path }) => seen.push(path));
    expect(seen).toEqual([`${SRC}/data/a.parquet`, `${SRC}/data/a.parquet`]);
    expect(after.equals(await rewritten(bytes))).toBe(true);
  });

  test('nothing to change: the same bytes', async () => {
    const bytes = manifest([entry(both(SRC, 1))]);
    expect(await rewriteManifest(bytes, 'm', { path: (path) => path })).toBe(bytes);
  });

  test('partitions of any type, odd names and repeated types are copied', async () => {
    const partition: Json = {
      type: 'record',
      name: 'r102',
      fields: [
        { name: 'a.b😎', type: ['null', 'string'], 'field-id': 1000 },
        { name: 'same id as the path', type: ['string', 'null'], 'field-id': 100 },
        {
          name: 'dec',
          type: ['null', { type: 'fixed', name: 'decimal_9_2', size: 4, logicalType: 'decimal', precision: 9, scale: 2 }],
          'field-id': 1002,
        },
        { name: 'dec again', type: ['null', 'decimal_9_2'], 'field-id': 1003 },
        { name: 'one', type: ['double'], 'field-id': 1004 },
        { name: 'm', type: { type: 'map', values: 'int' }, 'field-id': 1005 },
        { name: 'e', type: { type: 'enum', name: 'colour', symbols: ['r', 'g'] }, 'field-id': 1006 },
      ],
    };
    const schema = manifestSchema(
      V2_FIELDS.map((field) =>
        (field as { name: string }).name === 'partition' ? { name: 'partition', type: partition, 'field-id': 102 } : field,
      ),
    );
    const fixed = Buffer.from([1, 2, 3, 4]);
    const values = {
      'a.b😎': `${SRC}/data/user-text`,
      'same id as the path': `${SRC}/data/x`,
      dec: fixed,
      'dec again': fixed,
      one: Number.NaN,
      m: { k: 1 },
      e: 'g',
    };
    const build = (root: string) => manifest([entry({ ...both(root, 1), partition: values })], schema);
    expect((await rewritten(build(SRC))).equals(build(DST))).toBe(true);
  });
});

describe('refused', () => {
  test.each<readonly [string, Value]>([
    ['an empty path', entry({ file_path: '' })],
    ['an empty referenced data file', entry({ referenced_data_file: '' })],
    ['content 3', entry({ content: 3 })],
  ])('%s is corrupt, reading or rewriting', async (what, record) => {
    await expect(rewritten(manifest([record]))).rejects.toMatchObject({ code: 'corrupt', object: 'm.avro' });
    if (what !== 'an empty referenced data file')
      await expect(entries(manifest([record]))).rejects.toMatchObject({ code: 'corrupt' });
  });

  test.each<readonly [string, Value]>([
    ['status 3', entry({}, { status: 3 })],
    ['a negative status', entry({}, { status: -1 })],
    ['a negative size', entry({ file_size_in_bytes: -1 })],
    ['a negative record count', entry({ record_count: -1 })],
  ])('%s is corrupt', async (_, record) => {
    await expect(entries(manifest([record]))).rejects.toMatchObject({ code: 'corrupt', object: 'm.avro' });
  });

  test('a schema that disagrees with the data fails loudly: bytes declared, fixed written', async () => {
    const partition = (type: Json) =>
      manifestSchema(
        V2_FIELDS.map((f) =>
          (f as { name: string }).name === 'partition'
            ? {
                name: 'partition',
                'field-id': 102,
                type: { type: 'record', name: 'r102', fields: [{ name: 'u', type, 'field-id': 1000 }] },
              }
            : f,
        ),
      );
    const record = entry({ partition: { u: Buffer.from('0123456789abcdef') } });
    const written = parts(manifest([record], partition({ type: 'fixed', name: 'f', size: 16 }))).blocks[0]?.data as Buffer;
    const lying = file({ schema: partition('bytes'), blocks: [[record]], pack: () => written });
    await expect(rewritten(lying)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('a file that is no manifest is unsupported', async () => {
    const schema: Json = { type: 'record', name: 'user', fields: [{ name: 'file_path', type: 'string' }] };
    await expect(entries(file({ schema, blocks: [] }))).rejects.toMatchObject({ code: 'unsupported', object: 'm.avro' });
  });
});
