import { inDeleteFile } from './errors.js';
import type { DeleteFacts, DeletePaths } from './facts.js';
import { detectFormat } from './format.js';
import { rewriteAvro } from './rewrite-avro.js';
import { rewriteOrc } from './rewrite-orc.js';
import { rewriteParquet } from './rewrite-parquet.js';
import { type DeleteFile, Source } from './source.js';

/**
 * Writes a position-delete file again with new paths (Iceberg specification, "Position Delete Files"): every row once, its position kept.
 * Yields the bytes of the new file and returns what is true of it; the same input gives the same bytes. What the file is is told by its own bytes.
 *
 * Memory is flat: a few pages, a row group of 256 Ki rows, and where rows change their order an entry for each distinct path.
 *
 * @throws BcnError `corrupt`, `unsupported` (`object` is the file's name), or what `paths` or `file.read` throws
 */
export async function* rewritePositionDeletes(
  file: DeleteFile,
  paths: DeletePaths,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, DeleteFacts> {
  const source = new Source(file, signal);
  try {
    const format = await detectFormat(source);
    if (format === 'parquet') return yield* rewriteParquet(source, paths);
    if (format === 'orc') return yield* rewriteOrc(source, paths);
    return yield* rewriteAvro(source, paths);
  } catch (error) {
    throw inDeleteFile(error, file.name);
  }
}
