import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { pageCodec, unpackPage } from '../../../../src/iceberg/deletes/parquet/codec.js';

const [UNCOMPRESSED, GZIP, LZO, BROTLI, LZ4, ZSTD, LZ4_RAW] = [0, 2, 3, 4, 5, 6, 7] as const;
const corrupt = { code: 'corrupt' };
const unpack = (codec: number, bytes: Buffer, size: number) => unpackPage(pageCodec(codec), bytes, size);
/** A block of literals. */
const lz4 = (text: string) => Buffer.concat([Buffer.from([text.length << 4]), Buffer.from(text)]);
const frame = (size: number, ...blocks: readonly Buffer[]) => {
  const head = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  return Buffer.concat([head(size), ...blocks.flatMap((block) => [head(block.length), block])]);
};

describe('LZ4 as Hadoop frames it', () => {
  test('frames with one block or several, and several frames', async () => {
    const bytes = Buffer.concat([frame(5, lz4('ab'), lz4('cde')), frame(1, lz4('f'))]);
    expect((await unpack(LZ4, bytes, 6)).toString()).toBe('abcdef');
  });

  test('or a block alone', async () => {
    expect((await unpack(LZ4, lz4('abc'), 3)).toString()).toBe('abc');
    expect((await unpack(LZ4, lz4('a block alone'), 13)).toString()).toBe('a block alone');
  });

  test.each([
    ['a frame that ends too early', frame(5, lz4('ab'))],
    ['a block behind the end', frame(3, lz4('abc')).subarray(0, -1)],
    ['bytes behind the frames', Buffer.concat([frame(3, lz4('abc')), Buffer.from([1, 2, 3])])],
    ['a block of more than its frame', frame(2, lz4('abc'))],
  ])('%s is damage', async (_, bytes) => {
    await expect(unpack(LZ4, bytes, 3)).rejects.toMatchObject(corrupt);
  });

  test('damage is not called that of a Puffin file', async () => {
    await expect(unpack(LZ4_RAW, Buffer.from([0xf0]), 9)).rejects.toMatchObject({
      ...corrupt,
      message: expect.not.stringContaining('Puffin'),
    });
  });
});

test('a page has the size that it says', async () => {
  const page = Buffer.from('some bytes, some bytes');
  for (const [codec, bytes] of [
    [UNCOMPRESSED, page],
    [GZIP, zlib.gzipSync(page)],
    [BROTLI, zlib.brotliCompressSync(page)],
  ] as const) {
    expect((await unpack(codec, bytes, page.length)).equals(page)).toBe(true);
    for (const size of [page.length - 1, page.length + 1])
      await expect(unpack(codec, bytes, size)).rejects.toMatchObject(corrupt);
    await expect(unpack(codec, bytes, -1)).rejects.toMatchObject(corrupt);
  }
});

test('a page of nothing needs no bytes', async () => {
  for (const codec of [UNCOMPRESSED, GZIP, BROTLI, LZ4, ZSTD, LZ4_RAW])
    expect(await unpack(codec, Buffer.alloc(0), 0)).toHaveLength(0);
});

test('a size that cannot be is damage, and one that bcn will not hold is refused', async () => {
  await expect(unpack(GZIP, Buffer.alloc(100), 1024 * 1024)).rejects.toMatchObject(corrupt);
  await expect(unpack(GZIP, Buffer.alloc(1024 * 1024), 600 * 1024 * 1024)).rejects.toMatchObject({ code: 'unsupported' });
});

test('codecs that bcn does not know', () => {
  for (const codec of [LZO, 8, -1]) expect(() => pageCodec(codec)).toThrow(expect.objectContaining({ code: 'unsupported' }));
});
