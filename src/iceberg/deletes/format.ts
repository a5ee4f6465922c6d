import { cannotHandle, damaged } from './errors.js';
import type { Source } from './source.js';

export type DeleteFormat = 'parquet' | 'avro' | 'orc';

const MAGIC: readonly (readonly [magic: string, DeleteFormat])[] = [
  ['PAR1', 'parquet'],
  ['Obj\x01', 'avro'],
  ['ORC', 'orc'],
];

/**
 * Tells the format of a file from its first bytes; what a manifest says may be wrong, and Java trusts the file's ending.
 *
 * @throws BcnError `corrupt` when it is none that bcn knows, `unsupported` when it is encrypted
 */
export async function detectFormat(source: Source): Promise<DeleteFormat> {
  if (source.size === 0) throw damaged('it is empty');
  const head = (await source.range(0, Math.min(4, source.size))).toString('latin1');
  if (head === 'PARE' || head === 'AGS1')
    throw cannotHandle('it is encrypted', 'bcn has no keys: an encrypted table cannot be backed up.');
  const found = MAGIC.find(([magic]) => head.startsWith(magic));
  if (found === undefined) throw damaged('it is neither Parquet nor Avro nor ORC');
  return found[1];
}
