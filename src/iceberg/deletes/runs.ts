import type { Mapper } from './mapper.js';
import type { MappedPath, PathRun } from './rows.js';

/** Collects rows as runs of equal paths. */
export class Runs {
  readonly #mapper: Mapper;
  #runs: PathRun[] = [];

  constructor(mapper: Mapper) {
    this.#mapper = mapper;
  }

  map(bytes: Buffer): MappedPath {
    return this.#mapper.map(bytes);
  }

  add(path: MappedPath, rows: number): void {
    const last = this.#runs.at(-1);
    if (last?.path.from === path.from) last.rows += rows;
    else this.#runs.push({ path, rows });
  }

  take(): readonly PathRun[] {
    const taken = this.#runs;
    this.#runs = [];
    return taken;
  }
}
