import { cannotHandle, damaged } from './errors.js';
import { unpackBlock } from './lz4-block.js';
import { xxh32 } from './xxh32.js';

const MAGIC = 0x184d2204;
/** Matches of linked blocks reach back this far. */
const WINDOW = 64 * 1024;
/** Added to the size of a block that is not packed. */
const PLAIN = 0x80000000;
/** No LZ4 sequence unpacks to more bytes than this per byte of its own. */
const MOST_PER_BYTE = 255;

interface FrameHeader {
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  /** Bytes; undefined where the frame does not say. */
  readonly contentSize: number | undefined;
  /** Most bytes of one block. */
  readonly blockSize: number;
  readonly end: number;
}

/**
 * Unpacks one LZ4 frame that is all of `bytes` (LZ4 frame format 1.6.4); every checksum in it is verified. What is allocated
 * is in proportion to `bytes` (an LZ4 byte unpacks to 255 at most), and no more than about twice `limit`, whatever the frame says of itself.
 *
 * @param limit bytes
 * @throws BcnError `corrupt`; `unsupported` for a dictionary, another version of the format, and more than `limit` bytes
 */
export function unpackFrame(bytes: Buffer, limit: number): Buffer {
  const header = readHeader(bytes);
  const { contentSize } = header;
  if (contentSize !== undefined && contentSize > bytes.length * MOST_PER_BYTE)
    throw damaged('an LZ4 frame says it is larger than it can be');
  if (contentSize !== undefined && contentSize > limit) throw tooLarge(limit);
  let out: Buffer = Buffer.allocUnsafe(contentSize ?? 0);
  let length = 0;
  let at = header.end;
  for (;;) {
    const word = word32(bytes, at);
    at += 4;
    if (word === 0) break;
    const isPlain = word >= PLAIN;
    const size = isPlain ? word - PLAIN : word;
    if (size > header.blockSize) throw damaged('an LZ4 block is longer than its frame allows');
    const block = take(bytes, at, size);
    at += size;
    if (header.blockChecksums) {
      if (word32(bytes, at) !== xxh32(block)) throw damaged('the checksum of an LZ4 block is wrong');
      at += 4;
    }
    const most = length + Math.min(header.blockSize, isPlain ? size : size * MOST_PER_BYTE);
    if (contentSize === undefined && most > out.length) out = grown(out, length, Math.max(most, 2 * out.length));
    const oldest = header.linked ? Math.max(0, length - WINDOW) : length;
    if (!isPlain) length = unpackBlock(block, out, length, Math.min(most, out.length), oldest);
    else if (most > out.length) throw wrongSize();
    else length += block.copy(out, length);
    if (length > limit) throw tooLarge(limit);
  }
  const content = out.subarray(0, length);
  if (contentSize !== undefined && contentSize !== length) throw wrongSize();
  if (header.contentChecksum) {
    if (word32(bytes, at) !== xxh32(content)) throw damaged('the checksum of an LZ4 frame is wrong');
    at += 4;
  }
  if (at !== bytes.length) throw damaged(`${bytes.length - at} bytes follow the end of an LZ4 frame`);
  return content;
}

function readHeader(bytes: Buffer): FrameHeader {
  if (word32(bytes, 0) !== MAGIC) throw damaged('what should be an LZ4 frame does not begin like one');
  const [flags, descriptor] = take(bytes, 4, 2) as unknown as readonly [number, number];
  const has = (bit: number) => (flags & bit) !== 0;
  let end = 6;
  let contentSize: number | undefined;
  if (has(0x08)) {
    const size = take(bytes, end, 8).readBigUInt64LE();
    contentSize = size > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : Number(size);
    end += 8;
  }
  if (has(0x01)) end += 4;
  const checksum = (xxh32(take(bytes, 4, end - 4)) >>> 8) & 0xff;
  if (take(bytes, end, 1)[0] !== checksum) throw damaged('the checksum of an LZ4 frame header is wrong');
  if (flags >>> 6 !== 1) throw cannotHandle(`its footer is an LZ4 frame of version ${flags >>> 6}`);
  if (has(0x02) || (descriptor & 0x8f) !== 0) throw cannotHandle('its footer is an LZ4 frame with flags that bcn does not know');
  if (has(0x01)) throw cannotHandle('its footer is an LZ4 frame with a dictionary');
  const size = descriptor >>> 4;
  if (size < 4) throw damaged(`an LZ4 frame with the block size code ${size}`);
  return {
    linked: !has(0x20),
    blockChecksums: has(0x10),
    contentChecksum: has(0x04),
    contentSize,
    blockSize: 2 ** (8 + 2 * size),
    end: end + 1,
  };
}

function take(bytes: Buffer, at: number, length: number): Buffer {
  if (length > bytes.length - at) throw damaged('an LZ4 frame ends too early');
  return bytes.subarray(at, at + length);
}

function word32(bytes: Buffer, at: number): number {
  return take(bytes, at, 4).readUInt32LE();
}

function grown(out: Buffer, length: number, size: number): Buffer {
  const larger = Buffer.allocUnsafe(size);
  out.copy(larger, 0, 0, length);
  return larger;
}

function wrongSize() {
  return damaged('an LZ4 frame has another size than it says');
}

function tooLarge(limit: number) {
  return cannotHandle(`its footer unpacks to more than ${limit} bytes`);
}
