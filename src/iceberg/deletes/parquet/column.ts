import { damaged } from '../errors.js';
import type { Source } from '../source.js';
import type { DeleteColumn } from './columns.js';
import type { RowGroup } from './footer.js';
import { type DataPage, PageReader } from './pages.js';

/** Reads the values of one page, some at a time. */
export interface PageDecoder<Out> {
  read(count: number, out: Out): void;
  skip(count: number): void;
}

/** The values of one column, over all row groups, front to back. */
export class ColumnReader<Out> {
  readonly #source: Source;
  readonly #groups: readonly RowGroup[];
  readonly #column: DeleteColumn;
  readonly #decode: (page: DataPage) => PageDecoder<Out>;
  #group = 0;
  /** Values of the group at hand behind the page at hand. */
  #groupLeft = 0;
  #pages: PageReader | undefined;
  #page: PageDecoder<Out> | undefined;
  #pageLeft = 0;

  constructor(source: Source, groups: readonly RowGroup[], column: DeleteColumn, decode: (page: DataPage) => PageDecoder<Out>) {
    this.#source = source;
    this.#groups = groups;
    this.#column = column;
    this.#decode = decode;
  }

  async read(count: number, out: Out): Promise<void> {
    for (let need = count; need > 0; ) {
      if (this.#pageLeft === 0) await this.#nextPage(0);
      const some = Math.min(need, this.#pageLeft);
      this.#page?.read(some, out);
      this.#pageLeft -= some;
      need -= some;
    }
  }

  async skip(count: number): Promise<void> {
    for (let need = count; need > 0; ) {
      if (this.#pageLeft === 0) {
        need -= await this.#nextPage(need);
        continue;
      }
      const some = Math.min(need, this.#pageLeft);
      this.#page?.skip(some);
      this.#pageLeft -= some;
      need -= some;
    }
  }

  /** Opens the next page, or passes over a page or row group of up to `skip` values and returns their number. */
  async #nextPage(skip: number): Promise<number> {
    this.#source.signal?.throwIfAborted();
    if (this.#groupLeft === 0) {
      const group = this.#groups[this.#group++];
      if (group === undefined) throw damaged('it has fewer rows than its footer says');
      if (group.rows <= skip) return group.rows;
      const chunk = group.columns[this.#column.leaf];
      if (chunk?.values !== group.rows)
        throw damaged(`a row group has ${group.rows} rows, its column "${this.#column.name}" ${chunk?.values} values`);
      this.#pages = new PageReader(this.#source, chunk, this.#column.optional);
      this.#groupLeft = group.rows;
    }
    const page = await (this.#pages as PageReader).next(skip);
    if (typeof page === 'number') {
      this.#groupLeft -= page;
      return page;
    }
    this.#groupLeft -= page.values;
    this.#page = this.#decode(page);
    this.#pageLeft = page.values;
    return 0;
  }
}
