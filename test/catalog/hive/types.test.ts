import { describe, expect, test } from 'vitest';
import { hiveColumns } from '../../../src/catalog/hive/types.js';

function schema(...fields: readonly object[]): string {
  return JSON.stringify({ type: 'struct', 'schema-id': 0, fields });
}

function typeOf(type: unknown): string | undefined {
  return hiveColumns(schema({ id: 1, name: 'c', required: false, type }))[0]?.type;
}

describe('columns', () => {
  test.each([
    ['boolean', 'boolean'],
    ['int', 'int'],
    ['long', 'bigint'],
    ['float', 'float'],
    ['double', 'double'],
    ['date', 'date'],
    ['time', 'string'],
    ['timestamp', 'timestamp'],
    ['timestamptz', 'timestamp with local time zone'],
    ['string', 'string'],
    ['uuid', 'string'],
    ['binary', 'binary'],
    ['fixed[16]', 'binary'],
    ['decimal(9, 2)', 'decimal(9,2)'],
    ['decimal(38,0)', 'decimal(38,0)'],
  ])('%s is %s', (iceberg, hive) => {
    expect(typeOf(iceberg)).toBe(hive);
  });

  test('nested types', () => {
    const list = {
      type: 'list',
      'element-id': 3,
      element: { type: 'map', 'key-id': 4, key: 'uuid', 'value-id': 5, value: 'long' },
    };
    const struct = {
      type: 'struct',
      fields: [
        { id: 6, name: 'A', type: list },
        { id: 7, name: 'b', type: 'decimal(4, 1)' },
      ],
    };
    expect(typeOf(struct)).toBe('struct<A:array<map<string,bigint>>,b:decimal(4,1)>');
  });

  test('keep their order, their spelling and their docs', () => {
    const columns = hiveColumns(
      schema({ name: 'B', type: 'int', doc: 'ü' }, { name: 'a', type: 'int', doc: '' }, { name: '1', type: 'int' }),
    );
    expect(columns).toEqual([
      { name: 'B', type: 'int', comment: 'ü' },
      { name: 'a', type: 'int', comment: '' },
      { name: '1', type: 'int' },
    ]);
  });

  test.each([
    'timestamp_ns',
    'timestamptz_ns',
    'unknown',
    'variant',
    'geometry(srid:4326)',
    'geography',
    'toString',
    '__proto__',
    'decimal(9)',
  ])('%s has no place in Hive', (type) => {
    expect(() => typeOf(type)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringMatching(`"c".*${type.replace(/[()]/g, '.')}`) }),
    );
  });

  test.each([
    ['a', 'A'],
    ['a', 'a'],
    ['Ü', 'ü'],
  ])('%s and %s are one to Hive', (first, second) => {
    const two = schema({ name: first, type: 'int' }, { name: 'x', type: 'int' }, { name: second, type: 'int' });
    expect(() => hiveColumns(two)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining(`"${first}" and "${second}"`) }),
    );
    const inside = {
      type: 'struct',
      fields: [
        { name: first, type: 'int' },
        { name: second, type: 'int' },
      ],
    };
    expect(hiveColumns(schema({ name: 'c', type: inside }))).toHaveLength(1);
  });

  test.each([
    ['a list', { type: 'list', 'element-id': 2, element: 'variant' }],
    ['a map’s value', { type: 'map', 'key-id': 2, key: 'int', 'value-id': 3, value: 'geometry' }],
    ['a map’s key', { type: 'map', 'key-id': 2, key: 'timestamptz_ns', 'value-id': 3, value: 'int' }],
    [
      'a struct in a list',
      { type: 'list', 'element-id': 2, element: { type: 'struct', fields: [{ id: 3, name: 'f', type: 'unknown' }] } },
    ],
  ])('also inside %s', (_where, type) => {
    expect(() => typeOf(type)).toThrow(expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('"c') }));
  });

  test('the nested column is named', () => {
    const struct = { type: 'struct', fields: [{ id: 6, name: 'deep', type: { type: 'list', element: 'timestamp_ns' } }] };
    expect(() => typeOf(struct)).toThrow('"c.deep"');
  });

  test('a type nested without end is refused, not followed', () => {
    const depth = 100_000;
    const json = `{"fields":[{"name":"c","type":${'{"type":"list","element":'.repeat(depth)}"int"${'}'.repeat(depth)}}]}`;
    expect(() => hiveColumns(json)).toThrow(expect.objectContaining({ code: expect.stringMatching(/unsupported|corrupt/) }));
  });

  test.each([
    '',
    '[]',
    'null',
    '{}',
    '{"fields":{}}',
    '{"fields":[1]}',
    '{"fields":[{"type":"int"}]}',
    '{"fields":[{"name":"a"}]}',
  ])('%j is corrupt', (json) => {
    expect(() => hiveColumns(json)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
