import { JsonCursor, type JsonKind, type Span } from '../json/cursor.js';
import { decodeString } from '../json/text.js';
import { cannotHandle, damaged, inPuffin } from './errors.js';
import { FOOTER_END, FOOTER_FRAME, MAGIC, MAX_PAYLOAD } from './locate.js';
import { unpackFrame } from './lz4-frame.js';

/** One blob as the footer describes it (Puffin specification, "BlobMetadata"). */
export interface PuffinBlob {
  readonly type: string;
  /** Bytes, in the file. */
  readonly offset: number;
  readonly length: number;
  readonly compressionCodec: string | undefined;
  /** The data file that a deletion vector applies to; undefined where the footer does not say, and for other blobs. */
  readonly referencedDataFile: string | undefined;
  /** Number of deleted rows, as spelt. */
  readonly cardinality: string | undefined;
}

/** The footer of a Puffin file. */
export interface PuffinFooter {
  /** What errors call the file. */
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Where it begins in the file; blobs lie between byte 4 and this. */
  readonly start: number;
  readonly blobs: readonly PuffinBlob[];
  /** As it lies in the file, from its magic to the end of the file. */
  readonly bytes: Buffer;
  /** Its JSON, unpacked. */
  readonly json: Buffer;
  /** The string tokens in `json` that name data files, in order. */
  readonly references: readonly Span[];
}

const COMPRESSED = 0x01;
/** `deletion-vector-v1`, and what may come after it. */
const VECTOR_TYPE = /^deletion-vector-/;
const REFERENCE = 'referenced-data-file';

/**
 * Reads the footer of a Puffin file.
 *
 * @param bytes from `start` (see `locateFooter`) to the end of the file
 * @throws BcnError `corrupt` also for a key that comes twice and for blobs that lie outside of their place; `unsupported` for unknown flags
 */
export function readFooter(name: string, start: number, bytes: Buffer): PuffinFooter {
  return inPuffin(name, () => {
    const json = payloadOf(bytes);
    const cursor = JsonCursor.open(json, `The footer of ${name}`);
    const references: Span[] = [];
    const blobs: PuffinBlob[] = [];
    const members = membersOf(cursor, 'the document');
    cursor.finish();
    const list = cursorAt(cursor, members.get('blobs'), 'blobs', 'array');
    if (list === undefined) throw damaged('its footer has no blobs');
    list.array((index) => blobs.push(readBlob(list, `blobs[${index}]`, start, references)));
    return { name, size: start + bytes.length, start, blobs, bytes, json, references };
  });
}

function payloadOf(bytes: Buffer): Buffer {
  const end = bytes.length - FOOTER_END;
  if (end < MAGIC.length || !bytes.subarray(0, MAGIC.length).equals(MAGIC) || !bytes.subarray(-MAGIC.length).equals(MAGIC))
    throw damaged(`its footer does not begin and end with "${MAGIC}"`);
  if (bytes.readInt32LE(end) !== bytes.length - FOOTER_FRAME) throw damaged('its footer has another size than it says');
  const flags = bytes.readUInt32LE(end + 4);
  if (flags > COMPRESSED) throw cannotHandle(`its footer has flags that bcn does not know (0x${flags.toString(16)})`);
  const payload = bytes.subarray(MAGIC.length, end);
  return flags === COMPRESSED ? unpackFrame(payload, MAX_PAYLOAD) : payload;
}

function readBlob(list: JsonCursor, where: string, footerStart: number, references: Span[]): PuffinBlob {
  const members = membersOf(list, where);
  const text = (from: ReadonlyMap<string, Span>, key: string, place: string) => {
    const value = cursorAt(list, from.get(key), `${place}.${key}`, 'string');
    return value && decodeString(value.bytes, from.get(key) as Span);
  };
  const type = text(members, 'type', where);
  if (type === undefined) throw damaged(`${where} in its footer has no type`);
  const offset = integer(list, members.get('offset'), `${where}.offset`);
  const length = integer(list, members.get('length'), `${where}.length`);
  if (offset < MAGIC.length || length < 0 || offset + length > footerStart)
    throw damaged(`${where} lies outside of the file's blobs: ${length} bytes at ${offset}, of ${footerStart}`);
  const place = `${where}.properties`;
  const properties = cursorAt(list, members.get('properties'), place, 'object');
  const known: ReadonlyMap<string, Span> = properties === undefined ? new Map() : membersOf(properties, place);
  const isVector = VECTOR_TYPE.test(type);
  const referencedDataFile = isVector ? text(known, REFERENCE, place) : undefined;
  if (referencedDataFile !== undefined) references.push(known.get(REFERENCE) as Span);
  return {
    type,
    offset,
    length,
    compressionCodec: text(members, 'compression-codec', where),
    referencedDataFile,
    cardinality: isVector ? text(known, 'cardinality', place) : undefined,
  };
}

/** The values of the next value's members; it must be an object, with each key once. */
function membersOf(cursor: JsonCursor, where: string): ReadonlyMap<string, Span> {
  if (cursor.kind() !== 'object') throw damaged(`${where} in its footer is of type ${cursor.kind()}, not object`);
  const members = new Map<string, Span>();
  cursor.object((key) => {
    const name = decodeString(cursor.bytes, key);
    if (members.has(name)) throw damaged(`${where} in its footer has the key ${JSON.stringify(name.slice(0, 60))} twice`);
    members.set(name, cursor.skip());
  });
  return members;
}

/** A cursor before the value at `span`; undefined when it is absent or null. */
function cursorAt(cursor: JsonCursor, span: Span | undefined, where: string, kind: JsonKind): JsonCursor | undefined {
  if (span === undefined) return undefined;
  const value = cursor.fork(span);
  const found = value.kind();
  if (found === 'null') return undefined;
  if (found !== kind) throw damaged(`${where} in its footer is of type ${found}, not ${kind}`);
  return value;
}

function integer(cursor: JsonCursor, span: Span | undefined, where: string): number {
  const value = cursorAt(cursor, span, where, 'number');
  if (value === undefined) throw damaged(`${where} is missing in its footer`);
  const { start, end } = value.skip();
  const token = value.bytes.toString('latin1', start, Math.min(end, start + 40));
  const number = /^-?\d{1,16}$/.test(token) ? Number(token) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw damaged(`${where} in its footer is ${token}, no offset in a file`);
  return number;
}
