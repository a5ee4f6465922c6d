import { BcnError } from '../../errors.js';

const HINT =
  'Compare the length and checksum of this file with its source. If the source is the same, the table cannot be read either: repair it there.';

/** The bytes do not follow the format that they claim to have. The caller adds which file it is (`inDeleteFile`). */
export function damaged(what: string): BcnError {
  return new BcnError('corrupt', `Damaged position-delete file: ${what}`, { hint: HINT });
}

/** The bytes may be sound, but bcn cannot rewrite them safely. */
export function cannotHandle(what: string, hint?: string): BcnError {
  return new BcnError('unsupported', `Cannot handle this position-delete file: ${what}`, hint === undefined ? {} : { hint });
}

/** An error with the file it is about, unless it names one already. */
export function inDeleteFile(error: unknown, name: string): unknown {
  return error instanceof BcnError ? error.withContext({ object: name }) : error;
}
