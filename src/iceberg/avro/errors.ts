import { BcnError } from '../../errors.js';

/** The bytes do not follow the Avro specification, or their own schema. The caller adds which file it is (`inFile`). */
export function damaged(what: string): BcnError {
  return new BcnError('corrupt', `Damaged Avro file: ${what}`);
}

/** The bytes may be sound, but bcn cannot rewrite them safely. */
export function cannotHandle(what: string): BcnError {
  return new BcnError('unsupported', `Cannot handle this Avro file: ${what}`);
}

/** Runs `work`; a BcnError that names no object yet gets `name` as its object, and a next step. */
export async function inFile<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BcnError) || error.object !== undefined) throw error;
    const hint =
      error.code === 'corrupt'
        ? 'Compare the length and checksum of this file with its source. If the source is the same, the table cannot be read either: repair it there.'
        : undefined;
    throw error.withContext({ object: name, ...(hint === undefined ? {} : { hint }) });
  }
}
