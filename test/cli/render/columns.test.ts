import { expect, test } from 'vitest';
import { columns } from '../../../src/cli/render/columns.js';

test('columns are as wide as their widest cell, numbers to the right, no trailing spaces', () => {
  const heads = [{ title: 'NAME' }, { title: 'N', align: 'right' as const }, { title: 'X' }];
  expect(
    columns(heads, [
      ['a', '1', ''],
      ['longer', '10,000', 'y'],
      ['⛺é', '2'],
    ]),
  ).toBe(['NAME         N  X', 'a            1', 'longer  10,000  y', '⛺é           2'].join('\n'));
});

test('without rows only the titles', () => {
  expect(columns([{ title: 'A' }, { title: 'B' }], [])).toBe('A  B');
});
