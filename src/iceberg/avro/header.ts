import { Cursor } from './cursor.js';
import { damaged } from './errors.js';
import { longSize, Splice } from './splice.js';

/** The header of an Avro object container file: `Obj\x01`, a map of metadata, a sync marker. */
export interface AvroHeader {
  /** Metadata, by key. Avro's own keys start with `avro.`; Iceberg adds `schema`, `partition-spec`, … */
  readonly meta: ReadonlyMap<string, Buffer>;
  /** 16 bytes that also end every block. */
  readonly sync: Buffer;
  /** Length of the header: where the first block starts. */
  readonly end: number;
  /** Where the value of `avro.codec` lies, its length prefix included; undefined when the file has no such key. */
  readonly codecSpan: Span | undefined;
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** The byte size written before the map block that holds the span, where the writer gave one. */
  readonly blockSize: { readonly start: number; readonly end: number; readonly value: number } | undefined;
}

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_SIZE = 16;

/**
 * Reads the header. Source: Avro 1.12 specification, "Object Container Files".
 *
 * @throws BcnError `corrupt`
 */
export function readHeader(bytes: Buffer): AvroHeader {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged('it does not start with "Obj\\x01"');
  const c = new Cursor(bytes, MAGIC.length);
  const meta = new Map<string, Buffer>();
  let codecSpan: Span | undefined;
  for (;;) {
    const count = c.readSmall();
    if (count === 0) break;
    const sizeAt = c.pos;
    const size = count < 0 ? c.readLength() : undefined;
    const blockSize = size === undefined ? undefined : { start: sizeAt, end: c.pos, value: size };
    const itemsAt = c.pos;
    if (Math.abs(count) > c.left) throw damaged('its header has more entries than bytes');
    for (let i = 0; i < Math.abs(count); i++) {
      const key = c.readString();
      const start = c.pos;
      const length = c.readLength();
      const value = bytes.subarray(c.pos, c.pos + length);
      c.pos += length;
      if (meta.has(key)) throw damaged(`its header has the key ${JSON.stringify(key)} twice`);
      meta.set(key, value);
      if (key === 'avro.codec') codecSpan = { start, end: c.pos, blockSize };
    }
    if (size !== undefined && c.pos - itemsAt !== size) throw damaged('a block of its header has another size than written');
  }
  const syncAt = c.pos;
  c.skipFixed(SYNC_SIZE);
  return { meta, sync: bytes.subarray(syncAt, c.pos), end: c.pos, codecSpan };
}

/** The bytes of the header with another codec; nothing but the value of `avro.codec` (and the size of its map block) changes. */
export function headerWithCodec(bytes: Buffer, header: AvroHeader, codec: string): Buffer {
  const span = header.codecSpan;
  if (span === undefined) throw damaged('its header names no codec');
  const head = bytes.subarray(0, header.end);
  const splice = new Splice(head);
  if (span.blockSize !== undefined) {
    const { start, end, value } = span.blockSize;
    splice.replace(start, end);
    splice.putLong(value - (span.end - span.start) + longSize(codec.length) + codec.length);
  }
  splice.replace(span.start, span.end);
  splice.putString(codec);
  return splice.finish() ?? head;
}
