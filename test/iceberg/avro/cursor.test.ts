import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cursor } from '../../../src/iceberg/avro/cursor.js';
import { blob, long } from './support.js';

const over = (...bytes: readonly number[]) => new Cursor(Buffer.from(bytes));
const int64 = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(-300n, 300n),
  fc.bigInt(2n ** 53n - 9n, 2n ** 53n + 9n),
  fc.bigInt(-(2n ** 53n) - 9n, -(2n ** 53n) + 9n),
);

describe('longs', () => {
  test('are exact over all of int64', () => {
    fc.assert(
      fc.property(int64, (value) => {
        const bytes = Buffer.concat([long(value), Buffer.from([7])]);
        const c = new Cursor(bytes);
        expect(c.readLong()).toBe(value);
        expect(c.left).toBe(1);
        const d = new Cursor(bytes);
        d.skipLong();
        expect(d.left).toBe(1);
      }),
    );
  });

  test('as numbers: exact when safe, refused otherwise', () => {
    fc.assert(
      fc.property(int64, (value) => {
        const c = new Cursor(long(value));
        if (Number.isSafeInteger(Number(value))) expect(BigInt(c.readSmall())).toBe(value);
        else expect(() => c.readSmall()).toThrow(/out of range/);
      }),
    );
  });

  test('spelt with more bytes than needed', () => {
    expect(over(0x84, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00).readSmall()).toBe(2);
    expect(over(0x84, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00).readLong()).toBe(2n);
  });

  test.each(['readSmall', 'readLong', 'skipLong', 'skipInt'] as const)(
    '%s refuses what does not end, or ends too late',
    (method) => {
      expect(() => over()[method]()).toThrow(/ends too early/);
      expect(() => over(0x80, 0x80)[method]()).toThrow(/ends too early/);
      expect(() => new Cursor(Buffer.alloc(20, 0xff))[method]()).toThrow(/longer than 10 bytes/);
      expect(() => new Cursor(Buffer.concat([Buffer.alloc(9, 0xff), Buffer.from([2])]))[method]()).toThrow(/out of range/);
    },
  );

  test('an int has 32 bits', () => {
    for (const value of [0, -1, 2147483647, -2147483648]) new Cursor(long(value)).skipInt();
    for (const value of [2147483648, -2147483649]) expect(() => new Cursor(long(value)).skipInt()).toThrow(/int out of range/);
  });
});

describe('text and bytes', () => {
  test.each(['', 'plain', 'näïve 😎', '\ufeffwith a byte order mark', 'a real \ufffd'])('%j survives', (text) => {
    const c = new Cursor(blob(text));
    expect(c.readString()).toBe(text);
    expect(c.left).toBe(0);
  });

  test('text must be UTF-8', () => {
    for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      expect(() => new Cursor(blob(Buffer.from(bad))).readString()).toThrow(/not UTF-8/);
    }
  });

  test('lengths are checked', () => {
    expect(() => new Cursor(long(-1)).skipBytes()).toThrow(/negative length/);
    expect(() => new Cursor(long(1)).skipBytes()).toThrow(/ends too early/);
    expect(() => new Cursor(long(2n ** 62n)).readString()).toThrow(/out of range/);
  });

  test('fixed and booleans are checked', () => {
    expect(() => over(1, 2).skipFixed(3)).toThrow(/ends too early/);
    expect(() => over().skipBoolean()).toThrow(/ends too early/);
    expect(() => over(2).skipBoolean()).toThrow(/neither 0 nor 1/);
  });
});

test('its errors are of the code corrupt', () => {
  expect(() => over().readSmall()).toThrow(expect.objectContaining({ code: 'corrupt' }));
});
