import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { BcnError } from '../../errors.js';
import { unpackSnappy } from '../snappy.js';
import { unpackZstd } from '../zstd.js';
import { cannotHandle, damaged } from './errors.js';

type Result = Buffer | Promise<Buffer>;

/** One Avro block codec. Small blocks come back at once, large deflate blocks from the thread pool. */
export interface Codec {
  /** The value of `avro.codec`. */
  readonly name: string;
  /** @throws BcnError `corrupt` when the bytes are not of this codec, `unsupported` when they unpack to more than `MAX_BLOCK` */
  decompress(data: Buffer): Result;
  /** Absent where this platform can only read the codec. */
  readonly compress?: (data: Buffer) => Result;
}

export type WritableCodec = Required<Codec>;

/** A block that unpacks to more than this is refused: Iceberg's writers start a new block after some 64 KB. */
export const MAX_BLOCK = 1024 * 1024 * 1024;

/** Below this size a trip to the thread pool costs more than the work. */
const ASYNC_FROM = 64 * 1024;

const inflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);
const deflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

const plain: WritableCodec = { name: 'null', decompress: (data) => data, compress: (data) => data };

/** Raw RFC 1951. Also stands in for codecs that bcn can only read. */
export const deflate: WritableCodec = {
  name: 'deflate',
  decompress(data) {
    const options = { maxOutputLength: MAX_BLOCK };
    if (data.length >= ASYNC_FROM)
      return inflateRaw(data, options).catch((cause: unknown) => Promise.reject(unreadable('deflate', cause)));
    return reading('deflate', () => zlib.inflateRawSync(data, options));
  },
  compress: (data) => (data.length >= ASYNC_FROM ? deflateRaw(data, {}) : zlib.deflateRawSync(data)),
};

/**
 * The codec of a file; libraries are loaded only when a file needs them.
 *
 * @param name the value of `avro.codec`; undefined means `null` (Avro 1.12 specification, "Required Codecs")
 * @throws BcnError `unsupported` for codecs that bcn does not know, xz among them
 */
export async function loadCodec(name: string | undefined): Promise<Codec> {
  switch (name) {
    case undefined:
    case 'null':
      return plain;
    case 'deflate':
      return deflate;
    case 'snappy':
      return loadSnappy();
    case 'zstandard':
      return loadZstandard();
    case 'bzip2':
      return loadBzip2();
    default:
      throw new BcnError('unsupported', `Unknown Avro codec ${JSON.stringify(name)}`, {
        hint: 'bcn reads null, deflate, snappy, zstandard and bzip2. Rewrite the manifests with one of these (write.avro.compression-codec), then try again.',
      });
  }
}

async function loadSnappy(): Promise<Codec> {
  const { default: snappy } = await import('snappyjs');
  return {
    name: 'snappy',
    decompress(data) {
      if (data.length < 5) throw damaged('a snappy block is too short');
      const packed = data.subarray(0, data.length - 4);
      const bytes = reading('snappy', () => unpackSnappy(packed));
      if (zlib.crc32(bytes) !== data.readUInt32BE(data.length - 4)) throw damaged('the checksum of a snappy block is wrong');
      return bytes;
    },
    compress(data) {
      const packed = snappy.compress(data);
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(zlib.crc32(data));
      return Buffer.concat([packed, sum]);
    },
  };
}

/** Node's own zstd (from 22.15), which `@types/node` 20 does not know. */
interface ZstdInZlib {
  readonly zstdCompressSync?: (data: Buffer) => Buffer;
  readonly zstdDecompressSync?: (data: Buffer, options: { maxOutputLength: number }) => Buffer;
}

async function loadZstandard(): Promise<Codec> {
  const { zstdCompressSync, zstdDecompressSync } = zlib as ZstdInZlib;
  if (zstdCompressSync !== undefined && zstdDecompressSync !== undefined) {
    return {
      name: 'zstandard',
      decompress: (data) => reading('zstandard', () => zstdDecompressSync(data, { maxOutputLength: MAX_BLOCK })),
      compress: (data) => zstdCompressSync(data),
    };
  }
  return {
    name: 'zstandard',
    async decompress(data) {
      if (data.length === 0) throw damaged('a zstandard block is empty');
      return unpackZstd(data, MAX_BLOCK).catch((cause: unknown) => Promise.reject(unreadable('zstandard', cause)));
    },
  };
}

async function loadBzip2(): Promise<Codec> {
  const { default: bzip } = await import('seek-bzip');
  return { name: 'bzip2', decompress: (data) => reading('bzip2', () => view(bzip.decode(data))) };
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The libraries throw errors of every kind on garbage. */
function reading(name: string, work: () => Buffer): Buffer {
  try {
    return work();
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

function unreadable(name: string, cause: unknown): BcnError {
  if (cause instanceof BcnError) return cause;
  if ((cause as { code?: unknown } | undefined)?.code === 'ERR_BUFFER_TOO_LARGE') {
    return cannotHandle(`a ${name} block unpacks to more than ${MAX_BLOCK} bytes`);
  }
  return damaged(`a ${name} block cannot be unpacked (${cause instanceof Error ? cause.message : String(cause)})`);
}
