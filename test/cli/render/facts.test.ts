import { expect, test } from 'vitest';
import { facts } from '../../../src/cli/render/facts.js';

test('values are aligned, absent ones leave no line, further lines continue below', () => {
  expect(
    facts([
      ['A', '1'],
      ['Longer', 'x\ny'],
      ['Gone', undefined],
    ]),
  ).toBe('A       1\nLonger  x\n        y');
  expect(facts([])).toBe('');
});
