import { describe, expect, test } from 'vitest';
import { parseSchema } from '../../../src/iceberg/avro/schema.js';
import type { Json } from './support.js';

const parse = (json: Json) => parseSchema(JSON.stringify(json));
const record = (name: string, fields: readonly Json[], more: { readonly [key: string]: Json } = {}): Json => ({
  type: 'record',
  name,
  fields,
  ...more,
});

test('field ids are kept, whatever the names', () => {
  const type = parse(
    record('r😎.x y', [
      { name: 'a.b😎', type: 'int', 'field-id': 7 },
      { name: '', type: ['null', 'string'], 'field-id': '8' },
      { name: 'c', type: 'long' },
    ]),
  );
  expect(type).toEqual({
    kind: 'record',
    fields: [
      { id: 7, type: { kind: 'int' } },
      { id: 8, type: { kind: 'union', branches: [{ kind: 'null' }, { kind: 'string' }] } },
      { id: undefined, type: { kind: 'long' } },
    ],
  });
});

test('logical types and nested type objects do not matter', () => {
  expect(parse({ type: { type: 'string' }, logicalType: 'uuid' })).toEqual({ kind: 'string' });
  expect(parse({ type: 'fixed', name: 'f', size: 4, logicalType: 'decimal', precision: 9, scale: 2 })).toEqual({
    kind: 'fixed',
    size: 4,
  });
  expect(parse({ type: 'enum', name: 'e', symbols: ['a', 'b'] })).toEqual({ kind: 'enum', symbols: 2 });
  expect(parse({ type: 'map', values: 'bytes' })).toEqual({ kind: 'map', values: { kind: 'bytes' } });
});

describe('named types', () => {
  const fixed = (size: number, more: { readonly [key: string]: Json } = {}): Json => ({
    type: 'fixed',
    name: 'fixed_16',
    size,
    ...more,
  });
  const two = (first: Json, second: Json, more: { readonly [key: string]: Json } = {}) =>
    parse(
      record(
        'r',
        [
          { name: 'a', type: first },
          { name: 'b', type: second },
        ],
        more,
      ),
    ) as { fields: readonly { type: unknown }[] };

  test('by reference', () => {
    expect(two(fixed(16), 'fixed_16').fields[1]?.type).toEqual({ kind: 'fixed', size: 16 });
    expect(two(fixed(16), { type: 'fixed_16', logicalType: 'uuid' }).fields[1]?.type).toEqual({ kind: 'fixed', size: 16 });
  });

  test('in namespaces: inherited, own, dotted', () => {
    expect(two(fixed(16), 'fixed_16', { namespace: 'org.x' }).fields[1]?.type).toEqual({ kind: 'fixed', size: 16 });
    expect(two(fixed(16), 'org.x.fixed_16', { namespace: 'org.x' }).fields[1]?.type).toEqual({ kind: 'fixed', size: 16 });
    expect(two(fixed(8, { namespace: 'y' }), 'y.fixed_16').fields[1]?.type).toEqual({ kind: 'fixed', size: 8 });
    expect(two(fixed(8, { name: 'z.f' }), 'z.f').fields[1]?.type).toEqual({ kind: 'fixed', size: 8 });
    expect(() => two(fixed(8, { namespace: 'y' }), 'fixed_16')).toThrow(/does not define/);
  });

  test('defined twice: the same is fine, two different ones are refused where they are used', () => {
    expect(two(fixed(16), fixed(16)).fields[1]?.type).toEqual({ kind: 'fixed', size: 16 });
    expect(two(fixed(16), fixed(8)).fields[1]?.type).toEqual({ kind: 'fixed', size: 8 });
    expect(() =>
      parse(
        record('r', [
          { name: 'a', type: fixed(16) },
          { name: 'b', type: fixed(8) },
          { name: 'c', type: 'fixed_16' },
        ]),
      ),
    ).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test('a record may contain itself', () => {
    const type = parse(record('node', [{ name: 'next', type: ['null', 'node'] }])) as {
      fields: readonly { type: { branches: readonly unknown[] } }[];
    };
    expect(type.fields[0]?.type.branches[1]).toBe(type);
  });
});

test.each([
  ['not JSON', '{'],
  ['a byte order mark', '\ufeff"int"'],
  ['a number', '7'],
  ['null', 'null'],
  ['no type', '{}'],
  ['an unknown type', '"nope"'],
  ['a prototype name', '"__proto__"'],
  ['another', '{"type":"constructor"}'],
  ['an empty union', '[]'],
  ['a record without fields', '{"type":"record","name":"r"}'],
  ['a field that is no object', '{"type":"record","name":"r","fields":[1]}'],
  ['a fixed without size', '{"type":"fixed","name":"f"}'],
  ['a negative fixed', '{"type":"fixed","name":"f","size":-1}'],
  ['an enum without symbols', '{"type":"enum","name":"f"}'],
])('%s is corrupt', (_, text) => {
  expect(() => parseSchema(text)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

test('nesting without end is refused, not a stack overflow', () => {
  expect(() => parseSchema('['.repeat(100_000) + ']'.repeat(100_000))).toThrow(expect.objectContaining({ code: 'unsupported' }));
  const deep = `${'{"type":"record","name":"r","fields":[{"name":"f","type":'.repeat(30_000)}"int"${'}]}'.repeat(30_000)}`;
  expect(() => parseSchema(deep)).toThrow(expect.objectContaining({ code: 'unsupported' }));
});
