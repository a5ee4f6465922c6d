import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCodec } from '../../../src/iceberg/avro/codec.js';

const TEXT = Buffer.from('bcn bcn bcn bcn '.repeat(8));
/** TEXT, packed by other programs: Python's bz2, Arrow's snappy with Avro's checksum, zstd with and without content size and checksum. */
const PACKED = [
  ['bzip2', 'QlpoOTFBWSZTWYSFQ7YAAB+RAEAAGAEgADDNNAqTJgcCgwPF3JFOFCQhIVDtgA=='],
  ['snappy', 'gAEMYmNuIP4EAO4EALh0JSY='],
  ['zstandard', 'KLUv/SCAXQAAIGJjbiABAPnUEQE='],
  ['zstandard', 'KLUv/QQAXQAAIGJjbiABAPnUEQGZZba9'],
  ['deflate', zlib.deflateRawSync(TEXT, { level: 9 }).toString('base64')],
  ['null', TEXT.toString('base64')],
] as const;

test.each(PACKED)('reads %s', async (name, packed) => {
  const codec = await loadCodec(name);
  expect(codec.name).toBe(name);
  expect((await codec.decompress(Buffer.from(packed, 'base64'))).equals(TEXT)).toBe(true);
});

test('no codec means null', async () => {
  expect((await loadCodec(undefined)).name).toBe('null');
});

test.each(['null', 'deflate', 'snappy'])('%s round-trips blocks of any size', async (name) => {
  const { compress, decompress } = await loadCodec(name);
  const sizes = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.nat(300_000).map((size) => new Uint8Array(size).map((_, i) => (i * i) >> 3)),
  );
  await fc.assert(
    fc.asyncProperty(sizes, async (bytes) => {
      const data = Buffer.from(bytes);
      const packed = await (compress as (data: Buffer) => Buffer | Promise<Buffer>)(data);
      expect((await decompress(packed)).equals(data)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('zstandard is written only where the platform can; bzip2 never', async () => {
  expect((await loadCodec('zstandard')).compress !== undefined).toBe('zstdCompressSync' in zlib);
  expect((await loadCodec('bzip2')).compress).toBeUndefined();
});

test.each(['xz', 'lzma', 'Deflate', ''])('%j is unsupported, and named', async (name) => {
  await expect(loadCodec(name)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining(JSON.stringify(name)),
    hint: expect.any(String),
  });
});

describe('garbage is corrupt, whatever the library throws', () => {
  test.each(['deflate', 'snappy', 'zstandard', 'bzip2'])('%s', async (name) => {
    const { decompress } = await loadCodec(name);
    const samples = PACKED.filter(([codec]) => codec === name).map(([, packed]) => Buffer.from(packed, 'base64'));
    const flipped = fc
      .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 3 }), fc.nat(60))
      .map(([sample, flips, cut]) => {
        const bytes = Buffer.from(sample.subarray(0, sample.length - (cut < 10 ? cut : 0)));
        for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }).map((b) => Buffer.from(b)),
          flipped,
        ),
        async (bytes) => {
          try {
            expect(Buffer.isBuffer(await decompress(bytes))).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ name: 'BcnError' });
          }
        },
      ),
      { numRuns: 400 },
    );
    await expect((async () => decompress(Buffer.from('surely not packed')))()).rejects.toMatchObject({ code: 'corrupt' });
    await expect((async () => decompress(Buffer.alloc(0)))()).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('large deflate blocks, on the thread pool, too', async () => {
    const { decompress } = await loadCodec('deflate');
    await expect((async () => decompress(Buffer.alloc(200_000, 0xff)))()).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('a wrong snappy checksum', async () => {
    const bytes = Buffer.from(PACKED[1][1], 'base64');
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    const { decompress } = await loadCodec('snappy');
    await expect((async () => decompress(bytes))()).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('checksum'),
    });
  });

  test('a snappy length that is a lie is not allocated', async () => {
    const { decompress } = await loadCodec('snappy');
    await expect((async () => decompress(Buffer.from('ffffffff0f00aabbccdd', 'hex')))()).rejects.toMatchObject({
      code: 'corrupt',
    });
  });
});
