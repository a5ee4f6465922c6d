import { Cursor } from '../../avro/cursor.js';
import { damaged } from '../errors.js';
import { type Source, Window } from '../source.js';
import { type AvroDeletes, SLOT, SLOTS } from './open.js';

/** A block as it lies in the file. */
export interface Block {
  readonly count: number;
  /** All of it, sync marker included. */
  readonly bytes: Buffer;
  /** Its records, packed. */
  readonly data: Buffer;
}

/** Two numbers of up to ten bytes. */
const MAX_HEAD = 20;

/**
 * The blocks of a file, front to back.
 *
 * @param skip asked with the number of records of each block; true: the block is passed over without being read
 */
export async function* blocksOf(
  source: Source,
  { header }: AvroDeletes,
  skip?: (count: number) => boolean,
): AsyncGenerator<Block> {
  const window = new Window(source, header.end, source.size);
  const { sync } = header;
  while (window.left > 0) {
    source.signal?.throwIfAborted();
    const c = new Cursor(await window.peek(MAX_HEAD));
    const count = c.readSmall();
    if (count < 0) throw damaged(`a block of ${count} records at byte ${window.pos}`);
    const length = c.readSmall();
    if (length < 0 || length > window.left) throw damaged(`a block of ${length} bytes at byte ${window.pos}`);
    const start = c.pos;
    const size = start + length + sync.length;
    if (skip?.(count)) {
      window.skip(size);
      continue;
    }
    const at = window.pos;
    const bytes = await window.take(size);
    if (!bytes.subarray(start + length).equals(sync)) throw damaged(`no sync marker behind the block at byte ${at}`);
    yield { count, bytes, data: bytes.subarray(start, start + length) };
  }
}

/** The records of a block, one after the other. */
export class Records {
  readonly #c: Cursor;
  readonly #deletes: AvroDeletes;
  #left: number;
  /** Where the record at hand starts. */
  start = 0;
  /** Where its path starts, its length included, and ends. */
  pathStart = 0;
  pathEnd = 0;
  /** Its path. */
  path: Buffer;

  constructor(deletes: AvroDeletes, { count }: Block, data: Buffer) {
    // Every record has at least a byte for its path.
    if (count > data.length) throw damaged('a block has more records than bytes');
    this.#deletes = deletes;
    this.#c = new Cursor(data);
    this.#c.slots = new Int32Array(SLOTS);
    this.#left = count;
    this.path = data.subarray(0, 0);
  }

  get left(): number {
    return this.#left;
  }

  get data(): Buffer {
    return this.#c.buf;
  }

  /** Where the record at hand ends. */
  get end(): number {
    return this.#c.pos;
  }

  /** Moves to the next record; false when there is none. */
  next(): boolean {
    const c = this.#c;
    if (this.#left === 0) {
      if (c.left !== 0) throw damaged(`the records of a block end ${c.left} bytes before the block does`);
      return false;
    }
    this.#left--;
    this.start = c.pos;
    c.slots.fill(-1);
    this.#deletes.skip(c);
    const { pos: end } = c;
    c.pos = this.#at(SLOT.path);
    this.#at(SLOT.pos);
    this.pathStart = c.pos;
    const length = c.readLength();
    this.path = c.buf.subarray(c.pos, c.pos + length);
    this.pathEnd = c.pos + length;
    c.pos = end;
    return true;
  }

  /** The position of the record at hand. */
  position(): bigint {
    const c = this.#c;
    const { pos: end } = c;
    c.pos = this.#at(SLOT.pos);
    const position = c.readLong();
    c.pos = end;
    return position;
  }

  #at(slot: number): number {
    const at = this.#c.slots[slot] as number;
    if (at < 0) throw damaged('a row of it has no path or no position');
    return at;
  }
}
