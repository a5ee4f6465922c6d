import { Splice } from '../avro/splice.js';
import { blocksOf, Records } from './avro/blocks.js';
import { RecordReader } from './avro/merge.js';
import { type AvroDeletes, openAvro } from './avro/open.js';
import { BlockBuilder, packBlock } from './avro/output.js';
import { avroRuns } from './avro/runs.js';
import type { DeleteFacts, DeletePaths } from './facts.js';
import { Mapper } from './mapper.js';
import { mergeSteps, planOrder, type SortedRun } from './order.js';
import { PathRange } from './path-range.js';
import type { MappedPath } from './rows.js';
import type { Source } from './source.js';

/** Rows written so far. */
interface Written {
  rows: number;
  readonly range: PathRange;
}

/**
 * Writes an Avro file of position deletes again; yields its bytes, returns what is true of it. Paths are spliced: other fields (`row`), header and
 * sync marker are copied, and so are the bounds of blocks unless rows change their order.
 */
export async function* rewriteAvro(source: Source, paths: DeletePaths): AsyncGenerator<Buffer, DeleteFacts> {
  const deletes = await openAvro(source);
  const merge = paths.keepsOrder ? undefined : await planOrder(avroRuns(source, deletes, (path) => paths.path(path)));
  const written: Written = { rows: 0, range: new PathRange() };
  const blocks =
    merge === undefined ? splicedBlocks(source, deletes, paths, written) : mergedBlocks(source, deletes, merge, written);
  let size = deletes.newHeader.length;
  yield deletes.newHeader;
  for await (const block of blocks) {
    size += block.length;
    yield block;
  }
  const { rows, range } = written;
  const facts = { size, columnSizes: null, splitOffsets: null, recordCount: rows, paths: range.bounds };
  return { ...facts, source: 'avro', dropped: [] };
}

async function* splicedBlocks(
  source: Source,
  deletes: AvroDeletes,
  paths: DeletePaths,
  written: Written,
): AsyncGenerator<Buffer> {
  const mapper = new Mapper((path) => paths.path(path));
  for await (const block of blocksOf(source, deletes)) {
    const data = await deletes.decompress(block.data);
    const splice = new Splice(data);
    const records = new Records(deletes, block, data);
    let last: MappedPath | undefined;
    while (records.next()) {
      const path = mapper.map(records.path);
      if (path.from !== path.to) splice.replace(records.pathStart, records.pathEnd).putString(path.to);
      if (path !== last) written.range.add(path.to);
      last = path;
    }
    written.rows += block.count;
    const changed = splice.finish();
    if (changed === undefined && deletes.keepsCodec) yield block.bytes;
    else yield await packBlock(deletes, block.count, changed ?? data);
  }
}

async function* mergedBlocks(
  source: Source,
  deletes: AvroDeletes,
  runs: readonly SortedRun[],
  written: Written,
): AsyncGenerator<Buffer> {
  const readers = runs.map(() => new RecordReader(source, deletes));
  const reader = (run: number) => readers[run] as RecordReader;
  const out = new BlockBuilder();
  for await (const step of mergeSteps(runs, (run, row) => reader(run).peek(row))) {
    const path = Buffer.from(step.path.to);
    written.range.add(step.path.to);
    written.rows += step.rows;
    for (let done = 0; done < step.rows; ) {
      done += await reader(step.run).copy(step, done, path, out);
      if (out.isFull) yield await out.take(deletes);
    }
  }
  if (out.count > 0) yield await out.take(deletes);
}
