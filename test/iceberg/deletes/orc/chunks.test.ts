import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { OrcCodec, unpackAll } from '../../../../src/iceberg/deletes/orc/chunks.js';
import { chunk, stream } from './support.js';

const ZLIB = 1;
const corrupt = { code: 'corrupt' };
const packed = Buffer.concat([
  chunk(zlib.deflateRawSync(Buffer.from('abcdef')), false),
  chunk(Buffer.from('gh'), true),
  chunk(zlib.deflateRawSync(Buffer.from('i')), false),
]);

test('chunks, packed and plain, one behind the other', async () => {
  expect((await unpackAll(packed, new OrcCodec(ZLIB, 100))).toString()).toBe('abcdefghi');
  expect((await unpackAll(Buffer.from('as it is'), new OrcCodec(0, 0))).toString()).toBe('as it is');
});

test('a stream hands out what is ensured, over the ends of chunks', async () => {
  const s = stream(packed, ZLIB, 100);
  expect(await s.ensure(3)).toBe(6);
  expect(s.take(4).toString()).toBe('abcd');
  expect(() => s.take(3)).toThrow(expect.objectContaining(corrupt));
  expect(await s.ensure(4)).toBe(4);
  expect(s.take(3).toString()).toBe('efg');
  expect(await s.ensure(100)).toBe(2);
  expect(s.byte()).toBe(0x68);
  expect(s.byte()).toBe(0x69);
  expect(() => s.byte()).toThrow(expect.objectContaining(corrupt));
  expect(await s.ensure(1)).toBe(0);
});

describe('damage', () => {
  test.each([
    ['a head that ends too early', Buffer.from([1, 0])],
    ['a chunk that ends too early', packed.subarray(0, 5)],
    ['no deflate', chunk(Buffer.from('abc'), false)],
    ['a chunk of more than it may be', chunk(zlib.deflateRawSync(Buffer.alloc(101)), false)],
  ])('%s', async (_, bytes) => {
    await expect(unpackAll(bytes, new OrcCodec(ZLIB, 100))).rejects.toMatchObject(corrupt);
    await expect(stream(bytes, ZLIB, 100).ensure(1000)).rejects.toMatchObject(corrupt);
  });
});

test('codecs and sizes that bcn does not take', () => {
  for (const [kind, most] of [
    [3, 100],
    [7, 100],
    [ZLIB, 2 ** 30],
  ] as const)
    expect(() => new OrcCodec(kind, most)).toThrow(expect.objectContaining({ code: 'unsupported' }));
});
