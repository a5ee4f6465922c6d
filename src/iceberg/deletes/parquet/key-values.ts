import { isUtf8 } from 'node:buffer';
import { JsonCursor } from '../../json/cursor.js';
import { decodeString } from '../../json/text.js';
import { FILE_PATH, POS } from '../facts.js';
import type { KeyValue } from './footer.js';

/** Iceberg's own description of the columns. */
const ICEBERG_SCHEMA = 'iceberg.schema';
/** Arrow's, and that of libraries above it: they describe the columns of the whole file, by their place. */
const OTHER_SCHEMAS = ['ARROW:schema', 'pandas'];

/**
 * What the footer of the new file says beside its columns: all that the old one said. Where columns are left out, Iceberg's schema
 * loses them, too, and the others' go: a reader of Arrow finds columns by their number in there.
 */
export function keptKeyValues(keyValues: readonly KeyValue[], dropsColumns: boolean): readonly KeyValue[] {
  if (!dropsColumns) return keyValues;
  return keyValues.flatMap(({ key, value }) => {
    const name = key.toString('latin1');
    if (OTHER_SCHEMAS.includes(name)) return [];
    return [{ key, value: name === ICEBERG_SCHEMA && value !== undefined ? withoutOtherFields(value) : value }];
  });
}

/** The JSON of a struct type with two of its fields; unchanged when it is not such JSON, since readers go by the columns. */
function withoutOtherFields(json: Buffer): Buffer {
  if (!isUtf8(json)) return json;
  try {
    const cursor = JsonCursor.open(json, ICEBERG_SCHEMA);
    const kept: Buffer[] = [];
    let fieldsAt: { readonly start: number; readonly end: number } | undefined;
    cursor.object((key) => {
      const span = cursor.skip();
      if (decodeString(json, key) === 'fields') fieldsAt = span;
    });
    if (fieldsAt === undefined) return json;
    const list = cursor.fork(fieldsAt);
    list.array(() => {
      const field = list.skip();
      if (isKept(list, field)) kept.push(json.subarray(field.start, field.end));
    });
    const fields = Buffer.from(`[${kept.map((field) => field.toString('utf8')).join(',')}]`);
    return Buffer.concat([json.subarray(0, fieldsAt.start), fields, json.subarray(fieldsAt.end)]);
  } catch {
    return json;
  }
}

function isKept(list: JsonCursor, field: { readonly start: number; readonly end: number }): boolean {
  const cursor = list.fork(field);
  let kept = false;
  cursor.object((key) => {
    const span = cursor.skip();
    if (decodeString(cursor.bytes, key) === 'id')
      kept = [FILE_PATH, POS].includes(Number(cursor.bytes.toString('latin1', span.start, span.end)));
  });
  return kept;
}
