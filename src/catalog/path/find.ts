import { parseLocation } from '../../storage/location.js';
import { overlaps } from '../../storage/overlap.js';
import type { CallOptions, ObjectStore } from '../../storage/port.js';
import { HINT_FILE, versionOf } from './versions.js';

/**
 * Names of the folders that lead from the warehouse to a location; none when the location is the warehouse or contains it,
 * undefined when the two lie apart. Throws `config` for a location of an unknown scheme.
 */
export function foldersTo(location: string, warehouse: string): readonly string[] | undefined {
  if (!overlaps(location, warehouse)) return undefined;
  return segments(location).slice(segments(warehouse).length);
}

/** As storage/overlap.ts splits them: extra slashes count for nothing. */
function segments(uri: string): readonly string[] {
  return parseLocation(uri)
    .key.split('/')
    .filter((segment) => segment !== '');
}

/** Folders below `prefix` (a key that ends in `/`, or '') that look like a table's, as names from there; one may come twice. */
export async function* tableFolders(store: ObjectStore, prefix: string, options: CallOptions): AsyncIterable<readonly string[]> {
  for await (const { objects } of store.list(prefix, options)) {
    for (const { key } of objects) {
      const names = key.slice(prefix.length).split('/');
      const file = names.pop() ?? '';
      if (names.pop() === 'metadata' && (file === HINT_FILE || versionOf(file) !== undefined)) yield names;
    }
  }
}

/** Whether any object's key begins so. */
export async function hasObject(store: ObjectStore, prefix: string, options: CallOptions): Promise<boolean> {
  for await (const { objects } of store.list(prefix, options)) {
    if (objects.length > 0) return true;
  }
  return false;
}
