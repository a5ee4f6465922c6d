import { describe, expect, test } from 'vitest';
import { assertNameOrTemplate, newName } from '../../src/backup/name.js';
import { BcnError } from '../../src/errors.js';

const START = Date.UTC(2026, 10, 28, 1, 2, 3, 456);
const TABLE = { namespace: ['shop'], name: 'orders' };
const tables = ({ namespace, name } = TABLE) => ({ database: namespace.join('.'), table: [...namespace, name].join('.') });
const nameOf = (text: string, table = TABLE) => newName(text, tables(table)).at(START);

test.each([
  ['nightly', 'nightly', undefined],
  ['nightly-{utc}', 'nightly-20261128T010203Z', 'nightly-{utc}'],
  ['{date}', '2026-11-28', '{date}'],
  ['{table}_{date}', 'shop.orders_2026-11-28', 'shop.orders_{date}'],
  ['{database}-{utc}-{utc}', 'shop-20261128T010203Z-20261128T010203Z', 'shop-{utc}-{utc}'],
  ['x-{table}', 'x-shop.orders', 'x-shop.orders'],
])('%s', (text, name, template) => {
  expect(nameOf(text)).toBe(name);
  expect(newName(text, tables()).template).toBe(template);
});

test('a namespace of several levels', () => {
  expect(nameOf('{database}/{table}'.replace('/', '-'), { namespace: ['a', 'b'], name: 't' })).toBe('a.b-a.b.t');
});

describe('refused', () => {
  test.each(['{}', '{UTC}', '{time}', 'a-{utc', 'a-utc}', '{{utc}}', '{ utc }', '{utc}{x}'])(
    '%s: no placeholder of ours',
    (text) => {
      expect(() => assertNameOrTemplate(text)).toThrow(/^Unknown placeholder/);
    },
  );

  test.each(['', '.{utc}', 'a/{utc}', 'ä-{date}', `${'x'.repeat(128)}{utc}`, 'a b{utc}'])(
    '%j before anything is read',
    (text) => {
      expect(() => assertNameOrTemplate(text)).toThrow(BcnError);
    },
  );

  test.each(['latest', 'live'])('%s: it stands for something', (text) => {
    expect(() => assertNameOrTemplate(text)).toThrow(`A new backup cannot be named "${text}"`);
  });

  test('what is filled in makes an invalid name', () => {
    expect(() => nameOf('{table}', { namespace: ['shop'], name: 'o rders' })).toThrow('invalid backup name: "shop.o rders"');
    expect(() => nameOf('{table}', { namespace: ['s'], name: 'x'.repeat(128) })).toThrow(BcnError);
    expect(() => nameOf('{database}', { namespace: ['latest'], name: 't' })).toThrow('invalid backup name: "latest"');
  });

  test.each([
    ['{table}', { database: 'shop', table: undefined }],
    ['{database}-{utc}', { database: undefined, table: undefined }],
  ])('%s of a backup of several', (text, several) => {
    expect(() => newName(text, several)).toThrow(/the backup is of several/);
    expect(newName('{utc}', several).template).toBe('{utc}');
  });

  test("a table's name is no pattern of a replacement, nor a placeholder", () => {
    expect(() => nameOf('{table}', { namespace: ['s'], name: '$&' })).toThrow('"s.$&"');
    expect(() => nameOf('{table}', { namespace: ['s'], name: '{utc}' })).toThrow(BcnError);
  });
});
