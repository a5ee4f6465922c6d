import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Nesting } from '../../src/spill/nesting.js';
import { byteCompare } from '../../src/storage/location.js';

function below(keys: readonly string[]): readonly string[] {
  const nesting = new Nesting();
  return keys.filter((key) => nesting.above(key) !== undefined);
}

test('a key below another, however many sort between them', () => {
  expect(below(['a', 'a-b', 'a.b', 'a/b', 'a/b/c', 'a0', 'ab/c', 'b/c', 'b/c/d'])).toEqual(['a/b', 'a/b/c', 'b/c/d']);
  expect(new Nesting().above('a/b')).toBeUndefined();
  const nesting = new Nesting();
  for (const key of ['x', 'x!', 'x!y']) expect(nesting.above(key)).toBeUndefined();
  expect(nesting.above('x/y')).toBe('x');
  expect(nesting.above('x/y')).toBe('x');
  expect(nesting.above('x/y/z')).toBe('x/y');
});

test('it says what comparing all pairs says', () => {
  const key = fc.array(fc.constantFrom('a', 'b', '/', '!', '\u{1F600}', '\uFFFD'), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.uniqueArray(
        key.map((parts) => parts.join('')),
        { maxLength: 30 },
      ),
      (keys) => {
        const sorted = keys.toSorted(byteCompare);
        const expected = sorted.filter((one) => sorted.some((other) => one.startsWith(`${other}/`)));
        expect(below(sorted)).toEqual(expected);
      },
    ),
  );
});
