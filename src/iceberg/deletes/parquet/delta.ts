import { damaged } from '../errors.js';
import { readBits } from './hybrid.js';

/** Larger blocks are nonsense: writers use 128 to 2,048 values. */
const MAX_BLOCK = 1024 * 1024;
/** Sums of three numbers below this are exact. */
const SAFE = 2 ** 51;
/** Deltas of more bits are added as bigints. */
const SAFE_WIDTH = 48;

/** Where the values go. */
export interface Int64Sink {
  number(value: number): void;
  bigint(value: bigint): void;
}

/**
 * Reads integers in DELTA_BINARY_PACKED (Encodings.md of Parquet format 2.11), some at a time, exact in all 64 bits; allocates nothing per value.
 */
export class DeltaReader {
  readonly #bytes: Buffer;
  readonly #perMiniblock: number;
  readonly #miniblocks: number;
  readonly #wrap: 32 | 64;
  /** Values in all, of which `#done` were read. */
  readonly count: number;
  #done = 0;
  #pos: number;
  /** The value before, as a number while it is safe to add to. */
  #value: number;
  #big: bigint;
  #isBig: boolean;
  #minDelta = 0;
  #bigMinDelta = 0n;
  #miniblock: number;
  #width = 0;
  #left = 0;
  /** Where the widths of the block at hand lie. */
  #widthsAt = 0;
  #bit = 0;
  /** Where the miniblock at hand ends. */
  #end: number;

  /** @param wrap of how many bits the values are: sums wrap around there */
  constructor(bytes: Buffer, start: number, wrap: 32 | 64) {
    this.#bytes = bytes;
    this.#wrap = wrap;
    this.#pos = start;
    const block = Number(this.#unsigned());
    this.#miniblocks = Number(this.#unsigned());
    this.count = Number(this.#unsigned());
    this.#perMiniblock = block / this.#miniblocks;
    if (block === 0 || block > MAX_BLOCK || this.#miniblocks > block || !Number.isInteger(this.#perMiniblock / 8))
      throw damaged(`deltas in blocks of ${block} values in ${this.#miniblocks} parts`);
    if (this.count > Number.MAX_SAFE_INTEGER) throw damaged(`deltas of ${this.count} values`);
    this.#big = this.#signed();
    this.#value = Number(this.#big);
    this.#isBig = !isSafe(this.#value);
    this.#miniblock = this.#miniblocks;
    this.#end = this.#pos;
  }

  read(count: number, sink: Int64Sink | undefined): void {
    if (count > this.count - this.#done) throw damaged('a page of it has fewer values than it says');
    let need = count;
    if (need > 0 && this.#done === 0) {
      this.#put(sink);
      this.#done++;
      need--;
    }
    while (need > 0) {
      if (this.#left === 0) this.#nextMiniblock();
      const some = Math.min(need, this.#left);
      if (this.#pos * 8 + this.#bit + some * this.#width > this.#bytes.length * 8) throw damaged('a page of it ends too early');
      for (let i = 0; i < some; i++) {
        if (this.#isBig || this.#width > SAFE_WIDTH) this.#addBig();
        else {
          const sum = this.#value + this.#minDelta + this.#bits(this.#width);
          this.#value = this.#wrap === 32 ? sum | 0 : sum;
          if (!isSafe(sum)) this.#toBig();
        }
        this.#put(sink);
      }
      this.#left -= some;
      this.#done += some;
      need -= some;
    }
  }

  /** Where the encoded values end. Call it when all are read. */
  end(): number {
    return this.#end;
  }

  #put(sink: Int64Sink | undefined): void {
    if (sink === undefined) return;
    if (this.#isBig) sink.bigint(this.#big);
    else sink.number(this.#value);
  }

  #nextMiniblock(): void {
    this.#pos = this.#end;
    this.#bit = 0;
    if (this.#miniblock === this.#miniblocks) {
      this.#bigMinDelta = this.#signed();
      this.#minDelta = Number(this.#bigMinDelta);
      if (!isSafe(this.#minDelta)) this.#toBig();
      this.#widthsAt = this.#pos;
      this.#pos += this.#miniblocks;
      this.#miniblock = 0;
    }
    const width = this.#bytes[this.#widthsAt + this.#miniblock];
    if (width === undefined || width > 64) throw damaged('a page of it has deltas without a width');
    this.#miniblock++;
    this.#width = width;
    this.#left = this.#perMiniblock;
    this.#end = this.#pos + (this.#perMiniblock * width) / 8;
  }

  #bits(width: number): number {
    if (width <= 32) {
      const value = readBits(this.#bytes, this.#pos, this.#bit, width);
      const bits = this.#bit + width;
      this.#pos += bits >>> 3;
      this.#bit = bits & 7;
      return value;
    }
    const low = this.#bits(32);
    return low + this.#bits(width - 32) * 2 ** 32;
  }

  #addBig(): void {
    if (!this.#isBig) this.#toBig();
    const width = this.#width;
    const low = BigInt(this.#bits(Math.min(32, width)));
    const high = width > 32 ? BigInt(this.#bits(width - 32)) << 32n : 0n;
    this.#big = BigInt.asIntN(this.#wrap, this.#big + this.#bigMinDelta + low + high);
  }

  #toBig(): void {
    if (!this.#isBig) this.#big = BigInt(this.#value);
    this.#isBig = true;
  }

  #unsigned(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#pos];
      if (byte === undefined) throw damaged('a page of it ends too early');
      this.#pos++;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw damaged('a page of it has a number of more than 10 bytes');
  }

  #signed(): bigint {
    const value = BigInt.asUintN(64, this.#unsigned());
    return (value >> 1n) ^ -(value & 1n);
  }
}

function isSafe(value: number): boolean {
  return value <= SAFE && value >= -SAFE;
}
