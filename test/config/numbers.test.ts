import { expect, test } from 'vitest';
import { trueOrFalse, wholeNumber } from '../../src/config/numbers.js';
import { sourced } from '../../src/config/sourced.js';

test.each([
  ['1', 1],
  ['256', 256],
  ['007', 7],
])('%s is a whole number', (text, value) => {
  expect(wholeNumber(sourced(text, '--jobs'), 1, 256)).toBe(value);
});

test.each(['0', '257', '-1', '1.5', '1e2', '0x10', ' 5', '5 ', 'NaN', 'many', '99999999999999999999'])('%s is not', (text) => {
  expect(() => wholeNumber(sourced(text, '--jobs'), 1, 256)).toThrow(
    expect.objectContaining({ code: 'usage', message: `--jobs must be a whole number from 1 to 256, not "${text}"` }),
  );
});

test('true and false, in the usual spellings', () => {
  expect(['true', 'TRUE', '1', 'yes'].map((text) => trueOrFalse(sourced(text, 'X')))).toEqual([true, true, true, true]);
  expect(['false', '0', 'No'].map((text) => trueOrFalse(sourced(text, 'X')))).toEqual([false, false, false]);
  expect(() => trueOrFalse(sourced('on?', 'X'))).toThrow('X must be true or false');
});
