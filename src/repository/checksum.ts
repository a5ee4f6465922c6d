import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Checksum } from '../storage/port.js';

/** Whether bcn can compute a checksum of this kind itself. */
export function isComputable(sum: Checksum | null): sum is Checksum {
  if (sum === null || (sum.alg !== 'sha256' && sum.alg !== 'crc32')) return false;
  return sum.kind === 'full' || sum.partSize !== undefined;
}

/** Computes a checksum as S3 defines it: over all bytes, or over the digests of parts of `partSize` bytes. */
export class Summer {
  readonly #sum: Checksum;
  #digests: Buffer[] = [];
  #part: PartSum;
  #left: number;

  constructor(sum: Checksum) {
    this.#sum = sum;
    this.#part = newPart(sum.alg);
    this.#left = this.#partSize();
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
    if (this.#sum.kind === 'full') return this.#part.digest().toString('base64');
    if (this.#left < this.#partSize()) this.#close();
    const whole = newPart(this.#sum.alg);
    whole.update(Buffer.concat(this.#digests));
    return whole.digest().toString('base64');
  }

  #close(): void {
    this.#digests.push(this.#part.digest());
    this.#part = newPart(this.#sum.alg);
    this.#left = this.#partSize();
  }

  #partSize(): number {
    return this.#sum.kind === 'full' ? Number.POSITIVE_INFINITY : (this.#sum.partSize as number);
  }
}

interface PartSum {
  update(bytes: Buffer): void;
  digest(): Buffer;
}

function newPart(alg: Checksum['alg']): PartSum {
  if (alg === 'sha256') {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
  }
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => {
      const out = Buffer.alloc(4);
      out.writeUInt32BE(value >>> 0);
      return out;
    },
  };
}
