import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Checksum } from '../storage/port.js';

const COMPUTED: readonly string[] = ['sha256', 'crc32', 'crc32c', 'crc64nvme'] satisfies Checksum['alg'][];

/** Whether bcn can compute a checksum of this kind itself. Records of later versions may hold other kinds. */
export function isComputable(sum: Checksum | null | undefined): sum is Checksum {
  if (!sum || !COMPUTED.includes(sum.alg)) return false;
  return sum.kind === 'full' || sum.partSize !== undefined;
}

/** Two checksums of one kind, with other values: a copy already computed its own, so comparing costs nothing. */
export function differ(recorded: Checksum | null | undefined, copied: Checksum | undefined): boolean {
  if (!recorded || !copied) return false;
  const alike = recorded.alg === copied.alg && recorded.kind === copied.kind && recorded.partSize === copied.partSize;
  return alike && recorded.value !== copied.value;
}

/** Computes a checksum as S3 defines it: over all bytes, or over the digests of parts of `partSize` bytes. */
export class Summer {
  readonly #sum: Checksum;
  readonly #part: Digest;
  #digests: Buffer[] = [];
  #left: number;

  private constructor(sum: Checksum, part: Digest) {
    this.#sum = sum;
    this.#part = part;
    this.#left = this.#partSize();
  }

  /** `sum` is one that `isComputable`; its value does not matter. */
  static async open(sum: Checksum): Promise<Summer> {
    return new Summer(sum, await newDigest(sum.alg));
  }

  update(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const piece = rest.subarray(0, Math.min(rest.length, this.#left));
      this.#part.update(piece);
      this.#left -= piece.length;
      rest = rest.subarray(piece.length);
      if (this.#left === 0) this.#close();
    }
  }

  /** base64 */
  digest(): string {
    if (this.#sum.kind === 'full') return this.#part.end().toString('base64');
    if (this.#left < this.#partSize()) this.#close();
    this.#part.update(Buffer.concat(this.#digests));
    return this.#part.end().toString('base64');
  }

  #close(): void {
    this.#digests.push(this.#part.end());
    this.#left = this.#partSize();
  }

  #partSize(): number {
    return this.#sum.kind === 'full' ? Number.POSITIVE_INFINITY : (this.#sum.partSize as number);
  }
}

/** `end` gives the digest of what went in, and begins again. */
interface Digest {
  update(bytes: Buffer): void;
  end(): Buffer;
}

/** Reversed polynomials: Castagnoli's, and that of the NVM Express specification ("64b CRC"). */
const CRC32C = 0x82f63b78;
const CRC64NVME = '9a6c9329ac4bc9b5';

async function newDigest(alg: Checksum['alg']): Promise<Digest> {
  if (alg === 'sha256') {
    let hash = createHash('sha256');
    const end = () => {
      const digest = hash.digest();
      hash = createHash('sha256');
      return digest;
    };
    return { update: (bytes) => void hash.update(bytes), end };
  }
  if (alg === 'crc32') {
    let value = 0;
    const end = () => {
      const out = Buffer.alloc(4);
      out.writeUInt32BE(value >>> 0);
      value = 0;
      return out;
    };
    return {
      update: (bytes) => {
        value = crc32(bytes, value);
      },
      end,
    };
  }
  const { createCRC32, createCRC64 } = await import('hash-wasm');
  const hash = (await (alg === 'crc32c' ? createCRC32(CRC32C) : createCRC64(CRC64NVME))).init();
  const end = () => {
    const digest = Buffer.from(hash.digest('hex'), 'hex');
    hash.init();
    return digest;
  };
  return { update: (bytes) => void hash.update(bytes), end };
}
