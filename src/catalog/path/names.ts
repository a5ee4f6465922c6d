import { BcnError } from '../../errors.js';
import { formatIdent, type TableIdent } from '../port.js';

/** Whether a folder of a namespace or a table can have this name. */
export function isFolderName(part: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return part !== '' && part !== '.' && part !== '..' && !/[/\\\u0000-\u001f\u007f]/.test(part);
}

/** Throws `usage` for a part of a table's name that cannot be a folder's. */
export function checkPart(part: string, ident: TableIdent): void {
  if (isFolderName(part)) return;
  throw new BcnError('usage', `"${part}" in "${formatIdent(ident)}" cannot be the name of a folder`, {
    hint: 'Names must not be empty, "." or "..", nor hold slashes or control characters.',
  });
}
