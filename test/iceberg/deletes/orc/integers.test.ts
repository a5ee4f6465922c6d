import { describe, expect, test } from 'vitest';
import { decodeRun1, OrcIntegers } from '../../../../src/iceberg/deletes/orc/integers.js';
import { Int64s } from '../../../../src/iceberg/deletes/rows.js';
import { integers, stream } from './support.js';

describe('the examples of the specification', () => {
  test.each([
    ['100 sevens', [0x61, 0x00, 0x07], Array(100).fill(7n)],
    ['100 to 1', [0x61, 0xff, 0x64], Array.from({ length: 100 }, (_, i) => BigInt(100 - i))],
    ['some primes', [0xfb, 0x02, 0x03, 0x06, 0x07, 0x0b], [2n, 3n, 6n, 7n, 11n]],
  ])('%s', async (_, bytes, values) => {
    expect(await integers(decodeRun1, bytes, values.length)).toEqual(values);
  });
});

test('signs, and all 64 bits', async () => {
  const most = [0xfe, ...Array(9).fill(0xff), 0x01, ...Array(1).fill(0x01)];
  expect(await integers(decodeRun1, most, 2, true)).toEqual([-(2n ** 63n), -1n]);
});

test('runs one behind the other, and values passed over', async () => {
  const reader = new OrcIntegers(stream(Buffer.from([0x61, 0x01, 0x00, 0xff, 0x2a])), decodeRun1, false);
  const out = new Int64s(3);
  await reader.read(undefined, 0, 99);
  await reader.read(out, 1, 2);
  expect([...out.values]).toEqual([0n, 99n, 42n]);
  await expect(reader.read(out, 0, 1)).rejects.toMatchObject({ code: 'corrupt' });
});

test.each([
  ['a run that ends too early', [0x61, 0x00]],
  ['literals that end too early', [0xfb, 0x02]],
  ['a number of 11 bytes', [0xff, ...Array(10).fill(0xff), 1]],
])('%s is damage', async (_, bytes) => {
  await expect(integers(decodeRun1, bytes, 2)).rejects.toMatchObject({ code: 'corrupt' });
});
