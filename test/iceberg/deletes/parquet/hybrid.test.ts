import fc from 'fast-check';
import { ByteWriter } from 'hyparquet-writer';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { describe, expect, test } from 'vitest';
import { HybridReader, readBits } from '../../../../src/iceberg/deletes/parquet/hybrid.js';

function read(bytes: Buffer, width: number, ...counts: readonly number[]): number[] {
  const reader = new HybridReader(bytes, width);
  const values: number[] = [];
  for (const count of counts)
    reader.read(count, (value, times) => {
      for (let i = 0; i < times; i++) values.push(value);
    });
  return values;
}

test('what hyparquet-writer encodes comes back, in pieces of any size', () => {
  const runs = fc.array(fc.tuple(fc.nat(2 ** 20), fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), runs, fc.integer({ min: 1, max: 50 }), (width, runs, piece) => {
      const values = runs.flatMap(([value, times]) => Array.from({ length: times }, () => value % 2 ** width));
      const writer = new ByteWriter();
      writeRleBitPackedHybrid(writer, values, width);
      const counts: number[] = [];
      for (let left = values.length; left > 0; left -= piece) counts.push(Math.min(left, piece));
      expect(read(Buffer.from(writer.getBytes()), width, ...counts)).toEqual(values);
    }),
    { numRuns: 300 },
  );
});

describe('by hand', () => {
  test('the example of the specification: 0 to 7 in three bits', () => {
    expect(read(Buffer.from([0x03, 0x88, 0xc6, 0xfa]), 3, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('values of 32 bits', () => {
    expect(read(Buffer.from([0x04, 0xff, 0xff, 0xff, 0xff]), 32, 2)).toEqual([0xffffffff, 0xffffffff]);
    const packed = Buffer.alloc(33);
    packed[0] = 3;
    for (let i = 0; i < 8; i++) packed.writeUInt32LE(0xfffffff0 + i, 1 + 4 * i);
    expect(read(packed, 32, 8)).toEqual(Array.from({ length: 8 }, (_, i) => 0xfffffff0 + i));
  });

  test('a run of 2^27 equal values takes no time', () => {
    const runs: [number, number][] = [];
    new HybridReader(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x01, 5]), 3).read(2 ** 27, (value, count) =>
      runs.push([value, count]),
    );
    expect(runs).toEqual([[5, 2 ** 27]]);
  });

  test('no bits are zeros', () => {
    expect(read(Buffer.from([0x0a]), 0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(read(Buffer.from([0x03]), 0, 5)).toEqual([0, 0, 0, 0, 0]);
  });

  test('the last group may be cut short behind its values, and unused values of it are passed over', () => {
    expect(read(Buffer.from([0x03, 0x88, 0xc6]), 3, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(read(Buffer.from([0x03, 0x88, 0xc6, 0xfa, 0x04, 0x07]), 3, 8, 2)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 7, 7]);
  });

  test.each([
    ['nothing', [], 3],
    ['a run without value', [0x04], 3],
    ['packed values that are not there', [0x03, 0x88], 3],
    ['a length of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 3],
    ['values of 33 bits', [0x04, 1, 1, 1, 1, 1], 33],
  ])('%s is damage', (_, bytes, width) => {
    expect(() => read(Buffer.from(bytes), width, 8)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});

test('bits at every place and width', () => {
  const number = 0xfedcba9876543210n;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(number);
  for (let shift = 0; shift < 8; shift++)
    for (let width = 0; width <= 32; width++)
      expect(readBits(bytes, 1, shift, width)).toBe(Number((number >> BigInt(8 + shift)) & (2n ** BigInt(width) - 1n)));
});
