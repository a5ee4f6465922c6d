import zlib from 'node:zlib';
import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RewrittenFile, readManifest, rewriteManifest } from '../../src/iceberg/manifest.js';
import { readManifestList, rewriteManifestList } from '../../src/iceberg/manifest-list.js';
import { describeWith } from '../lab/lab.js';
import type { Cell } from '../lab/post.js';
import { pyicebergClient } from '../lab/pyiceberg.js';
import { boundsType, DUCKDB_FIELDS, entry, LIST_V2, listEntry, manifestSchema, V1_FIELDS, V2_FIELDS } from './avro/manifests.js';
import { Blocks, blob, file, type Json, long, parts, SYNC, type Value } from './avro/support.js';

/** avsc, with exact longs. */
const longType = avro.types.LongType.__with({
  fromBuffer: (buf: Buffer) => buf.readBigInt64LE(),
  toBuffer: (n: bigint) => {
    const buf = Buffer.alloc(8);
    buf.writeBigInt64LE(BigInt(n));
    return buf;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (n: unknown) => typeof n === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});
const oracle = (schema: Json) => avro.Type.forSchema(schema as avro.Schema, { registry: { long: longType }, wrapUnions: false });

const PATH_ID = 2147483546;
const SRC = 's3://src/t';
const tail = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 90 }));
const path = tail.map((text) => `${SRC}/${text}`);
const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);

let names = 0;
const partitionField: fc.Arbitrary<{ type: Json; value: fc.Arbitrary<unknown> }> = fc.oneof(
  fc.constant({ type: 'string' as Json, value: path as fc.Arbitrary<unknown> }),
  fc.constant({ type: 'long' as Json, value: int64 }),
  fc.constant({ type: 'double' as Json, value: fc.double() }),
  fc.nat(15).map((n) => ({
    type: { type: 'fixed', name: `fixed_${names++}`, size: n + 1 } as Json,
    value: fc.uint8Array({ minLength: n + 1, maxLength: n + 1 }).map((b) => Buffer.from(b)),
  })),
  fc.constant(null).map(() => ({
    type: { type: 'enum', name: `enum_${names++}`, symbols: ['A', 'B'] } as Json,
    value: fc.constantFrom('A', 'B'),
  })),
  fc.constant({
    type: { type: 'map', values: 'int' } as Json,
    value: fc.dictionary(fc.string({ maxLength: 3 }), fc.integer(), { maxKeys: 3 }),
  }),
  fc.constant({
    type: { type: 'array', items: ['null', 'bytes'] } as Json,
    value: fc.array(fc.option(fc.uint8Array().map((b) => Buffer.from(b)))),
  }),
);

const optional = (type: Json, nullFirst: boolean): Json => (nullFirst ? ['null', type] : [type, 'null']);
const bound = fc.record({ key: fc.constantFrom(1, 2, PATH_ID, 2147483646), value: path.map((text) => Buffer.from(text)) });
const bounds = fc.option(fc.uniqueArray(bound, { selector: ({ key }) => key, maxLength: 4 }));

const sizesType: Json = {
  type: 'array',
  items: {
    type: 'record',
    name: 'k117_v118',
    fields: [
      { name: 'value', type: 'long', 'field-id': 118 },
      { name: 'key', type: 'int', 'field-id': 117 },
    ],
  },
};
const sizes = fc.array(fc.record({ key: fc.integer(), value: int64 }), { maxLength: 3 });
const offsets = fc.array(int64, { maxLength: 3 });

