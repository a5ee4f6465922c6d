import { cannotHandle, damaged } from '../errors.js';
import type { Source } from '../source.js';
import { OrcStream, unpackAll } from './chunks.js';
import { decodeRun1, type RunDecoder } from './integers.js';
import { bytesOf, countOf, readMessage } from './protobuf.js';
import { decodeRun2 } from './run2.js';
import type { OrcTail, Stripe } from './tail.js';

/** Kinds of streams (orc_proto.proto, `Stream.Kind`). */
const STREAM = { present: 0, data: 1, length: 2, dictionary: 3 } as const;
/** Of columns (`ColumnEncoding.Kind`): plain or by dictionary, integers in version 1 or 2. */
const MOST_ENCODING = 3;
const ROW = 0;

/** One column of one stripe. Each stream can be opened as often as wanted. */
export interface StripeColumn {
  readonly isDictionary: boolean;
  readonly dictionarySize: number;
  readonly integers: RunDecoder;
  data(): OrcStream;
  lengths(): OrcStream;
  dictionary(): OrcStream;
}

interface Place {
  readonly start: number;
  readonly length: number;
}

/**
 * Finds the streams of a column in a stripe (ORC specification v1, "Stripe Footer").
 *
 * @throws BcnError `corrupt`, also when the column has nulls
 */
export async function openColumn(source: Source, { codec }: OrcTail, stripe: Stripe, column: number): Promise<StripeColumn> {
  source.signal?.throwIfAborted();
  const footerStart = stripe.start + stripe.streams;
  const footer = await unpackAll(await source.range(footerStart, footerStart + stripe.footer), codec);
  const places = new Map<number, Place>();
  const nulls: Place[] = [];
  const encodings: { readonly kind: number; readonly size: number }[] = [];
  let at = stripe.start;
  readMessage(footer, (id, value) => {
    if (id === 2) encodings.push(readEncoding(bytesOf(value)));
    else if (id === 4) throw cannotHandle('it is encrypted', 'bcn has no keys: an encrypted table cannot be backed up.');
    if (id !== 1) return;
    const stream = readStream(bytesOf(value));
    const place = { start: at, length: stream.length };
    at += stream.length;
    if (!(at <= footerStart)) throw damaged('a stream of it lies outside of its stripe');
    if (stream.kind === STREAM.present && (stream.column === column || stream.column === ROW)) nulls.push(place);
    else if (stream.column === column) places.set(stream.kind, place);
  });
  const open = (kind: number): OrcStream => {
    // What has no bytes has no stream.
    const { start, length } = places.get(kind) ?? { start: footerStart, length: 0 };
    return new OrcStream(source, codec, start, length);
  };
  for (const { start, length } of nulls) await checkPresent(new OrcStream(source, codec, start, length), stripe.rows);
  const encoding = encodings[column];
  if (encoding === undefined) throw damaged('a column of it has no encoding');
  if (encoding.kind > MOST_ENCODING) throw cannotHandle(`a column of it has encoding ${encoding.kind}`);
  return {
    isDictionary: encoding.kind % 2 === 1,
    dictionarySize: encoding.size,
    integers: encoding.kind < 2 ? decodeRun1 : decodeRun2,
    data: () => open(STREAM.data),
    lengths: () => open(STREAM.length),
    dictionary: () => open(STREAM.dictionary),
  };
}

function readStream(bytes: Buffer): { readonly kind: number; readonly column: number; readonly length: number } {
  const found = [0, 0, 0];
  readMessage(bytes, (id, value) => {
    if (id >= 1 && id <= 3) found[id - 1] = countOf(value);
  });
  const [kind, column, length] = found as [number, number, number];
  return { kind, column, length };
}

function readEncoding(bytes: Buffer): { readonly kind: number; readonly size: number } {
  let kind = 0;
  let size = 0;
  readMessage(bytes, (id, value) => {
    if (id === 1) kind = countOf(value);
    else if (id === 2) size = countOf(value);
  });
  return { kind, size };
}

/** Bits that say which rows have a value, as bytes in runs ("Byte Run Length Encoding"): all must be set. */
async function checkPresent(stream: OrcStream, rows: number): Promise<void> {
  const check = (byte: number, bits: number) => {
    const wanted = bits >= 8 ? 0xff : 0xff00 >>> bits;
    if ((byte & wanted & 0xff) !== (wanted & 0xff)) throw damaged('a row of it has no path or no position');
  };
  for (let left = rows; left > 0; ) {
    await stream.ensure(130);
    const control = stream.byte();
    const count = control < 0x80 ? control + 3 : 0x100 - control;
    let byte = control < 0x80 ? stream.byte() : 0;
    for (let i = 0; i < count; i++, left -= 8) {
      if (control >= 0x80) byte = stream.byte();
      if (left > 0) check(byte, left);
    }
  }
}
