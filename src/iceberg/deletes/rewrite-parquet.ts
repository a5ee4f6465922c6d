import type { DeleteFacts, DeletePaths } from './facts.js';
import { mergedBatches } from './merged.js';
import { planOrder } from './order.js';
import { keptKeyValues } from './parquet/key-values.js';
import { openParquet, type ParquetDeletes, parquetRows } from './parquet/read.js';
import { ParquetDeleteWriter, type ParquetShape, type WrittenCodec } from './parquet/write.js';
import type { Batch } from './rows.js';
import type { Source } from './source.js';

/** Writes a Parquet file of position deletes again; yields its bytes, returns what is true of it. */
export async function* rewriteParquet(source: Source, paths: DeletePaths): AsyncGenerator<Buffer, DeleteFacts> {
  const parquet = await openParquet(source);
  const rows = parquetRows(source, parquet, (path) => paths.path(path));
  const merge = paths.keepsOrder ? undefined : await planOrder(rows.paths());
  const batches = merge === undefined ? rows.batches() : mergedBatches(rows, merge);
  const result = yield* writeParquet(shapeOf(parquet), batches);
  const { size, columnSizes, splitOffsets, rows: recordCount } = result;
  return {
    size,
    columnSizes,
    splitOffsets,
    recordCount,
    paths: result.paths,
    source: 'parquet',
    dropped: parquet.columns.others,
  };
}

/** Writes rows with their new paths; yields the bytes, returns what is true of them. */
export async function* writeParquet(shape: ParquetShape, batches: AsyncIterable<Batch>) {
  const writer = await ParquetDeleteWriter.open(shape);
  for await (const { runs, positions } of batches) {
    let from = 0;
    for (const { path, rows } of runs) {
      for (const end = from + rows; from < end; ) {
        if (writer.room === 0) yield writer.flush();
        const to = Math.min(end, from + writer.room);
        writer.add(path.to, positions.subarray(from, to));
        from = to;
      }
    }
  }
  const { bytes, result } = writer.finish();
  yield bytes;
  return result;
}

function shapeOf({ footer, columns }: ParquetDeletes): ParquetShape {
  const { root, inOrder, others } = columns;
  const keyValues = keptKeyValues(footer.keyValues, others.length > 0);
  return {
    root,
    columns: inOrder,
    codec: codecFor(footer.rowGroups[0]?.columns[columns.path.leaf]?.codec),
    keyValues,
    rows: footer.rows,
  };
}

/** The codec stays where each platform writes it alike; zstd and the rest become gzip, which packs nearly as well and which all read. */
function codecFor(number: number | undefined): WrittenCodec {
  if (number === 0) return 'UNCOMPRESSED';
  return number === 1 ? 'SNAPPY' : 'GZIP';
}