/** A manifest of any field order, with unknown fields and partitions of any type, and its records. */
const generated = fc
  .record({
    partition: fc.array(partitionField, { maxLength: 3 }),
    order: fc.array(fc.nat(), { minLength: 14, maxLength: 14 }),
    nullFirst: fc.boolean(),
  })
  .chain(({ partition, order, nullFirst }) => {
    names++;
    const fields: { name: string; type: Json; 'field-id'?: number; value: fc.Arbitrary<unknown> }[] = [
      { name: 'content', type: 'int', 'field-id': 134, value: fc.constantFrom(0, 1, 1, 2) },
      { name: 'file_path', type: 'string', 'field-id': 100, value: path },
      { name: 'file_format', type: 'string', 'field-id': 101, value: fc.constant('PARQUET') },
      {
        name: 'partition',
        type: {
          type: 'record',
          name: `r102_${names}`,
          fields: partition.map(({ type }, i) => ({
            name: `p${i}`,
            type: optional(type, nullFirst),
            'field-id': i === 0 ? 100 : 1000 + i,
          })),
        },
        'field-id': 102,
        value: fc.record(Object.fromEntries(partition.map(({ value }, i) => [`p${i}`, fc.option(value)]))),
      },
      { name: 'record_count', type: 'long', 'field-id': 103, value: fc.bigInt(0n, 2n ** 63n - 1n) },
      { name: 'size', type: 'long', 'field-id': 104, value: fc.bigInt(0n, 2n ** 53n - 1n) },
      { name: 'lower', type: optional(boundsType(126, 127), nullFirst), 'field-id': 125, value: bounds },
      { name: 'upper', type: optional(boundsType(129, 130), nullFirst), 'field-id': 128, value: bounds },
      { name: 'referenced', type: optional('string', nullFirst), 'field-id': 143, value: fc.option(path) },
      { name: 'sizes', type: optional(sizesType, nullFirst), 'field-id': 108, value: fc.option(sizes) },
      {
        name: 'offsets',
        type: optional({ type: 'array', items: 'long' }, nullFirst),
        'field-id': 132,
        value: fc.option(offsets),
      },
      { name: 'unknown', type: ['null', 'double', 'string'], value: fc.oneof(fc.constant(null), path) },
      { name: 'future', type: { type: 'array', items: 'string' }, 'field-id': 9999, value: fc.array(path, { maxLength: 2 }) },
      { name: 'nothing', type: 'null', value: fc.constant(null) },
    ];
    const sorted = fields
      .map((field, i) => ({ field, key: order[i] as number }))
      .sort((a, b) => a.key - b.key)
      .map(({ field }) => field);
    const schema: Json = {
      type: 'record',
      name: `entry_${names}`,
      fields: [
        { name: 'status', type: 'int', 'field-id': 0 },
        { name: 'snapshot_id', type: optional('long', nullFirst), 'field-id': 1 },
        {
          name: 'data_file',
          type: { type: 'record', name: `r2_${names}`, fields: sorted.map(({ value: _, ...field }) => field) },
          'field-id': 2,
        },
      ],
    };
    const record = fc.record({
      status: fc.constantFrom(0, 1, 2),
      snapshot_id: fc.option(int64),
      data_file: fc.record(Object.fromEntries(fields.map(({ name, value }) => [name, value]))),
    });
    return fc.record({
      schema: fc.constant(schema),
      blocks: fc.array(fc.array(record, { maxLength: 4 }), { maxLength: 4 }),
      codec: fc.constantFrom(undefined, 'null', 'deflate'),
    });
  });

type Entry = { readonly data_file: { readonly [key: string]: unknown } };

/** What half of the files get when they are written again. */
const FACTS: RewrittenFile = { size: 2 ** 52 + 1, format: 'ORC', columnSizes: new Map([[PATH_ID, 7]]), splitOffsets: null };
const facts = (path: string) => (path.length % 2 === 0 ? FACTS : undefined);

