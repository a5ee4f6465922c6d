import { keyProblem } from '../guard.js';

/** Names of files that are being written; listings do not show them and no key may use them. */
export const TEMP_PREFIX = '.bcn-tmp-';

const MAX_SEGMENT_BYTES = 255;

/** Why no file can have this key, or undefined. A path is only ever taken literally: nothing is resolved or joined. */
export function fileKeyProblem(key: string): string | undefined {
  const general = keyProblem(key);
  if (general) return general;
  if (key.includes('\0')) return 'it holds a NUL character';
  const segments = key.split('/');
  for (const segment of segments) {
    if (segment === '') return 'a folder or file cannot have an empty name';
    if (segment === '.' || segment === '..') return `"${segment}" is no file name`;
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a file name is longer than ${MAX_SEGMENT_BYTES} bytes`;
  }
  if (isTemp(segments.at(-1) as string)) return `names that begin with ${TEMP_PREFIX} are for unfinished files`;
  return undefined;
}

export function isTemp(name: string): boolean {
  return name.startsWith(TEMP_PREFIX);
}

/** Splits a prefix into the folder to list ('' or ending in '/') and the start of the names in it. Undefined: no key can match. */
export function splitPrefix(prefix: string): { readonly folder: string; readonly start: string } | undefined {
  const cut = prefix.lastIndexOf('/') + 1;
  const folder = prefix.slice(0, cut);
  if (folder !== '' && fileKeyProblem(folder.slice(0, -1))) return undefined;
  if (prefix.includes('\0')) return undefined;
  return { folder, start: prefix.slice(cut) };
}
