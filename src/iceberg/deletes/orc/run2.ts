/** ORC specification v1, "Integer Run Length Encoding, version 2". */
import { damaged } from '../errors.js';
import type { Int64s } from '../rows.js';
import type { OrcStream } from './chunks.js';
import { type RunDecoder, readBase128, zigZag } from './integers.js';

const SHORT_REPEAT = 0;
const DIRECT = 1;
const PATCHED = 2;

/** Widths of five bits of code. */
const WIDTHS = [...Array.from({ length: 24 }, (_, i) => i + 1), 26, 28, 30, 32, 40, 48, 56, 64];

export const decodeRun2: RunDecoder = (stream, out, signed) => {
  const first = stream.byte();
  switch (first >>> 6) {
    case SHORT_REPEAT: {
      const value = bigEndian(stream.take(((first >>> 3) & 7) + 1));
      const count = (first & 7) + 3;
      out.values.fill(signed ? zigZag(value) : value, 0, count);
      return count;
    }
    case DIRECT: {
      const { width, count } = head(first, stream);
      const bits = new Bits(stream.take(bytesOf(width, count)));
      for (let i = 0; i < count; i++) put(out, i, bits.read(width), signed);
      return count;
    }
    case PATCHED:
      return patched(first, stream, out);
    default:
      return delta(first, stream, out, signed);
  }
};

function head(first: number, stream: OrcStream): { readonly width: number; readonly count: number } {
  return { width: WIDTHS[(first >>> 1) & 31] as number, count: (((first & 1) << 8) | stream.byte()) + 1 };
}

function put(out: Int64s, at: number, value: bigint | number, signed: boolean): void {
  if (typeof value === 'bigint') out.values[at] = signed ? zigZag(value) : value;
  else out.setNumber(at, signed ? (value >>> 1) ^ -(value & 1) : value);
}

/** Values above a base, of which some have more bits than the others: these lie behind, each with its distance from the one before. */
function patched(first: number, stream: OrcStream, out: Int64s): number {
  const { width, count } = head(first, stream);
  const third = stream.byte();
  const fourth = stream.byte();
  const baseBytes = (third >>> 5) + 1;
  const patchWidth = WIDTHS[third & 31] as number;
  const gapWidth = (fourth >>> 5) + 1;
  const patches = fourth & 31;
  const magnitude = bigEndian(stream.take(baseBytes));
  const sign = 1n << BigInt(baseBytes * 8 - 1);
  const base = (magnitude & sign) === 0n ? magnitude : -(magnitude & (sign - 1n));
  const bits = new Bits(stream.take(bytesOf(width, count)));
  const raw: bigint[] = [];
  for (let i = 0; i < count; i++) raw.push(BigInt(bits.read(width)));
  // Gap and patch take the next width that there is a code for.
  const entryWidth = WIDTHS.find((known) => known >= gapWidth + patchWidth);
  if (entryWidth === undefined) throw damaged(`a patch of ${gapWidth + patchWidth} bits`);
  const list = new Bits(stream.take(bytesOf(entryWidth, patches)));
  let at = 0;
  for (let i = 0; i < patches; i++) {
    const entry = BigInt(list.read(entryWidth));
    const patch = entry & ((1n << BigInt(patchWidth)) - 1n);
    at += Number((entry >> BigInt(patchWidth)) & ((1n << BigInt(gapWidth)) - 1n));
    // A distance of more than a gap holds is made of several, without patches.
    if (patch === 0n) continue;
    const value = raw[at];
    if (value === undefined) throw damaged('a patch behind the end of its run');
    raw[at] = value | (patch << BigInt(width));
  }
  for (let i = 0; i < count; i++) out.values[i] = (raw[i] as bigint) + base;
  return count;
}

/** A value, the distance to the next one, and distances in the same direction; or, without width, one distance for all. */
function delta(first: number, stream: OrcStream, out: Int64s, signed: boolean): number {
  const code = (first >>> 1) & 31;
  const { count } = head(first, stream);
  let value = signed ? zigZag(readBase128(stream)) : readBase128(stream);
  const step = zigZag(readBase128(stream));
  out.values[0] = value;
  if (code === 0) {
    for (let i = 1; i < count; i++) {
      value += step;
      out.values[i] = value;
    }
    return count;
  }
  const width = WIDTHS[code] as number;
  if (count > 1) {
    value += step;
    out.values[1] = value;
  }
  const bits = new Bits(stream.take(bytesOf(width, Math.max(0, count - 2))));
  for (let i = 2; i < count; i++) {
    const distance = BigInt(bits.read(width));
    value += step < 0n ? -distance : distance;
    out.values[i] = value;
  }
  return count;
}

function bytesOf(width: number, count: number): number {
  return Math.ceil((width * count) / 8);
}

function bigEndian(bytes: Buffer): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Numbers of equal widths, the highest bit first. */
class Bits {
  readonly #bytes: Buffer;
  #bit = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Up to 31 bits come as a number. */
  read(width: number): number | bigint {
    if (width > 31) {
      let value = 0n;
      for (let left = width; left > 0; left -= 8) {
        const some = Math.min(8, left);
        value = (value << BigInt(some)) | BigInt(this.#small(some));
      }
      return value;
    }
    return this.#small(width);
  }

  #small(width: number): number {
    let value = 0;
    for (let left = width; left > 0; ) {
      const free = 8 - (this.#bit & 7);
      const some = Math.min(free, left);
      const byte = this.#bytes[this.#bit >>> 3] as number;
      value = value * 2 ** some + ((byte >>> (free - some)) & (2 ** some - 1));
      this.#bit += some;
      left -= some;
    }
    return value;
  }
}
