import { expect, test } from 'vitest';
import { Cursor } from '../../../src/iceberg/avro/cursor.js';
import { compileColumnSizes, compileSplitOffsets, isolate } from '../../../src/iceberg/avro/metrics.js';
import { type AvroRecord, type AvroType, parseSchema } from '../../../src/iceberg/avro/schema.js';
import { Splice } from '../../../src/iceberg/avro/splice.js';
import { Blocks, encode, type Json, type Value } from './support.js';

const pairs = (fields: readonly Json[]): Json => ({
  type: 'array',
  logicalType: 'map',
  items: { type: 'record', name: 'k117_v118', fields },
});
const KEY: Json = { name: 'key', type: 'int', 'field-id': 117 };
const SIZE: Json = { name: 'value', type: 'long', 'field-id': 118 };
const SIZES = pairs([KEY, SIZE]);
const OFFSETS: Json = { type: 'array', items: 'long', 'element-id': 133 };

const entrySchema = (id: number, type: Json): Json => ({
  type: 'record',
  name: 'entry',
  fields: [{ name: 'f', type: { type: 'record', name: 'r2', fields: [{ name: 'x', type, 'field-id': id }] }, 'field-id': 2 }],
});

/** The bytes of a value between two others, with the value replaced. */
function replaced(id: 108 | 132, type: Json, before: Value, to: ReadonlyMap<number, number> | readonly number[] | null): string {
  const schema = isolate(parseSchema(JSON.stringify(entrySchema(id, type))) as AvroRecord, [108, 132]);
  const [{ type: dataFile }] = schema.fields as unknown as readonly [{ readonly type: AvroRecord }];
  const [{ type: isolated }] = dataFile.fields as unknown as readonly [{ readonly type: AvroType }];
  const bytes = Buffer.concat([Buffer.from('<<'), encode(type, before), Buffer.from('>>')]);
  const splice = new Splice(bytes);
  const c = new Cursor(bytes);
  if (id === 108) compileColumnSizes(isolated)(c, 2, splice, to as ReadonlyMap<number, number> | null);
  else compileSplitOffsets(isolated)(c, 2, splice, to as readonly number[] | null);
  return (splice.finish() ?? bytes).toString('hex');
}
const expected = (type: Json, value: Value) =>
  Buffer.concat([Buffer.from('<<'), encode(type, value), Buffer.from('>>')]).toString('hex');

const NEW = new Map([
  [2147483546, 300],
  [2147483545, 5_000_000_000],
]);
const asList = (first: string, second: string): Value => [...NEW].map(([key, size]) => ({ [first]: key, [second]: size }));
const OLD: Value = [{ key: 1, value: 2 }];

test.each<readonly [string, Json, Value, Value]>([
  ['null first', ['null', SIZES], OLD, asList('key', 'value')],
  ['null last', [SIZES, 'null'], OLD, asList('key', 'value')],
  ['no union', SIZES, OLD, asList('key', 'value')],
  ['a union of one', [SIZES], OLD, asList('key', 'value')],
  ['value before key', pairs([SIZE, KEY]), OLD, asList('key', 'value')],
  [
    'other names',
    pairs([
      { name: 'k', type: 'long', 'field-id': 117 },
      { name: 'v', type: 'int', 'field-id': 118 },
    ]),
    [{ k: 1, v: 2 }],
    asList('k', 'v'),
  ],
  ['an empty one', ['null', SIZES], [], asList('key', 'value')],
  [
    'blocks with sizes',
    ['null', SIZES],
    new Blocks({ items: [{ key: 1, value: 2 }], sized: true }, { items: [{ key: 3, value: 4 }], sized: false }),
    asList('key', 'value'),
  ],
  [
    'an Avro map',
    ['null', { type: 'map', values: 'long' }],
    { 7: 8 },
    Object.fromEntries([...NEW].map(([key, size]) => [key, size])),
  ],
])('column sizes: %s', (name, type, before, after) => {
  // Objects order integer keys by themselves.
  const to = name === 'an Avro map' ? new Map([...NEW].reverse()) : NEW;
  expect(replaced(108, type, before, to)).toBe(expected(type, after));
});

test('no column sizes', () => {
  for (const type of [SIZES, ['null', SIZES]] as readonly Json[])
    expect(replaced(108, type, OLD, new Map())).toBe(expected(type, []));
});

test('split offsets', () => {
  for (const type of [OFFSETS, ['null', OFFSETS], [OFFSETS, 'null']] as readonly Json[]) {
    expect(replaced(132, type, [4, 99], [4, 5_000_000_000])).toBe(expected(type, [4, 5_000_000_000]));
    expect(replaced(132, type, [], [4])).toBe(expected(type, [4]));
    expect(replaced(132, type, [4], [])).toBe(expected(type, []));
  }
});

test('null where the schema has one, else nothing in it; a null stays', () => {
  for (const [id, type, value] of [
    [108, SIZES, OLD],
    [132, OFFSETS, [4]],
  ] as readonly (readonly [108 | 132, Json, Value])[]) {
    expect(replaced(id, ['null', type], value, null)).toBe(expected(['null', type], null));
    expect(replaced(id, [type, 'null'], value, null)).toBe(expected([type, 'null'], null));
    expect(replaced(id, type, value, null)).toBe(expected(type, []));
    for (const to of [null, id === 108 ? NEW : [4]])
      expect(replaced(id, ['null', type], null, to)).toBe(expected(['null', type], null));
  }
});

test.each<readonly [108 | 132, string, Json, Value]>([
  [
    108,
    'keys found by name only',
    pairs([
      { name: 'key', type: 'int' },
      { name: 'value', type: 'long' },
    ]),
    OLD,
  ],
  [108, 'a third field', pairs([KEY, SIZE, { name: 'more', type: 'int' }]), [{ key: 1, value: 2, more: 3 }]],
  [108, 'sizes that may be null', pairs([KEY, { name: 'value', type: ['null', 'long'], 'field-id': 118 }]), OLD],
  [108, 'a text', 'string', 'x'],
  [108, 'a map of texts', { type: 'map', values: 'string' }, { 7: 'x' }],
  [132, 'a list of texts', { type: 'array', items: 'string' }, ['x']],
  [132, 'a text', 'string', 'x'],
])('%i, %s %s: unsupported, when it is to change', (id, _, type, before) => {
  expect(() => replaced(id, ['null', type], before, id === 108 ? NEW : [4])).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  );
  expect(replaced(id, ['null', type], before, null)).toBe(expected(['null', type], null));
});
