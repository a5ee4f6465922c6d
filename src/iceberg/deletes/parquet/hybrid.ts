import { damaged } from '../errors.js';

/** Called with each run of equal values. Neighbouring runs may have the same value. */
export type OnRun = (value: number, count: number) => void;

/**
 * Reads values of up to 32 bits in the RLE/bit-packed hybrid (Encodings.md of Parquet format 2.11, "RLE = 3"), some at a time. A run of any
 * length costs no memory.
 */
export class HybridReader {
  readonly #bytes: Buffer;
  readonly #width: number;
  #pos: number;
  /** Values left in the run at hand. */
  #left = 0;
  #packed = false;
  /** Of an RLE run. */
  #value = 0;
  /** Of a bit-packed run: bits of the byte at `#pos` that are used. */
  #bit = 0;
  /** Where the bit-packed run ends. */
  #end = 0;

  constructor(bytes: Buffer, width: number) {
    if (width > 32) throw damaged(`values of ${width} bits`);
    this.#bytes = bytes;
    this.#width = width;
    this.#pos = 0;
  }

  read(count: number, onRun: OnRun): void {
    for (let need = count; need > 0; ) {
      if (this.#left === 0) this.#nextRun();
      const some = Math.min(need, this.#left);
      if (this.#packed) this.#unpack(some, onRun);
      else if (some > 0) onRun(this.#value, some);
      this.#left -= some;
      need -= some;
      if (this.#left === 0 && this.#packed) this.#pos = this.#end;
    }
  }

  #nextRun(): void {
    const header = this.#header();
    const count = Math.floor(header / 2);
    this.#packed = header % 2 === 1;
    if (this.#packed) {
      this.#left = count * 8;
      this.#bit = 0;
      // The last group may be cut short where its values end.
      this.#end = Math.min(this.#bytes.length, this.#pos + count * this.#width);
    } else {
      this.#left = count;
      const size = (this.#width + 7) >>> 3;
      if (size > this.#bytes.length - this.#pos) throw ended();
      this.#value = size === 0 ? 0 : this.#bytes.readUIntLE(this.#pos, size);
      this.#pos += size;
    }
  }

  #header(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5; i++) {
      const byte = this.#bytes[this.#pos];
      if (byte === undefined) throw ended();
      this.#pos++;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw damaged('a run of values has no length');
  }

  #unpack(count: number, onRun: OnRun): void {
    const width = this.#width;
    const needed = this.#pos * 8 + this.#bit + count * width;
    if (needed > this.#end * 8) throw ended();
    let last = 0;
    let length = 0;
    for (let i = 0; i < count; i++) {
      const value = readBits(this.#bytes, this.#pos, this.#bit, width);
      const bits = this.#bit + width;
      this.#pos += bits >>> 3;
      this.#bit = bits & 7;
      if (value !== last && length > 0) {
        onRun(last, length);
        length = 0;
      }
      last = value;
      length++;
    }
    if (length > 0) onRun(last, length);
  }
}

/** `width` (0 to 32) bits, little end first, from bit `shift` (0 to 7) of the byte at `at`. What lies behind the bytes reads as 0. */
export function readBits(bytes: Buffer, at: number, shift: number, width: number): number {
  if (width === 0) return 0;
  const low =
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    shift;
  const have = 32 - shift;
  if (width <= have) return width === 32 ? low : low & (2 ** width - 1);
  return low + ((bytes[at + 4] as number) & (2 ** (width - have) - 1)) * 2 ** have;
}

function ended() {
  return damaged('a page of it ends too early');
}
