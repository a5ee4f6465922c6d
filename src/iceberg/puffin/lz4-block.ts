import { damaged } from './errors.js';

const MIN_MATCH = 4;

/**
 * Unpacks one LZ4 block into `out` from `start`, up to `limit` (LZ4 block format, lz4 1.10). Never reads or writes outside of its
 * buffers; its work is proportional to what it reads and writes.
 *
 * Not the decoder of hyparquet-compressors: that one takes a block cut off in its literals for a whole one, runs on behind the end
 * of its output, and knows no bytes before the block, which linked blocks refer to.
 *
 * @param oldest where the bytes begin that matches may refer to: `start` itself for a block that stands alone
 * @returns where the unpacked bytes end
 * @throws BcnError `corrupt`
 */
export function unpackBlock(block: Buffer, out: Buffer, start: number, limit: number, oldest: number): number {
  let i = 0;
  let o = start;
  // A length that fills its four bits goes on in bytes, until one that is not 255.
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let more = 255; more === 255; length += more) more = byteAt(block, i++);
    return length;
  };
  for (;;) {
    const token = byteAt(block, i++);
    const literals = lengthOf(token >>> 4);
    if (literals > block.length - i) throw damaged('an LZ4 block ends too early');
    if (literals > limit - o) throw tooLong();
    block.copy(out, o, i, i + literals);
    i += literals;
    o += literals;
    // The last sequence of a block has literals only.
    if (i === block.length) return o;
    const distance = byteAt(block, i) + byteAt(block, i + 1) * 256;
    i += 2;
    if (distance === 0 || distance > o - oldest) throw damaged('an LZ4 block refers to bytes before its beginning');
    const match = lengthOf(token & 15) + MIN_MATCH;
    if (match > limit - o) throw tooLong();
    repeat(out, o, distance, match);
    o += match;
  }
}

function byteAt(block: Buffer, at: number): number {
  const byte = block[at];
  if (byte === undefined) throw damaged('an LZ4 block ends too early');
  return byte;
}

function tooLong() {
  return damaged('an LZ4 block unpacks to more bytes than it may');
}

/** Copies the `length` bytes that begin `distance` before `at` to `at`; where they overlap, the copy repeats. */
function repeat(out: Buffer, at: number, distance: number, length: number): void {
  const from = at - distance;
  // What is copied doubles each time, so that a long run takes few steps.
  for (let done = 0; done < length; ) {
    const step = Math.min(distance + done, length - done);
    out.copyWithin(at + done, from, from + step);
    done += step;
  }
}
