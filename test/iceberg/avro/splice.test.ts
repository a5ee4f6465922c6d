import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longSize, Splice, writeLong } from '../../../src/iceberg/avro/splice.js';
import { blob, long } from './support.js';

test('replaces spans as a naive copy would', () => {
  const edit = fc.record({
    gap: fc.nat(40),
    length: fc.nat(40),
    put: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 120 }), fc.maxSafeInteger()),
  });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(edit, { maxLength: 8 }), (source, edits) => {
      const src = Buffer.from(source);
      const splice = new Splice(src);
      const expected: Buffer[] = [];
      let at = 0;
      let used = 0;
      for (const { gap, length, put } of edits) {
        const start = at + gap;
        if (start + length > src.length) break;
        splice.replace(start, start + length);
        expected.push(src.subarray(at, start), typeof put === 'string' ? blob(put) : long(put));
        if (typeof put === 'string') splice.putString(put);
        else splice.putLong(put);
        at = start + length;
        used++;
      }
      const result = splice.finish();
      if (used === 0) expect(result).toBeUndefined();
      else expect(result?.equals(Buffer.concat([...expected, src.subarray(at)]))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('numbers are written as Avro longs', () => {
  const edges = [
    0,
    63,
    64,
    -64,
    -65,
    2 ** 31,
    2 ** 52 - 1,
    2 ** 52,
    -(2 ** 52),
    -(2 ** 52) - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ];
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...edges), fc.maxSafeInteger()), (value) => {
      const out = Buffer.alloc(10);
      const end = writeLong(out, 0, value);
      expect(out.subarray(0, end).equals(long(value))).toBe(true);
      expect(longSize(value)).toBe(end);
    }),
  );
});

test('half a surrogate pair cannot be written', () => {
  expect(() => new Splice(Buffer.alloc(4)).putString('s3://b/\ud83d')).toThrow(/surrogate/);
});
