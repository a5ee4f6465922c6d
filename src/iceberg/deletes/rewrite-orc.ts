import type { DeleteFacts, DeletePaths } from './facts.js';
import { mergedBatches } from './merged.js';
import { openOrc, orcRows } from './orc/read.js';
import { planOrder } from './order.js';
import type { WrittenCodec } from './parquet/write.js';
import { writeParquet } from './rewrite-parquet.js';
import type { Source } from './source.js';

/** Writes an ORC file of position deletes as Parquet, which every engine reads as well; yields its bytes, returns what is true of it. */
export async function* rewriteOrc(source: Source, paths: DeletePaths): AsyncGenerator<Buffer, DeleteFacts> {
  const orc = await openOrc(source);
  const rows = orcRows(source, orc, (path) => paths.path(path));
  const merge = paths.keepsOrder ? undefined : await planOrder(rows.paths());
  const batches = merge === undefined ? rows.batches() : mergedBatches(rows, merge);
  const { metadata, codec, rows: total } = orc.tail;
  const shape = { root: 'table', columns: orc.inOrder, codec: codecFor(codec.kind), keyValues: metadata, rows: total };
  const { rows: recordCount, ...result } = yield* writeParquet(shape, batches);
  return { ...result, format: 'PARQUET', recordCount, source: 'orc', dropped: orc.others };
}

function codecFor(kind: number): WrittenCodec {
  if (kind === 0) return 'UNCOMPRESSED';
  return kind === 2 ? 'SNAPPY' : 'GZIP';
}
