import { describe, expect, test } from 'vitest';
import { type ManifestContext, type RewrittenFile, readManifest, rewriteManifest } from '../../src/iceberg/manifest.js';
import { entry, LOWER, manifestSchema, UPPER, V2_FIELDS } from './avro/manifests.js';
import { file, type Json, parts, type Value } from './avro/support.js';

const SRC = 's3://src/t';
const DST = 's3a://another-and-much-longer-bucket-name/warehouse.db/naïve';
const move = (path: string) => {
  if (!path.startsWith(`${SRC}/`)) throw new Error(`not mapped: ${path}`);
  return DST + path.slice(SRC.length);
};
const PATH_ID = 2147483546;
const POS_ID = 2147483545;
const FILENAME_ID = 2147483646;

const field = (id: number, name: string, type: Json): Json => ({ name, type: ['null', type], 'field-id': id });
const sizesType = {
  type: 'array',
  logicalType: 'map',
  items: {
    type: 'record',
    name: 'k117_v118',
    fields: [
      { name: 'key', type: 'int', 'field-id': 117 },
      { name: 'value', type: 'long', 'field-id': 118 },
    ],
  },
};
const V3_FIELDS: readonly Json[] = [
  ...V2_FIELDS,
  field(108, 'column_sizes', sizesType),
  field(132, 'split_offsets', { type: 'array', items: 'long', 'element-id': 133 }),
  field(144, 'content_offset', 'long'),
  field(145, 'content_size_in_bytes', 'long'),
];
/** The fields that change around those that stay, and in another order. */
const SHUFFLED = [...V3_FIELDS].reverse();

const manifest = (records: readonly Value[], fields = V3_FIELDS, codec?: string) =>
  file({ schema: manifestSchema(fields), blocks: records.map((record) => [record]), ...(codec ? { codec } : {}) });
const rewritten = (bytes: Buffer, facts: Readonly<Record<string, RewrittenFile>>, context: Partial<ManifestContext> = {}) =>
  rewriteManifest(bytes, 'm.avro', { path: move, rewritten: (path) => facts[path], ...context });
const sizes = (map: Readonly<Record<number, number>>): Value =>
  Object.entries(map).map(([key, value]) => ({ key: Number(key), value }));
const bound = (id: number, value: string): Value => ({ key: id, value: Buffer.from(value) });

describe('files of deletion vectors', () => {
  const FILE = `${SRC}/data/x-deletes.puffin`;
  const vector = (root: string, dataFile: string | null, size: number, more: { readonly [key: string]: Value } = {}) =>
    entry({
      content: 1,
      file_path: root + FILE.slice(SRC.length),
      file_format: 'puffin',
      referenced_data_file: dataFile,
      content_offset: 4n,
      content_size_in_bytes: 46n,
      file_size_in_bytes: size,
      column_sizes: null,
      split_offsets: null,
      ...more,
    });

  test.each([V3_FIELDS, SHUFFLED])(
    'the new size in every entry of a file, whatever their status; 144 and 145 stay',
    async (...fields) => {
      const build = (root: string, size: number) =>
        manifest(
          [
            vector(root, `${root}/a`, size),
            vector(root, `${root}/b`, size, { content_offset: 50n, content_size_in_bytes: 2n ** 40n }),
            entry(
              { content: 1, file_path: `${root}/other.puffin`, file_format: 'PUFFIN', file_size_in_bytes: 77 },
              { status: 0 },
            ),
          ],
          fields as unknown as readonly Json[],
        );
      const facts = { [FILE]: { size: 1234567890123 } };
      expect((await rewritten(build(SRC, 1096), facts)).equals(build(DST, 1234567890123))).toBe(true);
    },
  );

  test('143 is mapped or stays null; bounds of both ids are mapped', async () => {
    const both = (root: string) => [bound(FILENAME_ID, `${root}/a`), bound(PATH_ID, `${root}/a`)];
    const build = (root: string, size: number) =>
      manifest([
        vector(root, null, size),
        vector(root, `${root}/a`, size, { lower_bounds: both(root), upper_bounds: both(root) }),
      ]);
    expect((await rewritten(build(SRC, 10), { [FILE]: { size: 11 } })).equals(build(DST, 11))).toBe(true);
  });

  test('values that a writer gave stay: the blobs did not move', async () => {
    const build = (root: string, size: number) =>
      manifest([vector(root, `${root}/a`, size, { split_offsets: [4], column_sizes: sizes({ 1: 2 }) })]);
    expect((await rewritten(build(SRC, 10), { [FILE]: { size: 11 } })).equals(build(DST, 11))).toBe(true);
  });
});

