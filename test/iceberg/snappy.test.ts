import fc from 'fast-check';
import snappy from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { unpackSnappy } from '../../src/iceberg/snappy.js';

const sample = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.integer({ min: 1, max: 400 })), { maxLength: 8 })
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => Buffer.from(bytes)))));

test('what snappyjs packs comes back', () => {
  fc.assert(
    fc.property(sample, (bytes) => {
      const packed = snappy.compress(bytes);
      expect(unpackSnappy(packed, bytes.length).equals(bytes)).toBe(true);
      expect(unpackSnappy(packed).equals(bytes)).toBe(true);
    }),
  );
});

/** Length, then elements. */
const block = (...bytes: readonly number[]) => Buffer.from(bytes);

describe('by hand', () => {
  test('literals with lengths of 1 to 4 bytes', () => {
    const body = Buffer.alloc(70, 'x');
    for (const extra of [1, 2, 3, 4]) {
      const head = Buffer.alloc(2 + extra);
      head[0] = 70;
      head[1] = (59 + extra) << 2;
      head.writeUIntLE(69, 2, extra);
      expect(unpackSnappy(Buffer.concat([head, body])).equals(body)).toBe(true);
    }
  });

  test('copies of each kind, also over themselves', () => {
    expect(unpackSnappy(block(6, 0x04, 97, 98, 0x01, 0x02)).toString()).toBe('ababab');
    expect(unpackSnappy(block(5, 0x04, 97, 98, 0x0a, 0x02, 0x00)).toString()).toBe('ababa');
    expect(unpackSnappy(block(5, 0x04, 97, 98, 0x0b, 0x01, 0, 0, 0)).toString()).toBe('abbbb'.slice(0, 5));
  });

  test.each([
    ['nothing', block()],
    ['no end of the length', block(0x80)],
    ['a length of six bytes', block(0x80, 0x80, 0x80, 0x80, 0x80, 0x01)],
    ['fewer bytes than stated', block(5, 0x04, 97, 98)],
    ['more bytes than stated', block(1, 0x04, 97, 98)],
    ['a literal that ends too early', block(5, 0x10, 97)],
    ['a literal whose length ends too early', block(5, 0xf4, 97)],
    ['a copy that ends too early', block(5, 0x00, 97, 0x02, 0x01)],
    ['a copy of distance 0', block(5, 0x00, 97, 0x01, 0x00)],
    ['a copy from before the start', block(5, 0x00, 97, 0x01, 0x02)],
    ['a copy behind the end', block(3, 0x00, 97, 0x01, 0x01)],
    ['a size that cannot be', block(0xff, 0xff, 0xff, 0xff, 0x0f, 0x00)],
    // Here snappyjs never returns.
    ['a literal of 4 GiB', Buffer.concat([block(40, 0xfc, 0xf0, 0xff, 0xff, 0xff), Buffer.alloc(40)])],
  ])('%s is damage', (_, bytes) => {
    expect(() => unpackSnappy(bytes)).toThrow();
  });

  test('another size than the caller knows', () => {
    expect(() => unpackSnappy(block(2, 0x04, 97, 98), 3)).toThrow();
  });
});

test('random bytes end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(unpackSnappy(Buffer.from(bytes)).length).toBeLessThanOrEqual(bytes.length * 32);
      } catch (error) {
        expect((error as Error).message).toMatch(/^it /);
      }
    }),
    { numRuns: 3000 },
  );
});
