import zlib from 'node:zlib';
import fc from 'fast-check';
import type { CompressionCodec, Encoding } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { FILE_PATH, POS } from '../../../src/iceberg/deletes/facts.js';
import { file as avroFile, type Json } from '../avro/support.js';
import { metadataOf, type Row, readRows, rewrite } from './support.js';

const compareBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const compareRows = ([a, i]: Row, [b, j]: Row) => compareBytes(a, b) || (i < j ? -1 : i > j ? 1 : 0);

/** Roots of the source. Some lie in others, some sort between files of others, all begin alike for more than 16 bytes. */
const ROOTS = [
  's3://warehouse/db/t',
  's3://warehouse/db/t/data/b',
  's3a://warehouse/db/t',
  's3://warehouse/db/t2',
  's3://x\u{fffd}',
  's3://x\u{1f600}',
];

const name = fc.oneof(
  fc.constantFrom(
    'data/a.parquet',
    'data/b.parquet',
    'data/b/c',
    'data/\u{fffd}',
    'data/\u{1f600}',
    'data/\u{1f600}\u{301}',
    'ä',
    '$&',
    'x y+z',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
);
const path = (roots: readonly string[]) => fc.tuple(fc.constantFrom(...roots), name).map(([root, rest]) => `${root}/${rest}`);
const pos = fc.oneof({ weight: 5, arbitrary: fc.bigInt(0n, 2000n) }, fc.bigInt(0n, 2n ** 63n - 1n));
const rowsUnder = (roots: readonly string[]) =>
  fc
    .array(fc.tuple(path(roots), fc.array(pos, { minLength: 1, maxLength: 40 })), { maxLength: 12 })
    .map((files) => files.flatMap(([path, positions]) => positions.map((pos): Row => [path, pos])));
const sorted = (rows: readonly Row[]) => [...rows].sort(compareRows);

interface Layout {
  readonly codec: CompressionCodec;
  readonly groups: number;
  readonly pageSize: number;
  readonly encodings: readonly [path: Encoding | undefined, pos: Encoding | undefined];
  readonly posFirst: boolean;
}

const layout: fc.Arbitrary<Layout> = fc.record({
  codec: fc.constantFrom<CompressionCodec>('UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'),
  groups: fc.integer({ min: 1, max: 60 }),
  pageSize: fc.constantFrom(16, 100, 1 << 20),
  encodings: fc.tuple(
    fc.constantFrom<Encoding | undefined>(undefined, 'PLAIN', 'RLE_DICTIONARY', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'),
    fc.constantFrom<Encoding | undefined>(undefined, 'PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'),
  ),
  posFirst: fc.boolean(),
});

function parquetFile(rows: readonly Row[], { codec, groups, pageSize, encodings, posFirst }: Layout): Buffer {
  const columns = [
    {
      element: { name: 'file_path', type: 'BYTE_ARRAY', converted_type: 'UTF8', field_id: FILE_PATH } as const,
      encoding: encodings[0],
      data: rows.map(([path]) => path),
    },
    { element: { name: 'pos', type: 'INT64', field_id: POS } as const, encoding: encodings[1], data: rows.map(([, pos]) => pos) },
  ];
  if (posFirst) columns.reverse();
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    codec,
    schema: [
      { name: 'table', num_children: 2 },
      ...columns.map(({ element }) => ({ ...element, repetition_type: 'REQUIRED' as const })),
    ],
    compressors: { GZIP: (page) => zlib.gzipSync(page), BROTLI: (page) => zlib.brotliCompressSync(page) },
    kvMetadata: [{ key: 'delete-type', value: 'position' }],
  });
  const columnData = columns.map(({ element, encoding, data }) => ({ name: element.name, data, ...(encoding && { encoding }) }));
  writer.write({ columnData, rowGroupSize: groups, pageSize });
  writer.finish();
  return Buffer.from(bytes.getBytes());
}

const SCHEMA: Json = {
  type: 'record',
  name: 'table',
  fields: [
    { name: 'row', type: ['null', { type: 'array', items: 'string' }], 'field-id': 2147483544 },
    { name: 'file_path', type: 'string', 'field-id': FILE_PATH },
    { name: 'pos', type: 'long', 'field-id': POS },
  ],
};

