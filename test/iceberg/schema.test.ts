import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { describeOrder, describeSpec } from '../../src/iceberg/ordering.js';
import { ints, readSchema } from '../../src/iceberg/schema.js';

const SCHEMA = JSON.stringify({
  type: 'struct',
  'schema-id': 3,
  'identifier-field-ids': [7, 1],
  fields: [
    { id: 1, name: 'id', required: true, type: 'long', doc: 'the key' },
    { id: 2, name: 'amount', required: false, type: 'decimal(9, 2)' },
    {
      id: 3,
      name: 'where',
      required: false,
      type: { type: 'struct', fields: [{ id: 7, name: 'city', required: true, type: 'string' }] },
    },
    {
      id: 4,
      name: 'tags',
      required: false,
      type: { type: 'list', 'element-id': 8, element: 'string', 'element-required': true },
    },
    {
      id: 5,
      name: 'm',
      required: false,
      type: {
        type: 'map',
        'key-id': 9,
        key: 'int',
        'value-id': 10,
        value: { type: 'struct', fields: [{ id: 11, name: 'x', required: false, type: 'double' }] },
        'value-required': false,
      },
    },
  ],
});

test('columns, depth first, with paths of those inside', () => {
  const { id, columns, identifiers } = readSchema(SCHEMA, 'm');
  expect(id).toBe(3);
  expect(identifiers).toEqual([1, 7]);
  expect(columns.map(({ id: field, path, type, required, parent }) => [field, path, type, required, parent])).toEqual([
    [1, 'id', 'long', true, undefined],
    [2, 'amount', 'decimal(9,2)', false, undefined],
    [3, 'where', 'struct', false, undefined],
    [7, 'where.city', 'string', true, 3],
    [4, 'tags', 'list', false, undefined],
    [8, 'tags.element', 'string', true, 4],
    [5, 'm', 'map', false, undefined],
    [9, 'm.key', 'int', true, 5],
    [10, 'm.value', 'struct', false, 5],
    [11, 'm.value.x', 'double', false, 10],
  ]);
  expect(columns[0]).toMatchObject({ name: 'id', doc: 'the key' });
});

test('defaults are kept as they are written: longs beyond 2^53', () => {
  const json = `{"type":"struct","fields":[{"id":1,"name":"a","required":false,"type":"long","initial-default":9007199254740993,"write-default": -1}]}`;
  expect(readSchema(json, 'm')).toMatchObject({
    id: undefined,
    columns: [{ initialDefault: '9007199254740993', writeDefault: '-1' }],
  });
});

test.each([
  '{"fields":[{"name":"a","type":"int"}]}',
  '{"fields":[{"id":1,"type":"int"}]}',
  '{"fields":[{"id":1,"name":"a"}]}',
  '{"fields":[{"id":1,"name":"a","type":{"type":"list","element":"int"}}]}',
  '{"fields":{}}',
  '[]',
  'x',
])('%s is corrupt', (json) => {
  expect(() => readSchema(json, 'm')).toThrow(BcnError);
});

test('integers of an array', () => {
  expect(ints('[ 10, 2,-3 ]')).toEqual([-3, 2, 10]);
  expect(ints(undefined)).toEqual([]);
});

test('partition specs', () => {
  const schema = readSchema(SCHEMA, 'm');
  const spec = (fields: readonly object[]) => describeSpec(JSON.stringify({ 'spec-id': 1, fields }), schema, 'm');
  const field = (source: number, transform: string, name: string) => ({ 'source-id': source, 'field-id': 1000, transform, name });
  expect(spec([field(7, 'identity', 'where.city'), field(1, 'bucket[16]', 'id_bucket'), field(1, 'identity', 'k')])).toEqual([
    'where.city',
    'bucket[16](id) as id_bucket',
    'id as k',
  ]);
  expect(spec([field(99, 'void', 'gone')])).toEqual(['void(#99) as gone']);
  expect(spec([{ 'source-ids': [1, 2], 'field-id': 1000, transform: 'zorder', name: 'z' }])).toEqual(['zorder(id, amount) as z']);
  expect(spec([])).toEqual([]);
  expect(describeSpec(undefined, schema, 'm')).toEqual([]);
  expect(describeSpec(JSON.stringify([field(1, 'day', 'd')]), schema, 'm')).toEqual(['day(id) as d']);
  expect(() => spec([{ transform: 'day', name: 'd' }])).toThrow(BcnError);
});

test('sort orders', () => {
  const schema = readSchema(SCHEMA, 'm');
  const fields = [
    { transform: 'identity', 'source-id': 1, direction: 'asc', 'null-order': 'nulls-first' },
    { transform: 'truncate[4]', 'source-id': 7, direction: 'desc', 'null-order': 'nulls-last' },
  ];
  expect(describeOrder(JSON.stringify({ 'order-id': 1, fields }), schema, 'm')).toEqual([
    'id asc nulls first',
    'truncate[4](where.city) desc nulls last',
  ]);
  expect(describeOrder(undefined, schema, 'm')).toEqual([]);
});
