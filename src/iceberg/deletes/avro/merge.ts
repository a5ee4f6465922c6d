import { damaged } from '../errors.js';
import type { MergeStep } from '../order.js';
import type { Source } from '../source.js';
import { type Block, blocksOf, Records } from './blocks.js';
import type { AvroDeletes } from './open.js';
import type { BlockBuilder } from './output.js';

/** Records by the number of their row, forwards only. Memory: one block. */
export class RecordReader {
  readonly #deletes: AvroDeletes;
  readonly #blocks: AsyncGenerator<Block>;
  #records: Records | undefined;
  /** Number of the row behind the record at hand. */
  #at = 0;
  /** Rows to go, while a block is looked for. */
  #behind = 0;

  constructor(source: Source, deletes: AvroDeletes) {
    this.#deletes = deletes;
    this.#blocks = blocksOf(source, deletes, (count) => this.#passes(count));
  }

  /** The position of row number `row`. */
  async peek(row: number): Promise<bigint> {
    return (await this.#moveTo(row)).position();
  }

  /** Adds up to `limit` of the step's rows, from its row number `done` on, and no more than fit a block; returns how many. */
  async copy(step: MergeStep, done: number, path: Buffer, out: BlockBuilder): Promise<number> {
    const records = await this.#moveTo(step.start + done);
    for (let copied = 0; ; ) {
      out.add(records.data, records.start, records.pathStart, path, records.pathEnd, records.end);
      copied++;
      if (done + copied === step.rows || out.isFull || records.left === 0) return copied;
      records.next();
      this.#at++;
    }
  }

  /** Makes `row` the record at hand. */
  async #moveTo(row: number): Promise<Records> {
    while (this.#at <= row) {
      if (this.#records === undefined || this.#records.left === 0) await this.#nextBlock(row);
      if (this.#records?.next()) this.#at++;
    }
    return this.#records as Records;
  }

  async #nextBlock(row: number): Promise<void> {
    this.#behind = row - this.#at;
    const { value: block, done } = await this.#blocks.next();
    if (done || block === undefined) throw damaged('it has fewer records than when it was first read');
    this.#records = new Records(this.#deletes, block, await this.#deletes.decompress(block.data));
  }

  #passes(count: number): boolean {
    if (count > this.#behind) return false;
    this.#behind -= count;
    this.#at += count;
    return true;
  }
}
