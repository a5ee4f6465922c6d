import { describe, expect, test } from 'vitest';
import { decodeRun2 } from '../../../../src/iceberg/deletes/orc/run2.js';
import { integers } from './support.js';

const hex = (text: string) => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];
const patched = [2030, 2000, 2020, 1000000, ...Array.from({ length: 16 }, (_, i) => 2040 + 10 * i)].map(BigInt);

describe('the examples of the specification', () => {
  test.each([
    ['short repeat', '0a 27 10', Array(5).fill(10000n)],
    ['direct', '5e 03 5c a1 ab 1e de ad be ef', [23713n, 43806n, 57005n, 48879n]],
    ['patched base', '8e 13 2b 21 07 d0 1e 00 14 70 28 32 3c 46 50 5a 64 6e 78 82 8c 96 a0 aa b4 be fc e8', patched],
    ['delta', 'c6 09 02 02 22 42 42 46', [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n]],
  ])('%s', async (_, bytes, values) => {
    for (const piece of [1, 3, 100]) expect(await integers(decodeRun2, hex(bytes), values.length, false, piece)).toEqual(values);
  });
});

test('signs', async () => {
  expect(await integers(decodeRun2, hex('00 01'), 3, true)).toEqual([-1n, -1n, -1n]);
  expect(await integers(decodeRun2, hex('4e 02 03 04 05'), 3, true)).toEqual([-2n, 2n, -3n]);
  // Down by 1, 3 and 5 from -5.
  expect(await integers(decodeRun2, hex('c6 03 09 01 35'), 4, true)).toEqual([-5n, -6n, -9n, -14n]);
});

test('one distance for all', async () => {
  expect(await integers(decodeRun2, hex('c0 04 0a 03'), 5)).toEqual([10n, 8n, 6n, 4n, 2n]);
});

test('all 64 bits', async () => {
  const most = 2n ** 63n - 1n;
  expect(await integers(decodeRun2, hex(`7e 01 ${'fffffffffffffffe'} ${'ffffffffffffffff'}`), 2, true)).toEqual([
    most,
    -most - 1n,
  ]);
  expect(await integers(decodeRun2, hex('38 fffffffffffffffe'), 3, true)).toEqual([most, most, most]);
});

test('a negative base, and gaps that no gap holds', async () => {
  // 512 values of one bit above -1; two patches of 8 bits: 255 without a patch, then 200 behind it.
  const values = Buffer.alloc(64);
  const entries = hex('ff 00 c8 01');
  const bytes = [0x81, 0xff, 0x07, 0xe2, 0x81, ...values, ...entries];
  const found = await integers(decodeRun2, bytes, 512, true, 512);
  expect(found[455]).toBe(1n);
  expect(found.filter((value) => value !== -1n)).toEqual([1n]);
});

test.each([
  ['a short repeat without value', '0a 27'],
  ['direct values that are not there', '5e 03 5c a1'],
  ['patched values that are not there', '8e 13 2b 21 07 d0 1e 00'],
  ['a patch behind the end', '80 00 00 e1 00 00 ff ff'],
  ['distances that are not there', 'c6 09 02 02 22'],
])('%s is damage', async (_, bytes) => {
  await expect(integers(decodeRun2, hex(bytes), 10)).rejects.toMatchObject({ code: 'corrupt' });
});
