import type { Mapper } from './mapper.js';
import type { MappedPath, PathRun } from './rows.js';

/** Characters of paths, of each run once. */
const MOST_LENGTH = 16 * 1024 * 1024;

/** Collects rows as runs of equal paths. */
export class Runs {
  readonly #mapper: Mapper;
  #runs: PathRun[] = [];
  #length = 0;

  constructor(mapper: Mapper) {
    this.#mapper = mapper;
  }

  map(bytes: Buffer): MappedPath {
    return this.#mapper.map(bytes);
  }

  add(path: MappedPath, rows: number): void {
    const last = this.#runs.at(-1);
    if (last?.path.from === path.from) last.rows += rows;
    else {
      this.#runs.push({ path, rows });
      this.#length += path.from.length + path.to.length;
    }
  }

  /** True when the paths take so much memory that they should be taken. */
  get isFull(): boolean {
    return this.#length >= MOST_LENGTH;
  }

  take(): readonly PathRun[] {
    const taken = this.#runs;
    this.#runs = [];
    this.#length = 0;
    return taken;
  }
}
