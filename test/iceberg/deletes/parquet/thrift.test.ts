import { describe, expect, test } from 'vitest';
import { EndOfBytes, ThriftReader } from '../../../../src/iceberg/deletes/parquet/thrift.js';

const reader = (...bytes: readonly number[]) => new ThriftReader(Buffer.from(bytes));

/** Reads integers of a structure by id; skips the rest. */
function integers(...bytes: readonly number[]): Record<number, number> {
  const found: Record<number, number> = {};
  const r = reader(...bytes);
  r.struct((id, type) => {
    if (type !== 5) return false;
    found[id] = r.integer(type);
    return true;
  });
  expect(r.pos).toBe(bytes.length);
  return found;
}

test('field ids are steps, or written in full', () => {
  expect(integers(0x15, 2, 0x25, 4, 0x05, 0x80, 0x01, 6, 0x15, 1, 0)).toEqual({ 1: 1, 3: 2, 64: 3, 65: -1 });
});

test('all kinds of values are skipped', () => {
  const skipped = [
    ...[0x11, 0x12, 0x13, 7, 0x14, 2, 0x16, 0x80, 0x01, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 2, 97, 98],
    // A list of two booleans, a set of one struct with a list of no items, a map, an empty map, a struct.
    ...[0x19, 0x21, 1, 2, 0x1a, 0x1c, 0x19, 0x05, 0, 0x1b, 2, 0x81, 1, 97, 1, 1, 98, 2, 0x1b, 0, 0x1c, 0x15, 2, 0],
  ];
  expect(integers(...skipped, 0x15, 84, 0)).toEqual({ 13: 42 });
});

test('integers to the ends of what is exact', () => {
  const r = reader(0x16, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0);
  r.struct((_, type) => {
    expect(r.integer(type)).toBe(2 ** 52 - 1);
    return true;
  });
});

describe('the end of the bytes shows everywhere', () => {
  const all = [0x15, 0x80, 0x01, 0x18, 2, 97, 98, 0x19, 0x25, 2, 4, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x1c, 0x15, 2, 0, 0];

  test.each(all.map((_, length) => length))('after %i bytes', (length) => {
    expect(() => integers(...all.slice(0, length))).toThrow(EndOfBytes);
  });

  test('all of it is read', () => expect(integers(...all)).toEqual({ 1: 64 }));
});

describe('damage', () => {
  test.each([
    ['a list longer than the bytes', [0x19, 0xf5, 0xff, 0xff, 0x03], EndOfBytes],
    ['a map longer than the bytes', [0x1b, 0xff, 0xff, 0x03, 0x55], EndOfBytes],
    ['a text longer than the bytes', [0x18, 0xff, 0xff, 0x03], EndOfBytes],
    ['an unknown type', [0x1e], /unknown type/],
    ['a number of 11 bytes', [0x16, ...Array(10).fill(0xff), 1, 0], /number/],
    ['endless nesting', Array(100).fill(0x1c), /deep/],
    ['endless nesting of lists', Array(100).fill(0x19), /deep/],
  ])('%s', (_, bytes, message) => {
    expect(() => integers(...bytes)).toThrow(message);
  });

  test('a value of another type', () => {
    const r = reader(0x18, 1, 97, 0);
    expect(() => r.struct((_, type) => r.integer(type) >= 0)).toThrow(/integer/);
    const other = reader(0x15, 2, 0);
    expect(() => other.struct((_, type) => other.binary(type) !== undefined)).toThrow(/type 5/);
  });
});
