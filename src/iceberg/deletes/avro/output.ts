import { longSize, writeLong } from '../../avro/splice.js';
import type { AvroDeletes } from './open.js';

/** Avro's writers end a block after some 64 KB. */
const BLOCK_BYTES = 64_000;

/** A block of the new file: how many records, how many bytes, the bytes, the sync marker. */
export async function packBlock({ compress, header }: AvroDeletes, count: number, data: Buffer): Promise<Buffer> {
  const packed = await compress(data);
  const head = Buffer.allocUnsafe(20);
  const end = writeLong(head, writeLong(head, 0, count), packed.length);
  return Buffer.concat([head.subarray(0, end), packed, header.sync]);
}

/** Records on their way into a block. */
export class BlockBuilder {
  #bytes = Buffer.allocUnsafe(2 * BLOCK_BYTES);
  #length = 0;
  #count = 0;

  get isFull(): boolean {
    return this.#length >= BLOCK_BYTES;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a record: bytes [start, end) of `data`, with `path` in place of [pathStart, pathEnd). */
  add(data: Buffer, start: number, pathStart: number, path: Buffer, pathEnd: number, end: number): void {
    this.#room(end - start - (pathEnd - pathStart) + longSize(path.length) + path.length);
    this.#length += data.copy(this.#bytes, this.#length, start, pathStart);
    this.#length = writeLong(this.#bytes, this.#length, path.length);
    this.#length += path.copy(this.#bytes, this.#length);
    this.#length += data.copy(this.#bytes, this.#length, pathEnd, end);
    this.#count++;
  }

  /** What was added since the last call. */
  async take(deletes: AvroDeletes): Promise<Buffer> {
    const block = await packBlock(deletes, this.#count, this.#bytes.subarray(0, this.#length));
    // Packing may hand back the bytes themselves; they are copied into the block by now.
    this.#length = 0;
    this.#count = 0;
    return block;
  }

  #room(bytes: number): void {
    const need = this.#length + bytes;
    if (need <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(need, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
