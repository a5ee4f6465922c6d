import { isUtf8 } from 'node:buffer';
import { damaged } from './errors.js';

/**
 * A position in decompressed Avro bytes. Every method checks the end of the buffer and throws `corrupt`; none reads past it.
 * Source: Avro 1.12 specification, "Binary encoding".
 */
export class Cursor {
  buf: Buffer;
  pos: number;
  /** Nesting of recursive named types, bounded by the skipper. */
  depth = 0;
  /** Where the wanted fields of the record at hand start; -1 when null or absent. Filled by a `Locator`. */
  slots: Int32Array = NO_SLOTS;

  constructor(buf: Buffer, pos = 0) {
    this.buf = buf;
    this.pos = pos;
  }

  /** Bytes left. */
  get left(): number {
    return this.buf.length - this.pos;
  }

  /** A zig-zag varint that must be a safe integer: lengths, counts, union branches, ints. */
  readSmall(): number {
    const buf = this.buf;
    let p = this.pos;
    let b = buf[p++];
    if (b === undefined) throw ended();
    if (b < 0x80) {
      this.pos = p;
      return (b >>> 1) ^ -(b & 1);
    }
    let u = b & 0x7f;
    let scale = 0x80;
    for (let i = 1; i < 10; i++) {
      b = buf[p++];
      if (b === undefined) throw ended();
      u += (b & 0x7f) * scale;
      if (b < 0x80) {
        if (u > Number.MAX_SAFE_INTEGER) return this.#readLarge();
        this.pos = p;
        return u % 2 === 0 ? u / 2 : -(u + 1) / 2;
      }
      scale *= 0x80;
    }
    throw damaged(`number longer than 10 bytes at byte ${this.pos}`);
  }

  /** Where the unsigned form is no exact double, the number itself may still be one. */
  #readLarge(): number {
    const start = this.pos;
    const value = Number(this.readLong());
    if (!Number.isSafeInteger(value)) throw damaged(`number out of range at byte ${start}`);
    return value;
  }

  /** A zig-zag varint as an exact int64. */
  readLong(): bigint {
    const start = this.pos;
    this.skipLong();
    const end = this.pos;
    if (end - start <= 7) {
      this.pos = start;
      return BigInt(this.readSmall());
    }
    let u = 0n;
    for (let p = end - 1; p >= start; p--) u = (u << 7n) | BigInt((this.buf[p] as number) & 0x7f);
    return (u >> 1n) ^ -(u & 1n);
  }

  skipLong(): void {
    const buf = this.buf;
    let p = this.pos;
    let b = buf[p++];
    if (b !== undefined && b < 0x80) {
      this.pos = p;
      return;
    }
    for (let i = 1; b !== undefined && i < 10; i++) {
      b = buf[p++];
      if (b !== undefined && b < 0x80) {
        if (i === 9 && b > 1) throw damaged(`number out of range at byte ${this.pos}`);
        this.pos = p;
        return;
      }
    }
    if (b === undefined) throw ended();
    throw damaged(`number longer than 10 bytes at byte ${this.pos}`);
  }

  /** An Avro int: at most 32 bits. */
  skipInt(): void {
    const buf = this.buf;
    const first = buf[this.pos];
    if (first !== undefined && first < 0x80) {
      this.pos++;
      return;
    }
    const start = this.pos;
    const value = this.readSmall();
    if (value > 0x7fffffff || value < -0x80000000) throw damaged(`int out of range at byte ${start}`);
  }

  /**
   * `count` times a key (int) and a value (long): the shape of Iceberg's metrics, which are most of a manifest. The common
   * cases run on a local position; everything else, errors included, is left to the methods above.
   */
  skipIntLongs(count: number): void {
    const buf = this.buf;
    let p = this.pos;
    for (let i = 0; i < count; i++) {
      if ((buf[p] as number) < 0x80) p++;
      else {
        this.pos = p;
        this.skipInt();
        p = this.pos;
      }
      let q = p;
      while ((buf[q] as number) >= 0x80) q++;
      if (q - p < 9 && q < buf.length) p = q + 1;
      else {
        this.pos = p;
        this.skipLong();
        p = this.pos;
      }
    }
    this.pos = p;
  }

  /** `count` times a key (int) and a value (bytes or string). */
  skipIntBytes(count: number): void {
    const buf = this.buf;
    let p = this.pos;
    for (let i = 0; i < count; i++) {
      if ((buf[p] as number) < 0x80) p++;
      else {
        this.pos = p;
        this.skipInt();
        p = this.pos;
      }
      const b = buf[p] as number;
      const end = p + 1 + (b >>> 1);
      if (b < 0x80 && (b & 1) === 0 && end <= buf.length) p = end;
      else {
        this.pos = p;
        this.skipBytes();
        p = this.pos;
      }
    }
    this.pos = p;
  }

  skipBoolean(): void {
    const b = this.buf[this.pos];
    if (b === undefined) throw ended();
    if (b > 1) throw damaged(`boolean is neither 0 nor 1 at byte ${this.pos}`);
    this.pos++;
  }

  skipFixed(size: number): void {
    if (size > this.left) throw ended();
    this.pos += size;
  }

  /** Reads the length of a string or bytes value; the payload starts at `pos` and is known to lie inside the buffer. */
  readLength(): number {
    const start = this.pos;
    const n = this.readSmall();
    if (n < 0) throw damaged(`negative length at byte ${start}`);
    if (n > this.buf.length - this.pos) throw ended();
    return n;
  }

  skipBytes(): void {
    const n = this.readLength();
    this.pos += n;
  }

  /** A string, or bytes that must hold text. Strict UTF-8; a byte order mark is kept. */
  readString(): string {
    const n = this.readLength();
    const start = this.pos;
    this.pos += n;
    const text = this.buf.toString('utf8', start, this.pos);
    // A replacement character appears where the bytes are wrong, or where they really spell U+FFFD.
    if (text.includes('\ufffd') && !isUtf8(this.buf.subarray(start, this.pos)))
      throw damaged(`text is not UTF-8 at byte ${start}`);
    return text;
  }
}

const NO_SLOTS = new Int32Array(0);

function ended() {
  return damaged('it ends too early');
}
