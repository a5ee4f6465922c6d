import { BcnError } from '../errors.js';
import type { Reporter } from '../report.js';

/** A live file that the source lacks. `corrupt`, which the caller turns into `source-changed` when the table has moved on meanwhile. */
export class MissingFile extends BcnError {}

export function missing(uri: string, table: string, cause?: unknown): MissingFile {
  return new MissingFile('corrupt', `The live file ${uri} of ${table} is missing from the source`, {
    object: uri,
    table,
    cause,
    hint: `The table itself is damaged: its metadata names the file. An older backup may still hold it: bcn list --table ${table}. To back up what is there: --allow-missing`,
  });
}

export function wrongLength(uri: string, table: string, recorded: number, found: number | undefined, cause?: unknown): BcnError {
  const what = found === undefined ? 'another length' : `${found} bytes`;
  return new BcnError('corrupt', `The live file ${uri} of ${table} has ${what}; its manifest records ${recorded}`, {
    object: uri,
    table,
    cause,
    hint: 'The table itself is damaged. An older backup may hold the whole file: bcn list',
  });
}

/** How many missing files are named one by one. */
const NAMED = 20;

/** Live files that the source lacks, of a table that is backed up all the same, if that is allowed. */
export class MissingFiles {
  readonly allowed: boolean;
  objects = 0;
  bytes = 0;
  /** The error that the first one would be. */
  first: MissingFile | undefined;
  readonly #named: string[] = [];

  constructor(allowed: boolean) {
    this.allowed = allowed;
  }

  /** Throws the error when files may not be missing. */
  add(size: number, error: MissingFile): void {
    if (!this.allowed) throw error;
    this.objects++;
    this.bytes += size;
    this.first ??= error;
    if (this.#named.length < NAMED) this.#named.push(error.object ?? '');
  }

  /** Warns of each of the first ones, and says how many more there are. */
  tell(report: Reporter, table: string): void {
    for (const object of this.#named)
      report.warn(`the live file ${object} of ${table} is missing from the source: the backup is incomplete`, { object });
    const more = this.objects - this.#named.length;
    if (more > 0) report.warn(`${more} more live files of ${table} are missing from the source`);
  }
}
