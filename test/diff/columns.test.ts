import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffColumns } from '../../src/diff/columns.js';
import { readSchema } from '../../src/iceberg/schema.js';

type Json = object | string;
const field = (id: number, name: string, type: Json = 'long', more: object = {}) => ({
  id,
  name,
  required: false,
  type,
  ...more,
});
const schema = (fields: readonly object[], identifiers: readonly number[] = []) =>
  readSchema(JSON.stringify({ type: 'struct', fields, 'identifier-field-ids': identifiers }), 'm');
const struct = (...fields: readonly object[]) => ({ type: 'struct', fields });

/** `change id column: from -> to` */
function changes(before: ReturnType<typeof schema>, after: ReturnType<typeof schema>): readonly string[] {
  return diffColumns(before, after).map(({ change, id, column, from, to }) => `${change} ${id} ${column}: ${from} -> ${to}`);
}

const BASE = [field(1, 'id', 'int', { required: true }), field(2, 'a'), field(3, 's', struct(field(4, 'x'), field(5, 'y')))];

test.each<[string, readonly object[], readonly string[]]>([
  ['nothing', BASE, []],
  ['a new column', [...BASE, field(6, 'b', 'string')], ['added 6 b: null -> string']],
  [
    'a column that is gone, with what is in it',
    BASE.slice(0, 2),
    ['dropped 3 s: struct -> null', 'dropped 4 s.x: long -> null', 'dropped 5 s.y: long -> null'],
  ],
  ['another name', [BASE[0] as object, field(2, 'z'), BASE[2] as object], ['renamed 2 z: a -> z']],
  [
    'another name of what holds others: theirs stay',
    [BASE[0] as object, BASE[1] as object, field(3, 't', struct(field(4, 'x'), field(5, 'y')))],
    ['renamed 3 t: s -> t'],
  ],
  ['a wider type', [field(1, 'id', 'long', { required: true }), ...BASE.slice(1)], ['type 1 id: int -> long']],
  ['nullability', [field(1, 'id', 'int'), ...BASE.slice(1)], ['nullability 1 id: required -> optional']],
  [
    'defaults and a doc',
    [BASE[0] as object, field(2, 'a', 'long', { 'initial-default': 1, 'write-default': 2, doc: 'd' }), BASE[2] as object],
    ['initial-default 2 a: null -> 1', 'write-default 2 a: null -> 2', 'doc 2 a: null -> d'],
  ],
  [
    'one dropped and one added of the same name',
    [BASE[0] as object, field(9, 'a'), BASE[2] as object],
    ['dropped 2 a: long -> null', 'added 9 a: null -> long'],
  ],
  ['another order', [BASE[1] as object, BASE[0] as object, BASE[2] as object], ['order null : id, a, s -> a, id, s']],
  [
    'another order inside',
    [...BASE.slice(0, 2), field(3, 's', struct(field(5, 'y'), field(4, 'x')))],
    ['order 3 s: x, y -> y, x'],
  ],
  ['a new one in between is no other order', [BASE[0] as object, field(6, 'n'), ...BASE.slice(1)], ['added 6 n: null -> long']],
])('%s', (_what, fields, expected) => {
  expect(changes(schema(BASE), schema(fields))).toEqual(expected);
});

test('long defaults are exact', () => {
  const at = (value: string) =>
    readSchema(`{"type":"struct","fields":[{"id":1,"name":"a","required":false,"type":"long","write-default":${value}}]}`, 'm');
  expect(changes(at('9007199254740993'), at('9007199254740992'))).toEqual([
    'write-default 1 a: 9007199254740993 -> 9007199254740992',
  ]);
});

test('identifier fields', () => {
  expect(changes(schema(BASE), schema(BASE, [1, 4]))).toEqual(['identifiers null : null -> id, s.x']);
  expect(changes(schema(BASE, [2]), schema(BASE, [2]))).toEqual([]);
});

test('any schema: no change to itself, and back is the reverse', () => {
  const column = fc.record({
    id: fc.integer({ min: 1, max: 9 }),
    name: fc.constantFrom('a', 'b', 'c'),
    type: fc.constantFrom('int', 'long'),
  });
  const any = fc
    .uniqueArray(column, { selector: ({ id }) => id, maxLength: 6 })
    .map((fields) => schema(fields.map((one) => field(one.id, one.name, one.type))));
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(diffColumns(a, a)).toEqual([]);
      const swap = { added: 'dropped', dropped: 'added' } as Record<string, string>;
      const there = diffColumns(a, b).map(
        ({ change, id, from, to }) => `${swap[change] ?? change} ${id} ${change === 'order' ? '' : `${to} ${from}`}`,
      );
      const back = diffColumns(b, a).map(
        ({ change, id, from, to }) => `${change} ${id} ${change === 'order' ? '' : `${from} ${to}`}`,
      );
      expect(there.sort()).toEqual(back.sort());
    }),
  );
});
