import { Mapper } from '../mapper.js';
import { BATCH_ROWS, type DeleteRows, Int64s, type PathRun, type PositionCursor } from '../rows.js';
import { Runs } from '../runs.js';
import type { Source } from '../source.js';
import { pageCodec } from './codec.js';
import { ColumnReader } from './column.js';
import { type DeleteColumns, findColumns } from './columns.js';
import { type ParquetFooter, readFooter } from './footer.js';
import { pathDecoders } from './paths.js';
import { decodePositions, Positions } from './positions.js';

/** Rows that are read before a look at the length of their paths. */
const STEP = 1024;

/** A Parquet file of position deletes, its metadata read. */
export interface ParquetDeletes {
  readonly footer: ParquetFooter;
  readonly columns: DeleteColumns;
}

/**
 * Reads the metadata and refuses what could not be rewritten.
 *
 * @throws BcnError `corrupt`, `unsupported`
 */
export async function openParquet(source: Source): Promise<ParquetDeletes> {
  const footer = await readFooter(source);
  const columns = findColumns(footer);
  for (const { columns: chunks } of footer.rowGroups)
    for (const { leaf } of columns.inOrder) pageCodec(chunks[leaf]?.codec ?? -1);
  return { footer, columns };
}

/** The rows, with the new path of each. Memory: a page of each column and a batch. */
export function parquetRows(source: Source, { footer, columns }: ParquetDeletes, path: (dataFile: string) => string): DeleteRows {
  const { rowGroups, rows } = footer;
  const pathReader = () => new ColumnReader<Runs>(source, rowGroups, columns.path, pathDecoders());
  const positionReader = () =>
    new ColumnReader<Positions>(source, rowGroups, columns.pos, (page) => decodePositions(page, columns.pos.type));
  const runsOf = async function* (): AsyncGenerator<readonly PathRun[]> {
    const reader = pathReader();
    const runs = new Runs(new Mapper(path));
    for (let left = rows; left > 0; ) {
      const end = Math.max(0, left - BATCH_ROWS);
      while (left > end && !runs.isFull) {
        const some = Math.min(left - end, STEP);
        await reader.read(some, runs);
        left -= some;
      }
      yield runs.take();
    }
  };
  const positions = (): PositionCursor => {
    const reader = positionReader();
    return { skip: (count) => reader.skip(count), read: (out, from, count) => reader.read(count, new Positions(out, from)) };
  };
  return {
    paths: runsOf,
    positions,
    async *batches() {
      const out = new Int64s(Math.min(rows, BATCH_ROWS));
      const cursor = positions();
      for await (const runs of runsOf()) {
        const count = runs.reduce((sum, run) => sum + run.rows, 0);
        await cursor.read(out, 0, count);
        yield { runs, positions: out.values.subarray(0, count) };
      }
    },
  };
}
