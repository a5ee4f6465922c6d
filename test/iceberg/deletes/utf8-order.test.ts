import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareUtf8 } from '../../../src/iceberg/deletes/utf8-order.js';

const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    '/',
    'é',
    '\u{7ff}',
    '\u{800}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{fffd}',
    '\u{ffff}',
    '\u{10000}',
    '\u{1f600}',
    '\u{10ffff}',
  ),
  maxLength: 6,
});

test('strings compare as their UTF-8 bytes do', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 3000 },
  );
});

test('where UTF-16 would have it the other way', () => {
  expect('\u{fffd}' > '\u{1f600}').toBe(true);
  expect(compareUtf8('s3://b/\u{fffd}', 's3://b/\u{1f600}')).toBeLessThan(0);
});