describe('position-delete files', () => {
  const FILE = `${SRC}/data/p-deletes.parquet`;
  const deletes = (root: string, more: { readonly [key: string]: Value } = {}) =>
    entry({
      content: 1,
      file_path: root + FILE.slice(SRC.length),
      referenced_data_file: `${root}/data/a.parquet`,
      lower_bounds: [bound(PATH_ID, `${root}/data/a.parquet`), bound(POS_ID, '\0\0')],
      upper_bounds: [bound(PATH_ID, `${root}/data/a.parquet`), bound(POS_ID, '\0\x09')],
      column_sizes: sizes({ [POS_ID]: 55, [PATH_ID]: 99 }),
      split_offsets: [4],
      ...more,
    });
  const FACTS: RewrittenFile = {
    size: 4321,
    columnSizes: new Map([
      [PATH_ID, 120],
      [POS_ID, 56],
    ]),
    splitOffsets: [4, 2000],
  };
  const NEW = {
    file_size_in_bytes: 4321,
    column_sizes: [
      { key: PATH_ID, value: 120 },
      { key: POS_ID, value: 56 },
    ],
    split_offsets: [4, 2000],
  };

  test.each([undefined, 'deflate'])('104, 108, 132, 143 and bounds in one pass (codec %s)', async (codec) => {
    for (const fields of [V3_FIELDS, SHUFFLED]) {
      const after = await rewritten(manifest([deletes(SRC), deletes(SRC)], fields, codec), { [FILE]: FACTS });
      expect(parts(after)).toEqual(parts(manifest([deletes(DST, NEW), deletes(DST, NEW)], fields, codec)));
    }
  });

  test('nulls stay null', async () => {
    const nulls = { column_sizes: null, split_offsets: null };
    const after = await rewritten(manifest([deletes(SRC, nulls)]), { [FILE]: FACTS });
    expect(after.equals(manifest([deletes(DST, { ...nulls, file_size_in_bytes: 4321 })]))).toBe(true);
  });

  test('what is not known any more becomes null', async () => {
    const after = await rewritten(manifest([deletes(SRC)]), { [FILE]: { size: 4321, columnSizes: null, splitOffsets: null } });
    expect(after.equals(manifest([deletes(DST, { file_size_in_bytes: 4321, column_sizes: null, split_offsets: null })]))).toBe(
      true,
    );
  });

  test('Parquet in place of ORC: format and name', async () => {
    const orc = `${SRC}/data/p.orc`;
    const path = (found: string) => move(found === orc ? orc.replace('.orc', '.parquet') : found);
    const before = manifest([deletes(SRC, { file_path: orc, file_format: 'orc' }), deletes(SRC)]);
    const after = manifest([deletes(DST, { ...NEW, file_path: `${DST}/data/p.parquet`, file_format: 'PARQUET' }), deletes(DST)]);
    expect((await rewritten(before, { [orc]: { ...FACTS, format: 'PARQUET' } }, { path })).equals(after)).toBe(true);
  });

  test('a manifest without these fields', async () => {
    const build = (root: string, size: number) => manifest([deletes(root, { file_size_in_bytes: size })], V2_FIELDS);
    expect((await rewritten(build(SRC, 1), { [FILE]: FACTS })).equals(build(DST, 4321))).toBe(true);
  });

  test('what did not change is the same bytes', async () => {
    const bytes = manifest([deletes(SRC)]);
    expect(
      await rewriteManifest(bytes, 'm', { path: (path) => path, rewritten: () => ({ size: 1234, format: 'PARQUET' }) }),
    ).toBe(bytes);
  });

  test('there and back: only what describes the file differs (law 5)', async () => {
    const back = (path: string) => SRC + path.slice(DST.length);
    const before = manifest(
      [deletes(SRC), deletes(SRC, { referenced_data_file: null, lower_bounds: null, upper_bounds: null })],
      SHUFFLED,
      'deflate',
    );
    const there = await rewritten(before, { [FILE]: FACTS });
    const own: RewrittenFile = {
      size: 1234,
      columnSizes: new Map([
        [POS_ID, 55],
        [PATH_ID, 99],
      ]),
      splitOffsets: [4],
    };
    const again = await rewriteManifest(there, 'm', { path: back, rewritten: () => own });
    expect(parts(again)).toEqual(parts(before));
  });
});

test('data and equality-delete files are not asked for', async () => {
  const asked: string[] = [];
  const build = (root: string) => manifest([0, 1, 2].map((content) => entry({ content, file_path: `${root}/${content}` })));
  const facts = (path: string) => {
    asked.push(path);
    return undefined;
  };
  expect((await rewriteManifest(build(SRC), 'm', { path: move, rewritten: facts })).equals(build(DST))).toBe(true);
  expect(asked).toEqual([`${SRC}/1`]);
});

test('reading is the same with fields that change as a whole', async () => {
  const bytes = manifest(
    [
      entry({
        content: 1,
        content_offset: 4n,
        content_size_in_bytes: 46n,
        column_sizes: sizes({ 1: 2 }),
        split_offsets: [1, 2, 3],
      }),
    ],
    [LOWER, UPPER, ...SHUFFLED.filter((f) => f !== LOWER && f !== UPPER)],
  );
  const [read, seen]: [unknown[], unknown[]] = [[], []];
  await readManifest(bytes, 'm', (found) => read.push(found));
  await rewriteManifest(bytes, 'm', { path: move, rewritten: () => undefined }, (found) => seen.push(found));
  expect(seen).toEqual(read);
  expect(read).toMatchObject([{ contentOffset: 4n, contentSize: 46n }]);
});
