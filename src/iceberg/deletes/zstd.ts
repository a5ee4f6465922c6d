import { damaged } from './errors.js';

/** The part of fzstd that is used. */
interface Fzstd {
  readonly Decompress: new (onData: (data: Uint8Array) => void) => { push(chunk: Uint8Array, final: boolean): void };
}

const FRAME = 0xfd2fb528;
/** Magic of skippable frames, but for its last four bits. */
const SKIPPABLE = 0x184d2a5;
const BLOCK_HEAD = 3;
const RLE = 1;

/**
 * Unpacks Zstandard frames (RFC 8878) to `most` bytes or fewer. What is allocated is in proportion to `most`, whatever the frames say of
 * their windows: no match reaches further back than the bytes that came out.
 *
 * @throws BcnError `corrupt`, or an error of fzstd
 */
export async function unpackZstd(packed: Buffer, most: number): Promise<Buffer> {
  const { Decompress } = (await import('fzstd')) as Fzstd;
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < packed.length; ) {
    const { end, content } = nextFrame(packed, at, most);
    if (content !== undefined)
      new Decompress((data) => {
        length += data.length;
        if (length > most) throw damaged('a zstd page unpacks to more bytes than it says');
        parts.push(data);
      }).push(content, true);
    at = end;
  }
  return Buffer.concat(parts, length);
}

/** Where the frame at `at` ends, and its bytes with a window no larger than they need; undefined for one to be skipped. */
function nextFrame(packed: Buffer, at: number, size: number): { readonly end: number; readonly content: Buffer | undefined } {
  const word = (from: number): number => {
    if (packed.length - from < 4) throw ended();
    return packed.readUInt32LE(from);
  };
  const magic = word(at);
  if (magic >>> 4 === SKIPPABLE) {
    const end = at + 8 + word(at + 4);
    if (end > packed.length) throw ended();
    return { end, content: undefined };
  }
  if (magic !== FRAME) throw damaged('a zstd page does not begin like one');
  const flags = byteAt(packed, at + 4);
  const single = (flags & 0x20) !== 0;
  if ((flags & 3) !== 0) throw damaged('a zstd page wants a dictionary');
  const sizeFlag = flags >>> 6;
  const sizeBytes = sizeFlag === 0 ? Number(single) : 2 ** sizeFlag;
  const blocks = at + 5 + Number(!single) + sizeBytes;
  if (blocks > packed.length) throw ended();
  if (sizeBytes > 0) {
    const from = blocks - sizeBytes;
    const stated =
      sizeBytes === 8 ? Number(packed.readBigUInt64LE(from)) : packed.readUIntLE(from, sizeBytes) + (sizeFlag === 1 ? 256 : 0);
    if (stated > size) throw damaged(`a zstd page says ${stated} bytes where ${size} should be`);
  }
  const end = endOfBlocks(packed, blocks) + (flags & 4);
  if (end > packed.length) throw ended();
  const content = Buffer.from(packed.subarray(at, end));
  if (!single) content[5] = Math.min(content[5] as number, windowCode(size));
  return { end, content };
}

function endOfBlocks(packed: Buffer, start: number): number {
  for (let at = start; ; ) {
    if (packed.length - at < BLOCK_HEAD) throw ended();
    const head = packed.readUIntLE(at, BLOCK_HEAD);
    at += BLOCK_HEAD + (((head >>> 1) & 3) === RLE ? 1 : head >>> 3);
    if ((head & 1) === 1) return at;
  }
}

/** The smallest window descriptor without mantissa for a window of `size` bytes, from 1 KiB on; each block fits, too. */
function windowCode(size: number): number {
  const log = Math.max(17, 32 - Math.clz32(Math.max(1, size - 1)));
  return Math.min(31, log - 10) << 3;
}

function byteAt(packed: Buffer, at: number): number {
  const byte = packed[at];
  if (byte === undefined) throw ended();
  return byte;
}

function ended() {
  return damaged('a zstd page ends too early');
}
