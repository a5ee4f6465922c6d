import { BcnError } from '../errors.js';

/** `corrupt`, which the caller turns into `source-changed` when the table has moved on meanwhile. */
export function missing(uri: string, table: string, cause?: unknown): BcnError {
  return new BcnError('corrupt', `The live file ${uri} of ${table} is missing from the source`, {
    object: uri,
    table,
    cause,
    hint: 'The table itself is damaged: its metadata names the file. An older backup may still hold it: bcn list',
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
