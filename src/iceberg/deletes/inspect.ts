import { openAvro } from './avro/open.js';
import { avroRuns } from './avro/runs.js';
import { inDeleteFile } from './errors.js';
import { type DeleteFormat, detectFormat } from './format.js';
import { openOrc, orcRows } from './orc/read.js';
import { openParquet, parquetRows } from './parquet/read.js';
import type { PathRun } from './rows.js';
import { type DeleteFile, Source } from './source.js';

/** What a look at a position-delete file shows, before anything is rewritten. */
export interface DeleteLook {
  readonly format: DeleteFormat;
  /** Columns that a rewritten file will lack. */
  readonly dropped: readonly string[];
}

/**
 * Looks at the metadata of a position-delete file and refuses what `rewritePositionDeletes` could not write again: for a backup, so that
 * it does not promise what its restore cannot do. Reads the first and last bytes and the footer or header.
 *
 * @throws BcnError `corrupt`, `unsupported`; `object` is the file's name
 */
export async function inspectPositionDeletes(file: DeleteFile, signal?: AbortSignal): Promise<DeleteLook> {
  const source = new Source(file, signal);
  try {
    const format = await detectFormat(source);
    if (format === 'parquet') return { format, dropped: (await openParquet(source)).columns.others };
    if (format === 'orc') return { format, dropped: (await openOrc(source)).others };
    await openAvro(source);
    return { format, dropped: [] };
  } catch (error) {
    throw inDeleteFile(error, file.name);
  }
}

/**
 * The paths of data files that the rows of a position-delete file name: one for each run of rows with the same path, so each at least
 * once, in the order of the file. Reads the paths alone where the format has columns.
 *
 * @throws BcnError `corrupt`, `unsupported` (`object` is the file's name), or what `file.read` throws
 */
export async function* deletedPaths(file: DeleteFile, signal?: AbortSignal): AsyncGenerator<string> {
  const source = new Source(file, signal);
  try {
    let last: string | undefined;
    for await (const runs of pathRuns(source, await detectFormat(source)))
      for (const { path } of runs) {
        if (path.from !== last) yield path.from;
        last = path.from;
      }
  } catch (error) {
    throw inDeleteFile(error, file.name);
  }
}

async function* pathRuns(source: Source, format: DeleteFormat): AsyncGenerator<readonly PathRun[]> {
  const same = (path: string) => path;
  if (format === 'parquet') yield* parquetRows(source, await openParquet(source), same).paths();
  else if (format === 'orc') yield* orcRows(source, await openOrc(source), same).paths();
  else yield* avroRuns(source, await openAvro(source), same);
}
