import zlib from 'node:zlib';
import { BcnError } from '../../../errors.js';
import { unpackSnappy } from '../../snappy.js';
import { unpackZstd } from '../../zstd.js';
import { cannotHandle, damaged } from '../errors.js';
import { unpackLz4 } from '../lz4.js';
import { type Source, Window } from '../source.js';

/** A chunk of more bytes is refused: writers use 64 KiB to 1 MiB. */
const MAX_CHUNK = 64 * 1024 * 1024;
const CHUNK_HEAD = 3;

type Unpack = (packed: Buffer, most: number) => Buffer | Promise<Buffer>;

/** By their numbers (orc_proto.proto, `CompressionKind`); LZO is missing, as Java's Iceberg cannot write it. */
const CODECS: readonly (Unpack | undefined)[] = [
  (packed) => packed,
  (packed, most) => zlib.inflateRawSync(packed, { maxOutputLength: most }),
  (packed) => unpackSnappy(packed),
  undefined,
  (packed, most) => {
    const out = Buffer.allocUnsafe(Math.min(most, packed.length * 256));
    return out.subarray(0, unpackLz4(packed, out, 0, out.length));
  },
  unpackZstd,
  (packed, most) => zlib.brotliDecompressSync(packed, { maxOutputLength: most }),
];

/** How the streams and footers of a file are packed. */
export class OrcCodec {
  /** False when bytes lie as they are, without chunks. */
  readonly packs: boolean;
  /** Bytes of a chunk at most, unpacked. */
  readonly #most: number;
  readonly #unpack: Unpack;
  /** Its number. */
  readonly kind: number;

  constructor(kind: number, most: number) {
    const unpack = CODECS[kind];
    if (unpack === undefined) throw cannotHandle(`its compression codec ${kind === 3 ? 'LZO' : kind} is not known to bcn`);
    if (most > MAX_CHUNK) throw cannotHandle(`it is packed in chunks of ${most} bytes`);
    this.kind = kind;
    this.packs = kind !== 0;
    this.#most = most;
    this.#unpack = unpack;
  }

  async unpack(packed: Buffer): Promise<Buffer> {
    if (packed.length === 0) return packed;
    let bytes: Buffer;
    try {
      bytes = await this.#unpack(packed, this.#most);
    } catch (error) {
      if (error instanceof BcnError) throw error;
      throw damaged(`a chunk of it cannot be unpacked (${error instanceof Error ? error.message : String(error)})`);
    }
    if (bytes.length > this.#most) throw damaged(`a chunk of it has ${bytes.length} bytes, more than ${this.#most}`);
    return bytes;
  }
}

/** Unpacks bytes that are there as a whole: a footer. */
export async function unpackAll(bytes: Buffer, codec: OrcCodec): Promise<Buffer> {
  if (!codec.packs) return bytes;
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < CHUNK_HEAD) throw ended();
    const { length, isPlain } = readHead(bytes, at);
    at += CHUNK_HEAD;
    if (length > bytes.length - at) throw ended();
    const chunk = bytes.subarray(at, at + length);
    at += length;
    parts.push(isPlain ? chunk : await codec.unpack(chunk));
  }
  return Buffer.concat(parts);
}

/** A stream of a stripe, unpacked from front to back. */
export class OrcStream {
  readonly #window: Window;
  readonly #codec: OrcCodec;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(source: Source, codec: OrcCodec, start: number, length: number) {
    this.#window = new Window(source, start, start + length);
    this.#codec = codec;
  }

  /** Makes sure that `count` bytes, or all there are, can be read without waiting; returns how many can. */
  async ensure(count: number): Promise<number> {
    let have = this.#bytes.length - this.#at;
    if (have >= count || this.#window.left === 0) return have;
    const parts = [this.#bytes.subarray(this.#at)];
    while (have < count && this.#window.left > 0) {
      const part = await this.#next(count - have);
      parts.push(part);
      have += part.length;
    }
    this.#bytes = Buffer.concat(parts);
    this.#at = 0;
    return have;
  }

  /** One of the bytes that are ensured. */
  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw ended();
    this.#at++;
    return byte;
  }

  /** Some of the bytes that are ensured. */
  take(count: number): Buffer {
    if (count > this.#bytes.length - this.#at) throw ended();
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  async #next(wanted: number): Promise<Buffer> {
    if (!this.#codec.packs) return this.#window.take(Math.min(this.#window.left, Math.max(wanted, 64 * 1024)));
    const { length, isPlain } = readHead(await this.#window.take(CHUNK_HEAD), 0);
    const chunk = await this.#window.take(length);
    return isPlain ? chunk : this.#codec.unpack(chunk);
  }
}

function readHead(bytes: Buffer, at: number): { readonly length: number; readonly isPlain: boolean } {
  const head = bytes.readUIntLE(at, CHUNK_HEAD);
  return { length: head >>> 1, isPlain: (head & 1) === 1 };
}

function ended() {
  return damaged('a stream of it ends too early');
}
