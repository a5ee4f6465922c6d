import { Mapper } from '../mapper.js';
import type { PathRun } from '../rows.js';
import type { Source } from '../source.js';
import { type Block, blocksOf, Records } from './blocks.js';
import type { AvroDeletes } from './open.js';

/** The paths of all rows, with the new path of each, block by block. */
export async function* avroRuns(
  source: Source,
  deletes: AvroDeletes,
  path: (dataFile: string) => string,
): AsyncGenerator<readonly PathRun[]> {
  const mapper = new Mapper(path);
  for await (const block of blocksOf(source, deletes)) yield runsIn(deletes, block, await deletes.decompress(block.data), mapper);
}

function runsIn(deletes: AvroDeletes, block: Block, data: Buffer, mapper: Mapper): readonly PathRun[] {
  const runs: PathRun[] = [];
  const records = new Records(deletes, block, data);
  while (records.next()) {
    const path = mapper.map(records.path);
    const last = runs.at(-1);
    if (last?.path === path) last.rows++;
    else runs.push({ path, rows: 1 });
  }
  return runs;
}
