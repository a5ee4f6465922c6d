import { expect, test } from 'vitest';
import { firstOfEnv, fromEnv, fromFlag, quoted } from '../../src/config/sourced.js';

test('an empty variable is unset, an empty flag is an error', () => {
  expect(fromEnv({ A: '' }, 'A')).toBeUndefined();
  expect(fromEnv({ A: 'x' }, 'A')).toEqual({ value: 'x', origin: 'A' });
  expect(fromFlag(undefined, '--a')).toBeUndefined();
  expect(fromFlag('x', '--a')).toEqual({ value: 'x', origin: '--a' });
  expect(() => fromFlag('', '--a')).toThrow('--a is empty');
});

test('the first variable that is set', () => {
  expect(firstOfEnv({ A: '', B: 'b', C: 'c' }, 'A', 'B', 'C')).toEqual({ value: 'b', origin: 'B' });
  expect(firstOfEnv({}, 'A')).toBeUndefined();
});

test('a value with an @ is not quoted', () => {
  expect(quoted('x"y')).toBe('"x\\"y"');
  expect(quoted('me:pw@host')).not.toContain('pw');
});
