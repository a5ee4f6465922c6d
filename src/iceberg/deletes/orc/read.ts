import { cannotHandle, damaged } from '../errors.js';
import { FILE_PATH, POS } from '../facts.js';
import { MAX_PATH, Mapper } from '../mapper.js';
import { BATCH_ROWS, type DeleteRows, Int64s, type MappedPath, type PathRun, type PositionCursor } from '../rows.js';
import { Runs } from '../runs.js';
import type { Source } from '../source.js';
import { OrcIntegers } from './integers.js';
import { openColumn, type StripeColumn } from './stripe.js';
import { type OrcTail, readTail } from './tail.js';

/** Kinds of types (orc_proto.proto, `Type.Kind`). */
const KIND = { short: 2, int: 3, long: 4, string: 7, struct: 12 } as const;

/** An ORC file of position deletes, its tail read. */
export interface OrcDeletes {
  readonly tail: OrcTail;
  readonly path: OrcColumn;
  readonly pos: OrcColumn;
  /** Both, as the file has them. */
  readonly inOrder: readonly OrcColumn[];
  /** Names of all other columns. */
  readonly others: readonly string[];
}

export interface OrcColumn {
  readonly fieldId: typeof FILE_PATH | typeof POS;
  readonly name: string;
  /** Number of its type, by which streams name their column. */
  readonly column: number;
}

/**
 * Reads the tail, finds the two columns by Iceberg's ids and refuses what could not be rewritten.
 *
 * @throws BcnError `corrupt`, `unsupported`
 */
export async function openOrc(source: Source): Promise<OrcDeletes> {
  const tail = await readTail(source);
  const [row] = tail.types;
  if (row?.kind !== KIND.struct || row.names.length !== row.children.length) throw damaged('its rows are no struct');
  const byName = tail.types.every(({ fieldId }) => fieldId === undefined);
  const children = row.children.map((column, i) => ({ column, name: row.names[i] as string, type: tail.types[column] }));
  const find = (fieldId: OrcColumn['fieldId'], name: string, kinds: readonly number[]): OrcColumn => {
    const found = children.filter((child) => (byName ? child.name === name : child.type?.fieldId === fieldId));
    const [only] = found;
    if (only === undefined) throw cannotHandle(`it has no column "${name}" (field id ${fieldId})`);
    if (found.length > 1) throw cannotHandle(`it has several columns with the field id ${fieldId}`);
    if (only.type === undefined) throw damaged(`its column "${only.name}" has no type`);
    if (!kinds.includes(only.type.kind))
      throw cannotHandle(`its column "${only.name}" has a type that positions and paths do not have`);
    return { fieldId, name: only.name, column: only.column };
  };
  const path = find(FILE_PATH, 'file_path', [KIND.string]);
  const pos = find(POS, 'pos', [KIND.long, KIND.int, KIND.short]);
  if (path.name === pos.name) throw cannotHandle(`it has two columns of the name "${path.name}"`);
  const others = children.filter(({ column }) => column !== path.column && column !== pos.column).map(({ name }) => name);
  return { tail, path, pos, inOrder: path.column < pos.column ? [path, pos] : [pos, path], others };
}

/** The rows, with the new path of each. Memory: some chunks of each stream, the dictionary of a stripe, a batch. */
export function orcRows(source: Source, { tail, path, pos }: OrcDeletes, map: (dataFile: string) => string): DeleteRows {
  const runsOf = async function* (): AsyncGenerator<readonly PathRun[]> {
    const runs = new Runs(new Mapper(map));
    for (const stripe of tail.stripes) {
      const column = await openColumn(source, tail, stripe, path.column);
      const reader = column.isDictionary ? await openDictionary(column, runs) : directPaths(column, runs);
      for (let left = stripe.rows; left > 0; ) {
        const some = Math.min(left, READ);
        await reader(some);
        yield runs.take();
        left -= some;
      }
    }
  };
  const positions = () => new PositionReader(source, tail, pos.column);
  return {
    paths: runsOf,
    positions,
    async *batches() {
      const out = new Int64s(Math.min(READ, tail.rows));
      const cursor = positions();
      for await (const runs of runsOf()) {
        const count = runs.reduce((sum, run) => sum + run.rows, 0);
        await cursor.read(out, 0, count);
        yield { runs, positions: out.values.subarray(0, count) };
      }
    },
  };
}

