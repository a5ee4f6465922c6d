import { describe, expect, test } from 'vitest';
import { answersOf, differences } from '../../../scripts/lib/walkthrough/answers.mjs';

const answers = (entries) => new Map(Object.entries(entries));

describe('differences', () => {
  test('none: the same questions with the same rows', () => {
    expect(differences(answers({ a: ['1', '2'], b: [] }), answers({ b: [], a: ['1', '2'] }))).toEqual([]);
  });

  test.each([
    ['a row lost', ['1', '2'], ['1'], '1 row only in the source, 0 rows only in the restored table; the first: 2'],
    ['a row gained', ['1'], ['1', '2'], '0 rows only in the source, 1 row only in the restored table; the first: 2'],
    ['a row changed', ['[1,"a"]'], ['[1,"b"]'], '1 row only in the source, 1 row only in the restored table; the first: [1,"a"]'],
    ['a row twice', ['1'], ['1', '1'], '0 rows only in the source, 1 row only in the restored table; the first: 1'],
    ['a row no longer twice', ['1', '1'], ['1'], '1 row only in the source, 0 rows only in the restored table; the first: 1'],
    ['all rows', ['1', '2'], [], '2 rows only in the source, 0 rows only in the restored table; the first: 1'],
  ])('%s', (_what, before, after, text) => {
    expect(differences(answers({ 'snapshot 1': before }), answers({ 'snapshot 1': after }))).toEqual([`snapshot 1: ${text}`]);
  });

  test('a snapshot or ref that only one has', () => {
    expect(differences(answers({ 'snapshot 1': [], 'tag a': [] }), answers({ 'snapshot 1': [], 'tag b': [] }))).toEqual([
      'tag a: only the source has it',
      'tag b: only the restored table has it',
    ]);
  });
});

test('a table is asked for every snapshot and ref, by exact ids', async () => {
  const asked = [];
  const sql = async (query) => {
    asked.push(query);
    if (query.includes('.snapshots')) return { rows: [['9007199254740993'], ['2']] };
    if (query.includes('lower(type)'))
      return {
        rows: [
          ['branch', 'main'],
          ['tag', 'opening'],
        ],
      };
    return { rows: [['b'], ['a']] };
  };
  const found = await answersOf(sql, 'd.t');
  expect([...found.keys()]).toEqual([
    ...['schema', 'refs', 'history', 'snapshot 9007199254740993', 'snapshot 2', 'branch main', 'tag opening', 'the table now'],
  ]);
  expect(found.get('snapshot 2')).toEqual(['["a"]', '["b"]']);
  expect(asked).toContain('SELECT * FROM hms.d.t VERSION AS OF 9007199254740993');
  expect(asked).toContain("SELECT * FROM hms.d.t VERSION AS OF 'opening'");
});
