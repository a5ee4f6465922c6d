import { BcnError } from '../../errors.js';

const HINT =
  'Compare the length and checksum of this file with its source. If the source is the same, the table cannot be read either: repair it there.';

/** The bytes follow neither the Puffin specification nor that of LZ4 frames. The caller adds which file it is (`inPuffin`). */
export function damaged(what: string): BcnError {
  return new BcnError('corrupt', `Damaged Puffin file: ${what}`, { hint: HINT });
}

/** The bytes may be sound, but bcn cannot rewrite them safely. */
export function cannotHandle(what: string): BcnError {
  return new BcnError('unsupported', `Cannot handle this Puffin file: ${what}`);
}

/** Runs `work`; what it throws names the file, and a next step that fits a Puffin file (the JSON reader speaks of metadata files). */
export function inPuffin<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BcnError)) throw error;
    const hint = error.code === 'corrupt' ? HINT : error.hint;
    throw new BcnError(error.code, error.message, { object: name, cause: error.cause, ...(hint === undefined ? {} : { hint }) });
  }
}
