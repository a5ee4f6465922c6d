import { Cursor } from './cursor.js';
import { cannotHandle, damaged } from './errors.js';
import { compileLocator, type Skipper } from './locate.js';
import type { AvroType } from './schema.js';
import { longSize, type Splice } from './splice.js';

/**
 * Bounds of columns that hold paths: `file_path` of a position-delete file (Iceberg specification, "Reserved Field IDs"),
 * and `_file`, under which DuckDB writes the same bound.
 */
export const PATH_COLUMNS: readonly number[] = [2147483546, 2147483646];

/** Smallest and largest path that the rows of a position-delete file name, as far as they are recorded. */
export interface PathBounds {
  readonly lower: string | undefined;
  readonly upper: string | undefined;
}

/** Finds and replaces the path bounds in one field of type map<int, binary> (125 or 128). */
export interface BoundsField {
  /** The path bounds of the map that starts at `pos`, by column id. */
  read(buf: Buffer, pos: number): ReadonlyMap<number, string>;
  /** Replaces them: columns without a new value lose their entry. */
  write(buf: Buffer, pos: number, splice: Splice, values: ReadonlyMap<number, string>): void;
}

interface Entry {
  readonly column: number;
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly value: string;
}

interface MapBlock {
  readonly start: number;
  readonly count: number;
  /** Byte size that follows a negative count. */
  readonly size: number | undefined;
  readonly itemsStart: number;
  readonly end: number;
  /** Those of path columns only. */
  readonly entries: readonly Entry[];
}

const KEY = 0;
const VALUE = 1;

/** @param type the type of the field: an array of key-value records (found by field id), or an Avro map with decimal keys */
export function compileBounds(type: AvroType, keyId: number, valueId: number): BoundsField {
  const item = compileItem(type, keyId, valueId);
  // What is read is mostly written next, and finding it is most of the work.
  let last: { readonly buf: Buffer; readonly pos: number; readonly blocks: readonly MapBlock[] } | undefined;
  const blocksAt = (buf: Buffer, pos: number): readonly MapBlock[] => {
    if (last?.buf !== buf || last.pos !== pos) last = { buf, pos, blocks: findBlocks(buf, pos, item) };
    return last.blocks;
  };
  return {
    read(buf, pos) {
      const bounds = new Map<number, string>();
      for (const { entries } of blocksAt(buf, pos)) {
        for (const { column, value } of entries) {
          if (bounds.has(column)) throw damaged(`two bounds of column ${column} in one entry`);
          bounds.set(column, value);
        }
      }
      return bounds;
    },
    write(buf, pos, splice, values) {
      for (const block of blocksAt(buf, pos)) writeBlock(block, splice, values);
    },
  };
}

interface Item {
  readonly skip: Skipper;
  readonly keyIsText: boolean;
  /** Room for the places of an item's key and value. */
  readonly slots: Int32Array;
}

function compileItem(type: AvroType, keyId: number, valueId: number): Item {
  if (type.kind === 'map') {
    if (type.values.kind !== 'bytes') throw cannotHandle('bounds are a map of other values than bytes');
    const skip: Skipper = (c) => {
      c.slots[KEY] = c.pos;
      c.skipBytes();
      c.slots[VALUE] = c.pos;
      c.skipBytes();
    };
    return { skip, keyIsText: true, slots: new Int32Array(2) };
  }
  if (type.kind !== 'array' || type.items.kind !== 'record')
    throw cannotHandle('bounds are neither an array of records nor a map');
  const { skip, found } = compileLocator(type.items, [
    { id: keyId, slot: KEY, kinds: ['int', 'long'] },
    { id: valueId, slot: VALUE, kinds: ['bytes', 'string'] },
  ]);
  if (found.size !== 2) throw cannotHandle(`bounds are records without the field ids ${keyId} and ${valueId}`);
  return { skip, keyIsText: false, slots: new Int32Array(2) };
}

function findBlocks(buf: Buffer, pos: number, item: Item): readonly MapBlock[] {
  const c = new Cursor(buf, pos);
  c.slots = item.slots;
  const blocks: MapBlock[] = [];
  for (;;) {
    const start = c.pos;
    const count = c.readSmall();
    if (count === 0) return blocks;
    const size = count < 0 ? c.readLength() : undefined;
    const itemsStart = c.pos;
    const items = Math.abs(count);
    if (items > c.left) throw damaged(`more items than bytes before byte ${c.pos}`);
    const entries: Entry[] = [];
    for (let i = 0; i < items; i++) {
      const entry = readEntry(c, item);
      if (entry !== undefined) entries.push(entry);
    }
    if (size !== undefined && c.pos - itemsStart !== size)
      throw damaged(`bounds have another size than written at byte ${start}`);
    blocks.push({ start, count, size, itemsStart, end: c.pos, entries });
  }
}

function readEntry(c: Cursor, item: Item): Entry | undefined {
  const start = c.pos;
  c.slots[KEY] = -1;
  c.slots[VALUE] = -1;
  item.skip(c);
  const end = c.pos;
  const keyAt = c.slots[KEY] as number;
  const valueAt = c.slots[VALUE] as number;
  if (keyAt < 0) throw damaged(`a bound without a column at byte ${start}`);
  c.pos = keyAt;
  const column = item.keyIsText ? Number(c.readString()) : c.readSmall();
  let entry: Entry | undefined;
  if (PATH_COLUMNS.includes(column) && valueAt >= 0) {
    c.pos = valueAt;
    const value = c.readString();
    entry = { column, start, end, valueStart: valueAt, valueEnd: c.pos, value };
  }
  c.pos = end;
  return entry;
}

function writeBlock(block: MapBlock, splice: Splice, values: ReadonlyMap<number, string>): void {
  const changed = block.entries.filter(({ column, value }) => values.get(column) !== value);
  if (changed.length === 0) return;
  const dropped = changed.filter(({ column }) => !values.has(column)).length;
  const left = Math.abs(block.count) - dropped;
  if (left === 0) {
    // A count of 0 would end the map.
    splice.replace(block.start, block.end);
    return;
  }
  if (block.size !== undefined || dropped > 0) {
    splice.replace(block.start, block.itemsStart);
    splice.putLong(block.count < 0 ? -left : left);
    if (block.size !== undefined) splice.putLong(block.size + changed.reduce((sum, entry) => sum + growth(entry, values), 0));
  }
  for (const { column, start, end, valueStart, valueEnd } of changed) {
    const value = values.get(column);
    if (value === undefined) {
      splice.replace(start, end);
    } else {
      splice.replace(valueStart, valueEnd);
      splice.putString(value);
    }
  }
}

function growth({ column, start, end, valueStart, valueEnd }: Entry, values: ReadonlyMap<number, string>): number {
  const value = values.get(column);
  if (value === undefined) return start - end;
  const bytes = Buffer.byteLength(value);
  return longSize(bytes) + bytes - (valueEnd - valueStart);
}
