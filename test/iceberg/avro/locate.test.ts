import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cursor } from '../../../src/iceberg/avro/cursor.js';
import { compileLocator, type Wanted } from '../../../src/iceberg/avro/locate.js';
import { type AvroRecord, parseSchema } from '../../../src/iceberg/avro/schema.js';
import { Blocks, encode, type Json, long, type Value } from './support.js';

const locator = (schema: Json, wanted: readonly Wanted[] = []) =>
  compileLocator(parseSchema(JSON.stringify(schema)) as AvroRecord, wanted);
const over = (type: Json): Json => ({ type: 'record', name: 'top', fields: [{ name: 'f', type, 'field-id': 1 }] });

function skipped(schema: Json, data: Buffer, wanted: readonly Wanted[] = []): { left: number; slots: readonly number[] } {
  const c = new Cursor(data);
  c.slots = new Int32Array(4).fill(-1);
  locator(schema, wanted).skip(c);
  return { left: c.left, slots: [...c.slots] };
}

/** Schemas that avsc accepts: unique names, no unions in unions. */
let names = 0;
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>('boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'),
  fc.nat(20).map((size): Json => ({ type: 'fixed', name: `f${names++}`, size: size + 1 })),
  fc.constant(null).map((): Json => ({ type: 'enum', name: `e${names++}`, symbols: ['A', 'B', 'C'] })),
);
const { type: anyType } = fc.letrec<{ type: Json }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4 },
    leaf,
    tie('type').map((items): Json => ({ type: 'array', items })),
    tie('type').map((values): Json => ({ type: 'map', values })),
    tie('type').map((type): Json => (Array.isArray(type) ? type : ['null', type])),
    tie('type').map((type): Json => (Array.isArray(type) ? type : [type, 'null'])),
    fc
      .array(tie('type'), { maxLength: 4 })
      .map((types): Json => ({ type: 'record', name: `r${names++}`, fields: types.map((type, i) => ({ name: `c${i}`, type })) })),
  ),
}));

test('skips exactly what avsc wrote, for any schema', () => {
  fc.assert(
    fc.property(anyType, (type) => {
      const schema = over(type);
      const oracle = avro.Type.forSchema(schema as avro.Schema);
      const data = oracle.toBuffer(oracle.random());
      expect(skipped(schema, data).left).toBe(0);
      if (data.length > 0)
        expect(() => skipped(schema, data.subarray(0, data.length - 1))).toThrow(expect.objectContaining({ code: 'corrupt' }));
    }),
    { numRuns: 300 },
  );
});

