import { type MergeStep, mergeSteps, type SortedRun } from './order.js';
import { BATCH_ROWS, type Batch, type DeleteRows, Int64s, type PathRun, type PositionCursor } from './rows.js';

/** The rows of a file as `runs` rearrange them. Memory: a batch, and for each run a page of positions. */
export async function* mergedBatches(rows: DeleteRows, runs: readonly SortedRun[]): AsyncGenerator<Batch> {
  const readers = runs.map(() => new RunReader(rows.positions()));
  const reader = (run: number) => readers[run] as RunReader;
  const out = new Int64s(BATCH_ROWS);
  let filled = 0;
  let paths: PathRun[] = [];
  for await (const step of mergeSteps(runs, (run, row) => reader(run).peek(row))) {
    for (let done = 0; done < step.rows; ) {
      const some = Math.min(step.rows - done, BATCH_ROWS - filled);
      await reader(step.run).read(step.start + done, out, filled, some);
      addRun(paths, step, some);
      filled += some;
      done += some;
      if (filled < BATCH_ROWS) continue;
      yield { runs: paths, positions: out.values };
      paths = [];
      filled = 0;
    }
  }
  if (filled > 0) yield { runs: paths, positions: out.values.subarray(0, filled) };
}

function addRun(paths: PathRun[], { path }: MergeStep, rows: number): void {
  const last = paths.at(-1);
  if (last?.path === path) last.rows += rows;
  else paths.push({ path, rows });
}

/** Positions by the number of their row, forwards only. */
class RunReader {
  readonly #cursor: PositionCursor;
  readonly #next = new Int64s(1);
  /** Number of the row behind what the cursor has read. */
  #at = 0;
  /** True when `#next` holds the position of the row before `#at`. */
  #hasNext = false;

  constructor(cursor: PositionCursor) {
    this.#cursor = cursor;
  }

  async peek(row: number): Promise<bigint> {
    if (!this.#hasNext || row !== this.#at - 1) {
      await this.#skipTo(row);
      await this.#cursor.read(this.#next, 0, 1);
      this.#at++;
      this.#hasNext = true;
    }
    return this.#next.values[0] as bigint;
  }

  async read(row: number, out: Int64s, from: number, rows: number): Promise<void> {
    let at = from;
    let left = rows;
    if (this.#hasNext && row === this.#at - 1) {
      out.copy(this.#next, 0, 1, at++);
      left--;
    } else await this.#skipTo(row);
    this.#hasNext = false;
    if (left > 0) await this.#cursor.read(out, at, left);
    this.#at += left;
  }

  async #skipTo(row: number): Promise<void> {
    if (row > this.#at) await this.#cursor.skip(row - this.#at);
    this.#at = row;
    this.#hasNext = false;
  }
}
