/** Rows of a position-delete file in an order-keeping form that takes little memory: runs of equal paths, and positions in typed arrays. */

/** A path that rows name, and what becomes of it. One object per path for as long as a reader remembers it. */
export interface MappedPath {
  readonly from: string;
  readonly to: string;
}

/** Neighbouring rows with the same path. */
export interface PathRun {
  readonly path: MappedPath;
  rows: number;
}

/** Consecutive rows. Valid until the next batch is asked for. */
export interface Batch {
  readonly runs: readonly PathRun[];
  /** One for each row. */
  readonly positions: BigInt64Array;
}

/** Reads positions from front to back, independent of others. */
export interface PositionCursor {
  skip(rows: number): Promise<void>;
  /** The next positions, into `out` at `[from, from + rows)`. */
  read(out: Int64s, from: number, rows: number): Promise<void>;
}

/** The rows of a file. Each method reads the file anew. */
export interface DeleteRows {
  batches(): AsyncIterable<Batch>;
  /** Paths alone. */
  paths(): AsyncGenerator<readonly PathRun[]>;
  positions(): PositionCursor;
}

/** Rows of a batch. */
export const BATCH_ROWS = 64 * 1024;

const HIGH = 2 ** 32;

/** 64-bit integers that are also filled by numbers, without a bigint for each. */
export class Int64s {
  readonly values: BigInt64Array;
  readonly bytes: Buffer;
  readonly #halves: Uint32Array;

  constructor(length: number) {
    this.values = new BigInt64Array(length);
    this.bytes = Buffer.from(this.values.buffer);
    this.#halves = new Uint32Array(this.values.buffer);
  }

  get length(): number {
    return this.values.length;
  }

  /** @param value a safe integer */
  setNumber(at: number, value: number): void {
    this.#halves[2 * at] = value;
    this.#halves[2 * at + 1] = Math.floor(value / HIGH);
  }

  copy(from: Int64s, at: number, rows: number, to: number): void {
    this.values.set(from.values.subarray(at, at + rows), to);
  }
}