/** The same entry with its paths mapped, and what is known of its file when it was written again, as a naive decode and encode would do it. */
function mapped(record: Entry, map: (path: string) => string, known: (path: string) => RewrittenFile | undefined): Entry {
  const file = record.data_file;
  const isKnown = file.content === 1 && known(file.file_path as string) !== undefined;
  const mapBounds = (list: unknown) =>
    file.content === 1 && Array.isArray(list)
      ? (list as { key: number; value: Buffer }[]).map(({ key, value }) => ({
          key,
          value: key > 2 ? Buffer.from(map(value.toString())) : value,
        }))
      : list;
  const referenced = file.referenced as string | null;
  return {
    ...record,
    data_file: {
      ...file,
      file_path: map(file.file_path as string),
      referenced: referenced === null ? null : map(referenced),
      lower: mapBounds(file.lower),
      upper: mapBounds(file.upper),
      ...(isKnown && { size: BigInt(FACTS.size), file_format: 'ORC', offsets: null }),
      ...(isKnown && file.sizes !== null && { sizes: [{ key: PATH_ID, value: 7n }] }),
    },
  };
}

function containerOf(schema: Json, type: avro.Type, list: readonly (readonly unknown[])[], codec: string | undefined): Buffer {
  const pack = (data: Buffer) => (codec === 'deflate' ? zlib.deflateRawSync(data) : data);
  const head = file({ schema, blocks: [], meta: { 'format-version': '2' }, ...(codec ? { codec } : {}) });
  const body = list.flatMap((records) => {
    const data = pack(Buffer.concat(records.map((record) => type.toBuffer(record))));
    return [long(records.length), blob(data), SYNC];
  });
  return Buffer.concat([head, ...body]);
}

const there = (path: string) => path.slice(SRC.length + 1) || 'bcn-empty';

test('rewriting is decoding, mapping and encoding, as avsc does it; and back again', async () => {
  const back = (path: string) => (path === 'bcn-empty' ? `${SRC}/` : `${SRC}/${path}`);
  await fc.assert(
    fc.asyncProperty(generated, fc.boolean(), async ({ schema, blocks, codec }, isWritten) => {
      const type = oracle(schema);
      const known = isWritten ? facts : () => undefined;
      const container = (list: readonly (readonly unknown[])[]) => containerOf(schema, type, list, codec);
      const before = container(blocks);
      const paths: string[] = [];
      const after = await rewriteManifest(before, 'm', { path: there, rewritten: known }, (found) => paths.push(found.path));
      const records = blocks.flat() as Entry[];
      expect(paths).toEqual(records.map((record) => record.data_file.file_path));
      expect(parts(after)).toEqual(
        parts(container(blocks.map((list) => (list as Entry[]).map((record) => mapped(record, there, known))))),
      );
      if (!isWritten) expect(parts(await rewriteManifest(after, 'm', { path: back }))).toEqual(parts(before));
    }),
    { numRuns: 250 },
  );
}, 60_000);

