import { expect, test } from 'vitest';
import { pairTables } from '../../src/diff/pairs.js';
import type { CommittedTable } from '../../src/repository/commit.js';

const table = (name: string, uuid: string | null) => ({ identifier: name.split('.'), uuid }) as unknown as CommittedTable;
const pairs = (a: readonly CommittedTable[], b: readonly CommittedTable[]) =>
  pairTables(a, b).map(({ before, after }) => `${before?.identifier.join('.')} ${after?.identifier.join('.')}`);

test('by name, then by uuid, else alone', () => {
  const before = [table('d.a', '1'), table('d.b', '2'), table('d.c', '3'), table('d.v1', null)];
  const after = [table('d.new', '9'), table('d.b2', '2'), table('d.a', '7'), table('d.w1', null)];
  expect(pairs(before, after)).toEqual([
    'd.a d.a',
    'd.b d.b2',
    'd.c undefined',
    'd.v1 undefined',
    'undefined d.new',
    'undefined d.w1',
  ]);
});

test('a name counts more than a uuid, also where that stands first', () => {
  expect(pairs([table('d.a', '1'), table('d.b', '2')], [table('d.b', '1')])).toEqual(['d.a undefined', 'd.b d.b']);
});

test('levels are told apart from dots', () => {
  const odd = { identifier: ['a.b', 'c'], uuid: null } as unknown as CommittedTable;
  expect(pairTables([odd], [table('a.b.c', null)])).toHaveLength(2);
});
