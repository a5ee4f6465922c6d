import { cannotHandle, damaged } from '../errors.js';
import type { Source } from '../source.js';
import { OrcCodec, unpackAll } from './chunks.js';
import { bytesOf, countOf, numbersOf, type ProtobufValue, readMessage } from './protobuf.js';

/** What the tail of an ORC file says, as far as position deletes need it (ORC specification v1, "File Tail"). */
export interface OrcTail {
  readonly codec: OrcCodec;
  readonly stripes: readonly Stripe[];
  /** The types of all columns, as a tree written depth first; the first is the row. */
  readonly types: readonly OrcType[];
  readonly rows: number;
  readonly metadata: readonly { readonly key: Buffer; readonly value: Buffer }[];
}

export interface Stripe {
  readonly start: number;
  /** Bytes of its streams; its footer comes behind them. */
  readonly streams: number;
  readonly footer: number;
  readonly rows: number;
}

export interface OrcType {
  readonly kind: number;
  readonly children: readonly number[];
  readonly names: readonly string[];
  /** Iceberg's field id. */
  readonly fieldId: number | undefined;
}

const MAGIC = 'ORC';
/** Read at once from the end of a file. */
const FIRST_READ = 64 * 1024;
const MAX_TAIL = 256 * 1024 * 1024;
/** Bytes of a chunk at most, where a file does not say. */
const DEFAULT_CHUNK = 256 * 1024;

/**
 * Reads postscript and footer.
 *
 * @throws BcnError `corrupt`; `unsupported` when the file is encrypted or packed in a way that bcn does not know
 */
export async function readTail(source: Source): Promise<OrcTail> {
  const { size } = source;
  const tailStart = Math.max(0, size - FIRST_READ);
  const tail = await source.range(tailStart, size);
  const psLength = tail.at(-1) ?? 0;
  const psStart = tail.length - 1 - psLength;
  if (psStart < 0 || psLength === 0) throw damaged('it ends before its postscript does');
  const ps = fieldsOf(tail.subarray(psStart, -1));
  const magic = ps.get(8000);
  if (!Buffer.isBuffer(magic) || magic.toString('latin1') !== MAGIC) throw damaged(`it does not end with "${MAGIC}"`);
  const codec = new OrcCodec(countOf(ps.get(2) ?? 0), countOf(ps.get(3) ?? DEFAULT_CHUNK));
  const length = countOf(ps.get(1));
  const end = tailStart + psStart;
  const start = end - length;
  if (start < MAGIC.length) throw damaged(`its footer has ${length} bytes, in a file of ${size}`);
  if (length > MAX_TAIL) throw cannotHandle(`its footer has more than ${MAX_TAIL} bytes`);
  const footer = start >= tailStart ? tail.subarray(start - tailStart, psStart) : await source.range(start, end);
  return parseFooter(await unpackAll(footer, codec), codec, start);
}

function parseFooter(bytes: Buffer, codec: OrcCodec, footerStart: number): OrcTail {
  const stripes: Stripe[] = [];
  const types: OrcType[] = [];
  const metadata: { key: Buffer; value: Buffer }[] = [];
  let rows: number | undefined;
  readMessage(bytes, (id, value) => {
    if (id === 3) stripes.push(readStripe(bytesOf(value), footerStart));
    else if (id === 4) types.push(readType(bytesOf(value)));
    else if (id === 5) metadata.push(readMetadata(bytesOf(value)));
    else if (id === 6) rows = countOf(value);
    else if (id === 10) throw cannotHandle('it is encrypted', 'bcn has no keys: an encrypted table cannot be backed up.');
  });
  const sum = stripes.reduce((total, stripe) => total + stripe.rows, 0);
  // Zero is not written.
  if ((rows ?? 0) !== sum || !Number.isSafeInteger(sum)) throw damaged(`it has ${rows} rows, its stripes have ${sum}`);
  return { codec, stripes, types, rows: sum, metadata };
}

/** The last value of each field. */
function fieldsOf(bytes: Buffer): ReadonlyMap<number, ProtobufValue> {
  const fields = new Map<number, ProtobufValue>();
  readMessage(bytes, (id, value) => fields.set(id, value));
  return fields;
}

function readStripe(bytes: Buffer, footerStart: number): Stripe {
  const fields = fieldsOf(bytes);
  const of = (id: number) => countOf(fields.get(id) ?? 0);
  const start = of(1);
  const streams = of(2) + of(3);
  const footer = of(4);
  if (start < MAGIC.length || !(start + streams + footer <= footerStart))
    throw damaged('a stripe of it lies outside of the file');
  return { start, streams, footer, rows: of(5) };
}

function readType(bytes: Buffer): OrcType {
  const children: number[] = [];
  const names: string[] = [];
  let kind = 0;
  let fieldId: number | undefined;
  readMessage(bytes, (id, value) => {
    if (id === 1) kind = countOf(value);
    else if (id === 2) for (const child of numbersOf(value)) children.push(child);
    else if (id === 3) names.push(bytesOf(value).toString('utf8'));
    else if (id === 7) fieldId = fieldIdOf(bytesOf(value)) ?? fieldId;
  });
  return { kind, children, names, fieldId };
}

function fieldIdOf(attribute: Buffer): number | undefined {
  const fields = fieldsOf(attribute);
  const [key, value] = [fields.get(1), fields.get(2)];
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(value) || key.toString('latin1') !== 'iceberg.id') return undefined;
  const text = value.toString('latin1');
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function readMetadata(bytes: Buffer): { key: Buffer; value: Buffer } {
  const fields = fieldsOf(bytes);
  return { key: bytesOf(fields.get(1) ?? Buffer.alloc(0)), value: bytesOf(fields.get(2) ?? Buffer.alloc(0)) };
}
