import { rootOf } from '../iceberg/paths.js';
import { findLocation } from '../storage/location.js';

/**
 * The beginning of `path` that names the place of `root`, in whatever spelling: `s3a://b/t` for `s3a://b/t/x` and the root `s3://b/t`, `file:/t` for
 * `file:/t/x` and `file:///t`. undefined when the path does not lie there, or no store of bcn knows the place. Unlike `overlaps`, which errs on
 * the side of yes, this takes an extra slash in a key of an object store for what it is there: another object.
 */
export function spelledRoot(path: string, root: string): string | undefined {
  const [file, place] = [findLocation(path), findLocation(rootOf(root))];
  if (!file || !place || file.scheme !== place.scheme || file.bucket !== place.bucket) return undefined;
  const end = file.scheme === 'file' ? endOfFolder(file.key, place.key) : endOfPrefix(file.key, place.key);
  return end === undefined ? undefined : rootOf(path.slice(0, path.length - file.key.length + end));
}

/** Whether two roots are one place, by the same measure. */
export function isSpelling(a: string, b: string): boolean {
  return spelledRoot(rootOf(a), b) === rootOf(a);
}

function endOfPrefix(key: string, root: string): number | undefined {
  if (root === '') return 0;
  return key.startsWith(root) && (key.length === root.length || key[root.length] === '/') ? root.length : undefined;
}

/** File systems read several slashes as one. */
function endOfFolder(key: string, root: string): number | undefined {
  let at = 0;
  for (const segment of root.split('/')) {
    if (segment === '') continue;
    while (key[at] === '/') at++;
    if (!key.startsWith(segment, at)) return undefined;
    at += segment.length;
    if (at < key.length && key[at] !== '/') return undefined;
  }
  return at;
}
