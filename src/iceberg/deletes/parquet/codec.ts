import zlib from 'node:zlib';
import { BcnError } from '../../../errors.js';
import { unpackSnappy } from '../../snappy.js';
import { unpackZstd } from '../../zstd.js';
import { cannotHandle, damaged } from '../errors.js';
import { unpackLz4 } from '../lz4.js';

/** A page or dictionary of more bytes is refused: writers make them of a few MB. */
const MAX_PAGE = 512 * 1024 * 1024;

interface PageCodec {
  readonly name: string;
  /** Bytes that can come from one byte at most; more is a lie and must not be allocated. */
  readonly most: number;
  unpack(packed: Buffer, size: number): Buffer | Promise<Buffer>;
}

/** By their numbers (parquet.thrift, `CompressionCodec`). LZO is missing: nothing that writes Iceberg tables can write it. */
const CODECS: readonly (PageCodec | undefined)[] = [
  { name: 'UNCOMPRESSED', most: 1, unpack: (packed) => packed },
  { name: 'SNAPPY', most: 32, unpack: unpackSnappy },
  { name: 'GZIP', most: 1040, unpack: (packed, size) => zlib.gunzipSync(packed, limits(size)) },
  undefined,
  // A block of 16 MiB takes a few bytes.
  { name: 'BROTLI', most: 4 * 1024 * 1024, unpack: (packed, size) => zlib.brotliDecompressSync(packed, limits(size)) },
  { name: 'LZ4', most: 256, unpack: unpackHadoopLz4 },
  { name: 'ZSTD', most: 64 * 1024, unpack: unpackZstd },
  { name: 'LZ4_RAW', most: 256, unpack: unpackRawLz4 },
];

/** @throws BcnError `unsupported` for a codec that bcn does not know */
export function pageCodec(number: number): PageCodec {
  const codec = CODECS[number];
  if (codec === undefined) throw cannotHandle(`its compression codec ${number === 3 ? 'LZO' : number} is not known to bcn`);
  return codec;
}

/**
 * Unpacks the bytes of a page to exactly `size` bytes.
 *
 * @throws BcnError `corrupt`, `unsupported`
 */
export async function unpackPage({ name, most, unpack }: PageCodec, packed: Buffer, size: number): Promise<Buffer> {
  if (size < 0 || size > (packed.length + 1) * most)
    throw damaged(`a page of ${packed.length} bytes says it has ${size} when unpacked`);
  if (size > MAX_PAGE) throw cannotHandle(`a page of it has ${size} bytes`);
  if (size === 0) return Buffer.alloc(0);
  let page: Buffer;
  try {
    page = await unpack(packed, size);
  } catch (error) {
    if (error instanceof BcnError) throw error;
    throw damaged(`a ${name} page cannot be unpacked (${error instanceof Error ? error.message : String(error)})`);
  }
  if (page.length !== size) throw damaged(`a ${name} page unpacks to ${page.length} bytes, not ${size}`);
  return page;
}

function limits(size: number) {
  return { maxOutputLength: size, chunkSize: Math.max(64, Math.min(size, 1024 * 1024)) };
}

function unpackRawLz4(packed: Buffer, size: number): Buffer {
  const out = Buffer.allocUnsafe(size);
  return out.subarray(0, unpackLz4(packed, out, 0, size));
}

/** Hadoop's frames: a size, and as many LZ4 blocks behind their own sizes as it takes. Or, under the same name, one block without a frame. */
function unpackHadoopLz4(packed: Buffer, size: number): Buffer {
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  let length = 0;
  while (packed.length - at >= 8) {
    const frameEnd = length + packed.readUInt32BE(at);
    at += 4;
    if (frameEnd > size) return unpackRawLz4(packed, size);
    while (length < frameEnd) {
      if (packed.length - at < 4) return unpackRawLz4(packed, size);
      const end = at + 4 + packed.readUInt32BE(at);
      if (end > packed.length) return unpackRawLz4(packed, size);
      length = unpackLz4(packed.subarray(at + 4, end), out, length, frameEnd);
      at = end;
    }
  }
  return at === packed.length && length === size ? out : unpackRawLz4(packed, size);
}
