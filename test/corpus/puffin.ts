/** Puffin files and deletion vectors, read as their specification says and by nothing of src/. */
import { crc32 } from 'node:zlib';
import { compressors } from 'hyparquet-compressors';

export interface Puffin {
  /** Where the footer starts. */
  readonly start: number;
  /** Of the footer, unpacked. */
  readonly json: string;
  readonly packed: boolean;
  readonly blobs: readonly PuffinBlob[];
}

export interface PuffinBlob {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly properties?: Readonly<Record<string, string>>;
}

/** Type of the blob of a deletion vector. */
export const VECTOR = 'deletion-vector-v1';

const MAGIC = 'PFA1';

/** undefined for bytes that are no Puffin file, such as a vector alone. */
export function readPuffin(bytes: Buffer): Puffin | undefined {
  const isMagic = (at: number) => bytes.toString('latin1', at, at + 4) === MAGIC;
  if (bytes.length < 20 || !isMagic(0) || !isMagic(bytes.length - 4)) return undefined;
  const end = bytes.length - 12;
  const start = end - bytes.readInt32LE(end) - 4;
  if (!isMagic(start)) throw new Error(`no footer at ${start}`);
  const payload = bytes.subarray(start + 4, end);
  const packed = (bytes.readUInt32LE(end + 4) & 1) === 1;
  const json = (packed ? unpack(payload) : payload).toString('utf8');
  return { start, json, packed, blobs: (JSON.parse(json) as { blobs: readonly PuffinBlob[] }).blobs };
}

/** A frame with one packed block and the content's size, as make/puffin.mjs writes it. */
function unpack(frame: Buffer): Buffer {
  const size = Number(frame.readBigUInt64LE(6));
  const block = frame.subarray(19, 19 + frame.readUInt32LE(15));
  return Buffer.from(compressors.LZ4_RAW?.(block, size) as Uint8Array);
}

/** The positions of a deletion vector. */
export function vectorPositions(blob: Buffer): ReadonlySet<bigint> {
  const length = blob.readUInt32BE(0);
  const body = blob.subarray(4, 4 + length);
  if (length + 8 !== blob.length) throw new Error(`a vector of ${length} bytes in ${blob.length}`);
  if (body.toString('hex', 0, 4) !== 'd1d33964') throw new Error('no vector');
  if (crc32(body) !== blob.readUInt32BE(4 + length)) throw new Error('a vector with a wrong checksum');
  const positions = new Set<bigint>();
  let at = 12;
  for (let n = body.readBigUInt64LE(4); n > 0n; n--) {
    const high = BigInt(body.readUInt32LE(at)) << 32n;
    at = readBitmap(body, at + 4, (low) => positions.add(high | BigInt(low)));
  }
  if (at !== body.length) throw new Error(`${body.length - at} bytes behind the last bitmap`);
  return positions;
}

const NO_RUNS = 12346;

/** A 32-bit Roaring bitmap in its portable format; returns where it ends. */
function readBitmap(bytes: Buffer, start: number, add: (value: number) => void): number {
  const cookie = bytes.readUInt32LE(start);
  const hasRuns = cookie !== NO_RUNS;
  const count = hasRuns ? (cookie >>> 16) + 1 : bytes.readUInt32LE(start + 4);
  const flags = bytes.subarray(start + 4, start + 4 + Math.ceil(count / 8));
  let at = start + (hasRuns ? 4 + flags.length : 8);
  const containers = Array.from({ length: count }, (_, n) => ({
    high: bytes.readUInt16LE(at + 4 * n) * 65536,
    cardinality: bytes.readUInt16LE(at + 4 * n + 2) + 1,
    isRun: hasRuns && (((flags[n >> 3] as number) >> (n & 7)) & 1) === 1,
  }));
  at += 4 * count;
  if (!hasRuns || count >= 4) at += 4 * count;
  for (const { high, cardinality, isRun } of containers) {
    if (isRun) {
      const runs = bytes.readUInt16LE(at);
      for (let n = 0; n < runs; n++) {
        const [first, more] = [bytes.readUInt16LE(at + 2 + 4 * n), bytes.readUInt16LE(at + 4 + 4 * n)];
        for (let value = first; value <= first + more; value++) add(high + value);
      }
      at += 2 + 4 * runs;
    } else if (cardinality <= 4096) {
      for (let n = 0; n < cardinality; n++) add(high + bytes.readUInt16LE(at + 2 * n));
      at += 2 * cardinality;
    } else {
      for (let value = 0; value < 65536; value++)
        if (((bytes[at + (value >> 3)] as number) >> (value & 7)) & 1) add(high + value);
      at += 8192;
    }
  }
  return at;
}
