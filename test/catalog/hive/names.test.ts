import { expect, test } from 'vitest';
import { checkCreatable, checkCreatableDatabase, normaliseIdent } from '../../../src/catalog/hive/names.js';

test('names are folded to lower case', () => {
  expect(normaliseIdent({ namespace: ['Db_1'], name: 'T_É' })).toEqual({ namespace: ['db_1'], name: 't_é' });
});

test.each([
  [[], 't'],
  [['a', 'b'], 't'],
  [[''], 't'],
  [['db'], ''],
  [['db'], 'a\nb'],
  [['d'.repeat(129)], 't'],
  [['db'], 't'.repeat(257)],
])('%j . %j is a usage error', (namespace, name) => {
  expect(() => normaliseIdent({ namespace, name })).toThrow(expect.objectContaining({ code: 'usage' }));
});

test.each(['a b', 'a-b', 'a/b', 'é', 'a.b', "a'b"])('%j may exist but is not made', (name) => {
  const ident = { namespace: ['db'], name };
  expect(normaliseIdent(ident)).toEqual(ident);
  expect(() => checkCreatable(ident)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  expect(() => checkCreatableDatabase(name)).toThrow(
    expect.objectContaining({ code: 'unsupported', hint: expect.stringContaining('--target-database') }),
  );
});

test('letters, digits and underscores are made', () => {
  checkCreatable({ namespace: ['db'], name: '0_orders_2026' });
  checkCreatableDatabase('0_orders_2026');
});