/** Rows that are read at a time: their paths, not shared, may be this many times as long as a path can be. */
const READ = Math.min(BATCH_ROWS, 1024);

type PathReader = (count: number) => Promise<void>;

/** Lengths, and the bytes of all paths one behind the other. */
function directPaths({ data, lengths, integers }: StripeColumn, runs: Runs): PathReader {
  const reader = new OrcIntegers(lengths(), integers, false);
  const bytes = data();
  const sizes = new Int64s(READ);
  return async (count) => {
    await reader.read(sizes, 0, count);
    let sum = 0;
    for (let i = 0; i < count; i++) sum += lengthAt(sizes, i);
    if ((await bytes.ensure(sum)) < sum) throw damaged('a stream of it ends too early');
    for (let i = 0; i < count; i++) runs.add(runs.map(bytes.take(lengthAt(sizes, i))), 1);
  };
}

/** Indexes of the paths of a dictionary. */
async function openDictionary(column: StripeColumn, runs: Runs): Promise<PathReader> {
  const { dictionarySize, data, lengths, dictionary, integers } = column;
  const paths: Buffer[] = [];
  const sizes = new OrcIntegers(lengths(), integers, false);
  const bytes = dictionary();
  const one = new Int64s(1);
  for (let i = 0; i < dictionarySize; i++) {
    await sizes.read(one, 0, 1);
    const length = lengthAt(one, 0);
    // Or a few bytes could stand for any number of empty ones.
    if (length === 0) throw damaged('a row of it has an empty path');
    if ((await bytes.ensure(length)) < length) throw damaged('a stream of it ends too early');
    paths.push(bytes.take(length));
  }
  const mapped: (MappedPath | undefined)[] = [];
  const reader = new OrcIntegers(data(), integers, false);
  const indexes = new Int64s(READ);
  return async (count) => {
    await reader.read(indexes, 0, count);
    for (let i = 0; i < count; i++) {
      const index = Number(indexes.values[i]);
      const bytes = paths[index];
      if (bytes === undefined) throw damaged(`a row names path ${index} of ${paths.length} in its dictionary`);
      mapped[index] ??= runs.map(bytes);
      runs.add(mapped[index], 1);
    }
  };
}

function lengthAt(sizes: Int64s, at: number): number {
  const length = Number(sizes.values[at]);
  if (length < 0 || length > MAX_PATH) throw damaged(`a path of ${length} bytes`);
  return length;
}

/** The positions of all stripes, front to back. */
class PositionReader implements PositionCursor {
  readonly #source: Source;
  readonly #tail: OrcTail;
  readonly #column: number;
  #stripe = 0;
  #left = 0;
  #integers: OrcIntegers | undefined;

  constructor(source: Source, tail: OrcTail, column: number) {
    this.#source = source;
    this.#tail = tail;
    this.#column = column;
  }

  async skip(rows: number): Promise<void> {
    await this.#each(rows, undefined, 0);
  }

  async read(out: Int64s, from: number, rows: number): Promise<void> {
    await this.#each(rows, out, from);
  }

  async #each(rows: number, out: Int64s | undefined, from: number): Promise<void> {
    for (let done = 0; done < rows; ) {
      if (this.#left === 0) {
        const stripe = this.#tail.stripes[this.#stripe++];
        if (stripe === undefined) throw damaged('it has fewer rows than its footer says');
        if (out === undefined && stripe.rows <= rows - done) {
          done += stripe.rows;
          continue;
        }
        const { data, integers } = await openColumn(this.#source, this.#tail, stripe, this.#column);
        this.#integers = new OrcIntegers(data(), integers, true);
        this.#left = stripe.rows;
        continue;
      }
      const some = Math.min(rows - done, this.#left);
      await this.#integers?.read(out, from + done, some);
      this.#left -= some;
      done += some;
    }
  }
}