describeWith(['pyiceberg'], 'the same with fastavro as the oracle', (lab) => {
  const { readAvro } = pyicebergClient(lab);
  const hex = (value: Cell) => Buffer.from(there(Buffer.from(String(value), 'hex').toString())).toString('hex');

  /** fastavro's view of an entry with its paths mapped: integers are strings, bytes are hex. */
  function mappedView(record: { readonly [name: string]: Cell }): unknown {
    const data = record.data_file as { readonly [name: string]: Cell };
    const bounds = (list: Cell) =>
      data.content === '1' && Array.isArray(list)
        ? (list as unknown as { key: string; value: Cell }[]).map(({ key, value }) => ({
            key,
            value: Number(key) > 2 ? hex(value) : value,
          }))
        : list;
    const referenced = data.referenced === null ? null : there(String(data.referenced));
    const lower = bounds(data.lower as Cell);
    return {
      ...record,
      data_file: { ...data, file_path: there(String(data.file_path)), referenced, lower, upper: bounds(data.upper as Cell) },
    };
  }

  test('over generated schemas', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(generated, async ({ schema, blocks, codec }) => {
        const before = containerOf(schema, oracle(schema), blocks, codec);
        const [was, is] = [await readAvro(before), await readAvro(await rewriteManifest(before, 'm', { path: there }))];
        expect(is.records).toEqual(was.records.map(mappedView));
        expect([is.schema, is.metadata, is.codec]).toEqual([was.schema, was.metadata, was.codec]);
        expect(is.records).toHaveLength(blocks.flat().length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('random damage gives a BcnError or a result, never another error', () => {
  const item = (key: number, value: string): Value => ({ key, value: Buffer.from(value) });
  const deletes = entry({
    content: 1,
    referenced_data_file: `${SRC}/data/b`,
    lower_bounds: new Blocks({ items: [item(PATH_ID, `${SRC}/a`), item(1, 'x')], sized: true }),
    upper_bounds: [item(PATH_ID, `${SRC}/a`)],
    sizes: new Blocks({ items: [{ key: 1, value: 2n ** 60n }], sized: true }),
    offsets: [4n, 2n ** 40n],
  });
  const whole: readonly Json[] = [
    { name: 'sizes', type: ['null', sizesType], 'field-id': 108 },
    ...V2_FIELDS,
    { name: 'offsets', type: [{ type: 'array', items: 'long' }, 'null'], 'field-id': 132 },
  ];
  const samples = [undefined, 'deflate'].flatMap((codec) => [
    ...[V2_FIELDS, DUCKDB_FIELDS, whole].map((fields) =>
      file({
        schema: manifestSchema(fields),
        blocks: [[deletes, entry()], [deletes]],
        splitMeta: true,
        ...(codec ? { codec } : {}),
      }),
    ),
    file({ schema: manifestSchema(V1_FIELDS, true), blocks: [[entry()]], ...(codec ? { codec } : {}) }),
  ]);
  const lists = [undefined, 'deflate'].map((codec) =>
    file({ schema: LIST_V2, blocks: [[listEntry(), listEntry()]], ...(codec ? { codec } : {}) }),
  );

  /** Bytes near the end (the records) are hit more often than the schema's text. */
  const damage = (from: readonly Buffer[]) =>
    fc
      .record({
        sample: fc.constantFrom(...from),
        hits: fc.array(
          fc.record({
            back: fc.oneof(fc.nat(400), fc.nat(4000)),
            value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        cut: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4000) }),
        extra: fc.oneof(
          { weight: 6, arbitrary: fc.constant(new Uint8Array()) },
          { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
        ),
      })
      .map(({ sample, hits, cut, extra }) => {
        const bytes = Buffer.from(sample);
        for (const { back, value } of hits) if (back < bytes.length) bytes[bytes.length - 1 - back] = value;
        return Buffer.concat([bytes.subarray(0, Math.max(0, bytes.length - cut)), extra]);
      });

  async function survives(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      expect(error).toMatchObject({ name: 'BcnError', object: 'f', code: expect.stringMatching(/^(corrupt|unsupported)$/) });
    }
  }

  test('manifests', async () => {
    await fc.assert(
      fc.asyncProperty(damage(samples), async (bytes) => {
        await survives(() => readManifest(bytes, 'f', () => {}));
        await survives(() => rewriteManifest(bytes, 'f', { path: (path) => `${path}/more`, rewritten: () => FACTS }));
        await survives(() => rewriteManifest(bytes, 'f', { path: () => 'x', bounds: () => undefined }));
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  test('manifest lists', async () => {
    await fc.assert(
      fc.asyncProperty(damage(lists), async (bytes) => {
        await survives(() => readManifestList(bytes, 'f'));
        await survives(() => rewriteManifestList(bytes, 'f', { path: (path) => `${path}/more`, length: (_, n) => n + 1 }));
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  test('every cut of a file is refused or ends at a block', async () => {
    const bytes = samples[0] as Buffer;
    for (let end = 0; end < bytes.length; end++) await survives(() => readManifest(bytes.subarray(0, end), 'f', () => {}));
  });
});
