import fc from 'fast-check';
import { ByteWriter } from 'hyparquet-writer';
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js';
import { describe, expect, test } from 'vitest';
import { DeltaReader } from '../../../../src/iceberg/deletes/parquet/delta.js';

function read(bytes: Buffer, wrap: 32 | 64, ...counts: readonly number[]) {
  const reader = new DeltaReader(bytes, 0, wrap);
  const values: bigint[] = [];
  const sink = { number: (value: number) => values.push(BigInt(value)), bigint: (value: bigint) => values.push(value) };
  for (const count of counts) reader.read(count, sink);
  return { values, end: reader.end() };
}

function pack(values: readonly bigint[]): Buffer {
  const writer = new ByteWriter();
  deltaBinaryPack(writer, BigInt64Array.from(values), 'INT64');
  return Buffer.from(writer.getBytes());
}

const int64 = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(0n, 1000n),
  fc.constantFrom(0n, 2n ** 51n, 2n ** 51n + 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 51n), 2n ** 63n - 1n, -(2n ** 63n)),
);
const steps = fc
  .tuple(fc.bigInt(0n, 2n ** 52n), fc.array(fc.bigInt(-5n, 2n ** 49n), { maxLength: 300 }))
  .map(([first, deltas]) => {
    let value = first;
    return [
      first,
      ...deltas.map((delta) => {
        value += delta;
        return value;
      }),
    ];
  });

test('what hyparquet-writer packs comes back, exact, in pieces of any size', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.array(int64, { minLength: 1, maxLength: 300 }), steps),
      fc.integer({ min: 1, max: 200 }),
      (values, piece) => {
        const bytes = pack(values);
        const counts: number[] = [];
        for (let left = values.length; left > 0; left -= piece) counts.push(Math.min(left, piece));
        const found = read(Buffer.concat([bytes, Buffer.from('behind')]), 64, ...counts);
        expect(found.values).toEqual(values.map((value) => BigInt.asIntN(64, value)));
        expect(found.end).toBe(bytes.length);
      },
    ),
    { numRuns: 500 },
  );
});

test('skipping counts as reading', () => {
  const values = Array.from({ length: 500 }, (_, i) => BigInt(i * i));
  const reader = new DeltaReader(pack(values), 0, 64);
  reader.read(300, undefined);
  const found: number[] = [];
  reader.read(200, { number: (value) => found.push(value), bigint: () => {} });
  expect(found[0]).toBe(300 * 300);
  expect(() => reader.read(1, undefined)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

describe('by hand', () => {
  test('int32 wraps around', () => {
    // One block of 128 in 4 parts, two values, the first 2147483647, then a step of 1.
    const bytes = Buffer.from([0x80, 0x01, 4, 2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 2, 0, 0, 0, 0]);
    expect(read(bytes, 32, 2).values).toEqual([2147483647n, -2147483648n]);
    expect(read(bytes, 64, 2).values).toEqual([2147483647n, 2147483648n]);
  });

  test.each([
    ['nothing', []],
    ['blocks of nothing', [0, 4, 2, 0]],
    ['no parts', [0x80, 0x01, 0, 2, 0]],
    ['parts of 12.8 values', [0x80, 0x01, 10, 2, 0]],
    ['parts of 4 values', [0x10, 4, 2, 0]],
    ['blocks of 2^30 values', [0x80, 0x80, 0x80, 0x80, 0x04, 4, 2, 0]],
    ['a width of 65 bits', [0x80, 0x01, 4, 2, 0, 0, 65, 0, 0, 0]],
    ['widths that are not there', [0x80, 0x01, 4, 2, 0, 0]],
    ['deltas that are not there', [0x80, 0x01, 4, 2, 0, 0, 8, 0, 0, 0]],
    ['a count of 2^63', [0x80, 0x01, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]],
    ['a number of 11 bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ])('%s is damage', (_, bytes) => {
    expect(() => read(Buffer.from(bytes), 64, 2)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
