/** The blob of a deletion vector (Puffin specification, "deletion-vector-v1"): length, magic, bitmaps, CRC-32. */
import { crc32 } from 'node:zlib';

const MAGIC = Buffer.from([0xd1, 0xd3, 0x39, 0x64]);
/** Bytes of length and magic. */
export const VECTOR_HEAD = 8;
const CRC = 4;
/** Bytes of length and checksum, which the length does not count. */
export const VECTOR_FRAME = 4 + CRC;
/** Length, magic, number of bitmaps (none), checksum. */
const SHORTEST = VECTOR_HEAD + 8 + CRC;

/** What is wrong with a blob that should be a deletion vector, as words for an error or a report; undefined when nothing is. */
export function checkVector(blob: Buffer): string | undefined {
  if (blob.length < SHORTEST) return `has ${blob.length} bytes; the shortest deletion vector has ${SHORTEST}`;
  const length = blob.readUInt32BE();
  if (length !== blob.length - VECTOR_FRAME) return `says that its vector has ${length} bytes, but lies in ${blob.length}`;
  if (!startsLikeVector(blob)) return 'does not begin like a deletion vector';
  const end = blob.length - CRC;
  if (crc32(blob.subarray(4, end)) !== blob.readUInt32BE(end)) return 'has a wrong checksum';
  return undefined;
}

/** True when `head` begins as a deletion vector does, its length aside. */
export function startsLikeVector(head: Buffer): boolean {
  return head.length >= VECTOR_HEAD && head.compare(MAGIC, 0, MAGIC.length, 4, VECTOR_HEAD) === 0;
}
