/** What the files of delete manifests with content 1 are: position deletes in three formats, and deletion vectors (Iceberg specification, "Delete Formats"). */
import { BcnError } from '../errors.js';
import { inspectPositionDeletes } from './deletes/inspect.js';
import { type DeleteFile, Source } from './deletes/source.js';
import { readPuffin } from './puffin/file.js';

/** A delete file whose paths a restore has to change, by its format. */
export type RewritableDeletes = 'parquet' | 'avro' | 'orc' | 'puffin';

/** How files begin that hold position deletes as rows; `PARE` and `AGS1` are encrypted ones. */
const ROWS = ['PAR1', 'PARE', 'Obj\x01', 'ORC'];

/**
 * Tells by its own bytes what a delete file with content 1 is, and refuses what a restore could not write again, so that a backup does not
 * promise what its restore cannot do. undefined: deletion vectors without a container, which hold no path. A file of up to 8 MiB is read in one piece.
 *
 * @throws BcnError `corrupt`, `unsupported` (`object` is the file's name), or what `file.read` throws
 */
export async function inspectDeleteFile(file: DeleteFile, signal?: AbortSignal): Promise<RewritableDeletes | undefined> {
  const source = new Source(file, signal);
  const read = (start: number, end: number) => source.range(start, end);
  if (file.size === 0) {
    throw new BcnError('corrupt', 'Damaged delete file: it is empty', {
      object: file.name,
      hint: 'No engine can read it: the table itself is damaged.',
    });
  }
  const head = (await read(0, Math.min(4, file.size))).toString('latin1');
  if (ROWS.some((magic) => head.startsWith(magic))) return (await inspectPositionDeletes({ ...file, read }, signal)).format;
  const puffin = await readPuffin(file.name, file.size, read);
  return puffin.kind === 'puffin' ? 'puffin' : undefined;
}