function avroOf(rows: readonly Row[], perBlock: number, codec: string): Buffer {
  const records = rows.map(([file_path, pos], i) => ({ row: i % 3 === 0 ? null : ['x'.repeat(i % 5)], file_path, pos }));
  const blocks: (typeof records)[] = [];
  for (let i = 0; i < records.length; i += perBlock) blocks.push(records.slice(i, i + perBlock));
  return avroFile({ schema: SCHEMA, blocks, codec });
}

/** A file of either format. */
const written = (rows: fc.Arbitrary<readonly Row[]>) =>
  fc.oneof(
    fc.tuple(rows, layout).map(([rows, layout]) => ({ rows, bytes: parquetFile(rows, layout) })),
    fc
      .tuple(rows, fc.integer({ min: 1, max: 50 }), fc.constantFrom('null', 'deflate'))
      .map(([rows, perBlock, codec]) => ({ rows, bytes: avroOf(rows, perBlock, codec) })),
  );

/** Maps each root to a place of its own, the longest first. */
function mapOf(targets: readonly string[]) {
  const roots = ROOTS.map((root, i) => [root, targets[i] as string] as const).sort(([a], [b]) => b.length - a.length);
  return (path: string): string => {
    const [root, target] = roots.find(([root]) => path.startsWith(`${root}/`)) ?? [];
    if (root === undefined) throw new Error(`no root: ${path}`);
    return `${target}${path.slice(root.length)}`;
  };
}

const target = fc.constantFrom(
  's3://new/t',
  's3://new/t/data/_bcn_roots/0',
  's3://new/t/data',
  's3://new/\u{fffd}',
  's3://new/\u{1f600}',
  'f:/a very long way to go',
);

describe('under one root', () => {
  test('rows are the same with their new paths, in the order of the source', async () => {
    const root = ROOTS[0] as string;
    await fc.assert(
      fc.asyncProperty(written(rowsUnder([root])), target, fc.boolean(), async ({ rows, bytes }, to, keepsOrder) => {
        const path = (path: string) => to + path.slice(root.length);
        const { bytes: after, facts } = await rewrite(bytes, { path, keepsOrder });
        const mapped = rows.map(([p, pos]): Row => [path(p), pos]);
        expect(await readRows(after)).toEqual(mapped);
        const paths = mapped.map(([path]) => path).sort(compareBytes);
        expect(facts.paths).toEqual(paths.length === 0 ? undefined : { lower: paths[0], upper: paths.at(-1) });
        expect(facts).toMatchObject({ recordCount: rows.length, size: after.length });
        if (facts.source !== 'parquet' || rows.length === 0) return;
        const chunk = metadataOf(after).row_groups[0]?.columns;
        const stats = chunk?.map(({ meta_data }) => meta_data?.statistics);
        expect(stats).toContainEqual(expect.objectContaining({ min_value: paths[0], max_value: paths.at(-1) }));
      }),
      { numRuns: 300 },
    );
  });
});

describe('under several roots', () => {
  const maps = fc.tuple(...ROOTS.map(() => target)).map(mapOf);

  test('sorted rows are sorted by their new paths, and then by position', async () => {
    await fc.assert(
      fc.asyncProperty(written(rowsUnder(ROOTS).map(sorted)), maps, async ({ rows, bytes }, path) => {
        const { bytes: after, facts } = await rewrite(bytes, { path });
        const mapped = rows.map(([p, pos]): Row => [path(p), pos]);
        expect(await readRows(after)).toEqual(sorted(mapped));
        expect(facts).toMatchObject({ recordCount: rows.length, size: after.length });
      }),
      { numRuns: 400 },
    );
  });

  test('rows that were not sorted stay where they are', async () => {
    await fc.assert(
      fc.asyncProperty(written(rowsUnder(ROOTS)), maps, async ({ rows, bytes }, path) => {
        fc.pre(rows.some(([p], i) => i > 0 && compareBytes((rows[i - 1] as Row)[0], p) > 0));
        const { bytes: after } = await rewrite(bytes, { path });
        expect(await readRows(after)).toEqual(rows.map(([p, pos]) => [path(p), pos]));
      }),
      { numRuns: 200 },
    );
  });

  test('the same rows give the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(written(rowsUnder(ROOTS).map(sorted)), maps, async ({ bytes }, path) => {
        expect((await rewrite(bytes, { path })).bytes.equals((await rewrite(bytes, { path })).bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
