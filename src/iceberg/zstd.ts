/** Zstandard frames (RFC 8878) by fzstd, which believes what they say of themselves: here they are looked at first. */

/** The part of fzstd that is used. */
interface Fzstd {
  readonly Decompress: new (onData: (data: Uint8Array) => void) => { push(chunk: Uint8Array, final: boolean): void };
}

const FRAME = 0xfd2fb528;
/** Magic of skippable frames, but for its last four bits. */
const SKIPPABLE = 0x184d2a5;
const BLOCK_HEAD = 3;
const RLE = 1;
/** Bytes of an unpacked block at most ("Block_Maximum_Size"). */
const MAX_BLOCK = 128 * 1024;

/**
 * Unpacks frames to `most` bytes or fewer. What is allocated is in proportion to what comes out, whatever the frames say of
 * their sizes and windows: no match reaches further back than the bytes that came out.
 *
 * @throws Error for bytes that are no sound frames
 */
export async function unpackZstd(packed: Buffer, most: number): Promise<Buffer> {
  const { Decompress } = (await import('fzstd')) as Fzstd;
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < packed.length; ) {
    const frame = readFrame(packed, at);
    at = frame.end;
    if (frame.kind === 'skippable') continue;
    const room = Math.min(most, frame.blocks * MAX_BLOCK);
    if (frame.stated !== undefined && frame.stated > room)
      throw new Error(`says ${frame.stated} bytes where ${room} are possible`);
    const before = length;
    new Decompress((data) => {
      length += data.length;
      if (length > most) throw new Error(`more than ${most} bytes`);
      parts.push(data);
    }).push(withWindow(packed.subarray(frame.start, frame.end), room), true);
    if (frame.stated !== undefined && frame.stated !== length - before)
      throw new Error(`says ${frame.stated} bytes and has ${length - before}`);
  }
  return Buffer.concat(parts, length);
}

type Frame =
  | { readonly kind: 'skippable'; readonly end: number }
  | {
      readonly kind: 'frame';
      readonly start: number;
      readonly end: number;
      readonly blocks: number;
      readonly stated: number | undefined;
    };

/** What the frame at `at` says of itself. */
function readFrame(packed: Buffer, at: number): Frame {
  const word = (from: number): number => {
    if (packed.length - from < 4) throw ended();
    return packed.readUInt32LE(from);
  };
  const magic = word(at);
  if (magic >>> 4 === SKIPPABLE) {
    const end = at + 8 + word(at + 4);
    if (end > packed.length) throw ended();
    return { kind: 'skippable', end };
  }
  if (magic !== FRAME) throw new Error('it does not begin like a frame');
  const flags = byteAt(packed, at + 4);
  if ((flags & 3) !== 0) throw new Error('it wants a dictionary');
  const single = isSingle(flags);
  const sizeFlag = flags >>> 6;
  const sizeBytes = sizeFlag === 0 ? Number(single) : 2 ** sizeFlag;
  const blocksAt = at + 5 + Number(!single) + sizeBytes;
  if (blocksAt > packed.length) throw ended();
  const { blocks, end: blocksEnd } = skipBlocks(packed, blocksAt);
  const end = blocksEnd + (flags & 4);
  if (end > packed.length) throw ended();
  return { kind: 'frame', start: at, end, blocks, stated: readStated(packed, blocksAt - sizeBytes, sizeBytes) };
}

function readStated(packed: Buffer, from: number, bytes: number): number | undefined {
  if (bytes === 0) return undefined;
  if (bytes === 8) return Number(packed.readBigUInt64LE(from));
  return packed.readUIntLE(from, bytes) + (bytes === 2 ? 256 : 0);
}

function skipBlocks(packed: Buffer, start: number): { readonly blocks: number; readonly end: number } {
  let blocks = 0;
  for (let at = start; ; ) {
    if (packed.length - at < BLOCK_HEAD) throw ended();
    const head = packed.readUIntLE(at, BLOCK_HEAD);
    at += BLOCK_HEAD + (((head >>> 1) & 3) === RLE ? 1 : head >>> 3);
    blocks++;
    if ((head & 1) === 1) return { blocks, end: at };
  }
}

/** The frame with a window no larger than `size` bytes need. */
function withWindow(frame: Buffer, size: number): Buffer {
  if (isSingle(frame[4] as number)) return frame;
  const copy = Buffer.from(frame);
  copy[5] = Math.min(copy[5] as number, windowCode(size));
  return copy;
}

const isSingle = (flags: number): boolean => (flags & 0x20) !== 0;

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

function ended(): Error {
  return new Error('it ends too early');
}
