/** Fields of a data file that are replaced as a whole when the file is written again: its column sizes (108) and split offsets (132). */
import type { Cursor } from './cursor.js';
import { cannotHandle } from './errors.js';
import { compileLocator } from './locate.js';
import type { AvroRecord, AvroType } from './schema.js';
import type { Splice } from './splice.js';

/** Replaces the value at `start` by another one, or by null where the schema has a null (else by an empty one). A null stays null. */
export type Replace<T> = (c: Cursor, start: number, splice: Splice, value: T | null) => void;

const DATA_FILE = 2;
const KEY = 0;
const VALUE = 1;

/**
 * The schema of manifest entries with some fields of `data_file` each alone in a record of its own. This changes nothing in the
 * bytes, and a locator then finds where the whole value starts, its union branch included, also when it is null.
 */
export function isolate(schema: AvroRecord, ids: readonly number[]): AvroRecord {
  const within = (type: AvroType): AvroType => {
    if (type.kind === 'union') return { kind: 'union', branches: type.branches.map(within) };
    if (type.kind !== 'record') return type;
    const fields = type.fields.map((field) =>
      field.id !== undefined && ids.includes(field.id) ? { id: field.id, type: alone(field.type) } : field,
    );
    return { kind: 'record', fields };
  };
  return {
    kind: 'record',
    fields: schema.fields.map((field) => (field.id === DATA_FILE ? { id: field.id, type: within(field.type) } : field)),
  };
}

function alone(type: AvroType): AvroRecord {
  return { kind: 'record', fields: [{ id: undefined, type }] };
}

/** @param type as `isolate` made it: map<int, long> as an array of key-value records (found by field id), or an Avro map with decimal keys */
export function compileColumnSizes(type: AvroType): Replace<ReadonlyMap<number, number>> {
  return compile(type, (plain, splice, sizes) => {
    const keysAreText = plain.kind === 'map' && isInteger(plain.values);
    if (sizes.size > 0) {
      const order = keysAreText ? [KEY, VALUE] : orderOf(plain);
      splice.putLong(sizes.size);
      for (const [column, size] of sizes) {
        for (const slot of order) {
          if (slot === VALUE) splice.putLong(size);
          else if (keysAreText) splice.putString(String(column));
          else splice.putLong(column);
        }
      }
    }
    splice.putLong(0);
  });
}

/** The fields of a key-value record as they come. */
function orderOf(type: AvroType): readonly number[] {
  const item = type.kind === 'array' ? type.items : undefined;
  if (item?.kind === 'record' && item.fields.length === 2 && item.fields.every((field) => isInteger(field.type))) {
    const { found } = compileLocator(item, [
      { id: 117, slot: KEY, kinds: ['int', 'long'] },
      { id: 118, slot: VALUE, kinds: ['int', 'long'] },
    ]);
    if (found.size === 2) return [...found.keys()];
  }
  throw cannotHandle('column sizes are neither an array of records with the field ids 117 and 118 nor a map');
}

/** @param type as `isolate` made it: an array of long */
export function compileSplitOffsets(type: AvroType): Replace<readonly number[]> {
  return compile(type, (plain, splice, offsets) => {
    if (plain.kind !== 'array' || !isInteger(plain.items)) throw cannotHandle('split offsets are not an array of long');
    if (offsets.length > 0) splice.putLong(offsets.length);
    for (const offset of offsets) splice.putLong(offset);
    splice.putLong(0);
  });
}

function isInteger(type: AvroType): boolean {
  return type.kind === 'int' || type.kind === 'long';
}

function compile<T>(isolated: AvroType, put: (plain: AvroType, splice: Splice, value: T) => void): Replace<T> {
  const holder = isolated as AvroRecord;
  const { skip } = compileLocator(holder, []);
  const type = holder.fields[0]?.type as AvroType;
  const branches = type.kind === 'union' ? type.branches : undefined;
  const nullAt = branches?.findIndex((branch) => branch.kind === 'null') ?? -1;
  return (c, start, splice, value) => {
    c.pos = start;
    skip(c);
    const end = c.pos;
    c.pos = start;
    const branch = branches === undefined ? -1 : c.readSmall();
    if (branch === nullAt && branches !== undefined) return;
    splice.replace(start, end);
    if (value === null && nullAt >= 0) return splice.putLong(nullAt);
    if (branches !== undefined) splice.putLong(branch);
    if (value === null) splice.putLong(0);
    else put(branches === undefined ? type : (branches[branch] as AvroType), splice, value);
  };
}
