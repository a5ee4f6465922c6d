import { BcnError } from '../../errors.js';

/** Lone surrogates cannot be written as UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Copy of a buffer with some spans replaced. Spans are named in ascending order; what lies between them is copied in one
 * piece. Nothing is allocated until the first replacement.
 */
export class Splice {
  readonly #src: Buffer;
  #out: Buffer | undefined;
  #length = 0;
  #copied = 0;

  constructor(src: Buffer) {
    this.#src = src;
  }

  /** Leaves out `[start, end)` of the source; what is put next stands in its place. */
  replace(start: number, end: number): this {
    const run = start - this.#copied;
    if (run > 0) this.#src.copy(this.#room(run), this.#length, this.#copied, start);
    else this.#room(0);
    this.#length += run;
    this.#copied = end;
    return this;
  }

  /** A zig-zag varint; safe integers only. */
  putLong(value: number): void {
    const out = this.#room(10);
    this.#length = writeLong(out, this.#length, value);
  }

  /** A length and the UTF-8 bytes of `text`. */
  putString(text: string): void {
    const chars = text.length;
    const at = this.#length;
    const out = this.#room(10 + chars * 3);
    // Paths are nearly always ASCII: guess that the length is the number of characters, and move the text if it is not.
    const guess = writeLong(out, at, chars);
    const written = out.write(text, guess, 'utf8');
    if (written === chars) {
      this.#length = guess + written;
      return;
    }
    if (LONE_SURROGATE.test(text)) {
      throw new BcnError('usage', `Path holds half of a surrogate pair and cannot be written as UTF-8: ${JSON.stringify(text)}`);
    }
    const size = longSize(written);
    out.copyWithin(at + size, guess, guess + written);
    writeLong(out, at, written);
    this.#length = at + size + written;
  }

  /** The new bytes, or undefined when nothing was replaced. */
  finish(): Buffer | undefined {
    if (this.#out === undefined) return undefined;
    this.replace(this.#src.length, this.#src.length);
    return this.#out.subarray(0, this.#length);
  }

  #room(bytes: number): Buffer {
    const need = this.#length + bytes;
    if (this.#out === undefined) {
      this.#out = Buffer.allocUnsafe(Math.max(this.#src.length + (this.#src.length >>> 3), need, 64));
    } else if (need > this.#out.length) {
      const larger = Buffer.allocUnsafe(Math.max(need, this.#out.length + (this.#out.length >>> 1)));
      this.#out.copy(larger, 0, 0, this.#length);
      this.#out = larger;
    }
    return this.#out;
  }
}

/** Writes a safe integer as a zig-zag varint at `at`; returns where it ends. */
export function writeLong(out: Buffer, at: number, value: number): number {
  // Twice the value must be an exact double.
  if (value >= 2 ** 52 || value < -(2 ** 52)) return writeBigLong(out, at, BigInt(value));
  let u = value < 0 ? -2 * value - 1 : 2 * value;
  let p = at;
  while (u >= 0x80) {
    out[p++] = (u % 0x80) | 0x80;
    u = Math.floor(u / 0x80);
  }
  out[p++] = u;
  return p;
}

function writeBigLong(out: Buffer, at: number, value: bigint): number {
  let u = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let p = at;
  while (u >= 0x80n) {
    out[p++] = Number(u & 0x7fn) | 0x80;
    u >>= 7n;
  }
  out[p++] = Number(u);
  return p;
}

/** Bytes that `value` takes as a zig-zag varint. */
export function longSize(value: number): number {
  let u = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (u >= 0x80) {
    u = Math.floor(u / 0x80);
    size++;
  }
  return size;
}
