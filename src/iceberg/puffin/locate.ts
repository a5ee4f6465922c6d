import { cannotHandle, damaged, inPuffin } from './errors.js';
import { startsLikeVector, VECTOR_FRAME, VECTOR_HEAD } from './vector.js';

/** At both ends of a Puffin file, and at the start of its footer. */
export const MAGIC = Buffer.from('PFA1', 'latin1');
/** How an encrypted file begins (Iceberg specification, "AES GCM Stream"). */
const ENCRYPTED = Buffer.from('AGS1', 'latin1');
/** How a file of Delta Lake's deletion vectors begins: its version, 1. Tables of both formats share such files. */
const DELTA_VERSION = 1;

/** Bytes behind the footer's payload: payload size, flags, magic. */
export const FOOTER_END = 12;
/** Bytes of a footer without its payload. */
export const FOOTER_FRAME = MAGIC.length + FOOTER_END;
/** A payload of more bytes than this, packed or not, is refused: it describes some 800,000 blobs. */
export const MAX_PAYLOAD = 256 * 1024 * 1024;

/** Bytes of the beginning of a file that `locateFooter` asks for (all of a shorter file). */
export const HEAD_BYTES = 1 + VECTOR_HEAD;

/**
 * Tells from both ends of a file of deletion vectors or statistics what it is (Puffin specification, "File structure").
 *
 * @param name what errors call the file
 * @param size of the file in bytes
 * @param head its first bytes, `HEAD_BYTES` or more
 * @param tail its last bytes, 12 or more
 * @returns the offset at which the footer begins, which goes to the end of the file; undefined for deletion vectors without a
 * container, as DuckDB (before 2026-06-20), DuckLake and Delta Lake write them: these hold no path
 * @throws BcnError `corrupt` when it is none of these, `unsupported` when it is encrypted or its footer too large
 */
export function locateFooter(name: string, size: number, head: Buffer, tail: Buffer): number | undefined {
  if (head.length < Math.min(size, HEAD_BYTES) || tail.length < Math.min(size, FOOTER_END))
    throw new RangeError(`${head.length} and ${tail.length} bytes of the ends of ${name} are too few`);
  return inPuffin(name, () => {
    if (startsWith(head, ENCRYPTED)) throw cannotHandle('it is encrypted');
    for (const at of head[0] === DELTA_VERSION ? [0, 1] : [0]) {
      if (!startsLikeVector(head.subarray(at))) continue;
      if (head.readUInt32BE(at) + VECTOR_FRAME > size - at) throw damaged('the deletion vector that it begins with is cut short');
      return undefined;
    }
    const end = tail.subarray(Math.max(0, tail.length - FOOTER_END));
    const begins = startsWith(head, MAGIC);
    const ends = end.length === FOOTER_END && end.subarray(-MAGIC.length).equals(MAGIC);
    if (!begins && !ends) throw damaged('it is neither a Puffin file nor a deletion vector');
    if (!begins || !ends) throw damaged(`it does not ${begins ? 'end' : 'begin'} with "${MAGIC}"`);
    const payload = end.readInt32LE(0);
    const start = size - FOOTER_FRAME - payload;
    if (payload < 0 || start < MAGIC.length) throw damaged(`its footer has ${payload} bytes, in a file of ${size}`);
    if (payload > MAX_PAYLOAD) throw cannotHandle(`its footer has more than ${MAX_PAYLOAD} bytes`);
    return start;
  });
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.length >= magic.length && bytes.compare(magic, 0, magic.length, 0, magic.length) === 0;
}
