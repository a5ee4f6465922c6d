/** Manifests of any schema, by generators; and avsc, which writes and reads their records. */
import zlib from 'node:zlib';
import avro from 'avsc';
import fc from 'fast-check';
import { boundsType } from './avro/manifests.js';
import { blob, file, type Json, long, SYNC } from './avro/support.js';

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
export const oracle = (schema: Json) =>
  avro.Type.forSchema(schema as avro.Schema, { registry: { long: longType }, wrapUnions: false });

export const PATH_ID = 2147483546;
export const SRC = 's3://src/t';
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

export const sizesType: Json = {
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
export const generated = fc
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

export type Entry = { readonly data_file: { readonly [key: string]: unknown } };

export function containerOf(
  schema: Json,
  type: avro.Type,
  list: readonly (readonly unknown[])[],
  codec: string | undefined,
): Buffer {
  const pack = (data: Buffer) => (codec === 'deflate' ? zlib.deflateRawSync(data) : data);
  const head = file({ schema, blocks: [], meta: { 'format-version': '2' }, ...(codec ? { codec } : {}) });
  const body = list.flatMap((records) => {
    const data = pack(Buffer.concat(records.map((record) => type.toBuffer(record))));
    return [long(records.length), blob(data), SYNC];
  });
  return Buffer.concat([head, ...body]);
}