test.each(['long', 'bytes'])('skips maps with int keys and %s values, the most of a manifest', (kind) => {
  const schema = over({
    type: 'array',
    items: {
      type: 'record',
      name: 'kv',
      fields: [
        { name: 'k', type: 'int' },
        { name: 'v', type: kind },
      ],
    },
  });
  const value: fc.Arbitrary<Value> =
    kind === 'long'
      ? fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.integer())
      : fc.uint8Array({ maxLength: 150 }).map((b) => Buffer.from(b));
  fc.assert(
    fc.property(fc.array(fc.record({ k: fc.integer(), v: value }), { minLength: 1 }), fc.nat(), (items, cut) => {
      const data = encode(schema, { f: items });
      expect(skipped(schema, data).left).toBe(0);
      expect(() => skipped(schema, data.subarray(0, cut % data.length))).toThrow(expect.objectContaining({ code: 'corrupt' }));
      expect(() => skipped(schema, Buffer.concat([data.subarray(0, cut % data.length), Buffer.alloc(11, 0xff)]))).toThrow(
        expect.objectContaining({ code: 'corrupt' }),
      );
    }),
  );
  const negative = Buffer.concat([long(1), long(1), kind === 'long' ? Buffer.alloc(10, 0x82) : long(-1), long(0)]);
  expect(() => skipped(schema, negative)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

describe('wanted fields', () => {
  const want = (more: Partial<Wanted> = {}): readonly Wanted[] => [{ id: 1, slot: 0, kinds: ['string'], ...more }];

  test('are found behind unions, in either order, and stay -1 when null', () => {
    expect(skipped(over('string'), encode('string', 'x'), want()).slots[0]).toBe(0);
    expect(skipped(over(['string']), encode(['string'], 'x'), want()).slots[0]).toBe(1);
    for (const union of [
      ['null', 'string'],
      ['string', 'null'],
    ]) {
      expect(skipped(over(union), encode(union, 'x'), want()).slots[0]).toBe(1);
      expect(skipped(over(union), encode(union, null), want()).slots[0]).toBe(-1);
    }
  });

  test('are found by id at their level only', () => {
    const schema: Json = {
      type: 'record',
      name: 'top',
      fields: [
        {
          name: 'partition',
          type: { type: 'record', name: 'p', fields: [{ name: 'x', type: 'string', 'field-id': 1 }] },
          'field-id': 102,
        },
        { name: 'y', type: 'string', 'field-id': 1 },
      ],
    };
    expect(skipped(schema, encode(schema, { partition: { x: 'abc' }, y: 'def' }), want()).slots[0]).toBe(4);
  });

  test.each([
    ['another type', over('bytes')],
    ['a union of several types', over(['null', 'string', 'bytes'])],
    [
      'an id that occurs twice',
      { type: 'record', name: 't', fields: [1, 2].map((n) => ({ name: `f${n}`, type: 'string', 'field-id': 1 })) },
    ],
  ] as const)('%s is unsupported', (_, schema) => {
    expect(() => locator(schema as Json, want())).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe('liberties and traps', () => {
  const list: Json = { type: 'array', items: 'long' };

  test('several blocks, with and without sizes', () => {
    const value = new Blocks({ items: [1, 2], sized: true }, { items: [3], sized: false }, { items: [4n], sized: true });
    expect(skipped(over(list), encode(list, value)).left).toBe(0);
    const map: Json = { type: 'map', values: 'string' };
    const pairs = new Blocks({ items: [['a', 'b']], sized: true }, { items: [['c', 'd']], sized: false });
    expect(skipped(over(map), encode(map, pairs)).left).toBe(0);
  });

  test.each<readonly [string, Json, Buffer]>([
    ['a count that is larger than the data', list, long(1_000_000)],
    ['a huge count', list, long(2n ** 62n)],
    ['the smallest count', list, Buffer.concat([long(-(2n ** 63n)), long(0), long(0)])],
    ['a negative block size', list, Buffer.concat([long(-1), long(-1), long(0)])],
    ['a block size past the end', list, Buffer.concat([long(-1), long(100), long(0)])],
    ['a union branch that is not there', ['null', 'int'], long(2)],
    ['a negative union branch', ['null', 'int'], long(-1)],
    ['an enum symbol that is not there', { type: 'enum', name: 'e', symbols: ['a'] }, long(1)],
  ])('%s is corrupt', (_, type, data) => {
    expect(() => skipped(over(type), data)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test('items without bytes are skipped in no time, however many', () => {
    const nulls: Json = {
      type: 'array',
      items: {
        type: 'record',
        name: 'n',
        fields: [
          { name: 'a', type: 'null' },
          { name: 'b', type: { type: 'fixed', name: 'z', size: 0 } },
        ],
      },
    };
    expect(skipped(over(nulls), Buffer.concat([long(2n ** 50n), long(0)])).left).toBe(0);
  });

  test('a small schema that unfolds to a huge one compiles in no time', () => {
    const fields: Json[] = [{ name: 'f0', type: { type: 'record', name: 'r0', fields: [] } }];
    for (let i = 1; i < 60; i++) {
      const type = `r${i - 1}`;
      fields.push({
        name: `f${i}`,
        type: {
          type: 'record',
          name: `r${i}`,
          fields: [
            { name: 'a', type },
            { name: 'b', type },
          ],
        },
      });
    }
    expect(skipped({ type: 'record', name: 'top', fields }, Buffer.alloc(0)).left).toBe(0);
  });

  test('recursive data has a limit', () => {
    const node: Json = { type: 'record', name: 'node', fields: [{ name: 'next', type: ['null', 'node'] }] };
    const nested = (levels: number): Value => (levels === 0 ? { next: null } : { next: nested(levels - 1) });
    expect(skipped(over(node), encode(node, nested(50))).left).toBe(0);
    expect(() => skipped(over(node), Buffer.alloc(1_000_000, 2))).toThrow(/nest deeper/);
    const endless: Json = { type: 'record', name: 'node', fields: [{ name: 'next', type: 'node' }] };
    expect(() => skipped(over(endless), Buffer.alloc(10))).toThrow(/nest deeper/);
  });
});
