/** Drops entries of statistics files that are gone, which the spec calls informational ("Table Statistics", "Partition Statistics"). */
import { JsonCursor, type Span } from './json/cursor.js';
import { JsonObject } from './json/object.js';
import { removal } from './json/remove.js';
import { type Splice, splice } from './json/splice.js';
import { failType, shapeOf, walk } from './json/walk.js';
import type { MetadataEdit } from './rewrite-metadata.js';

const SHAPE = shapeOf(['statistics', 'partition-statistics']);

/**
 * Removes the entries of `statistics` and `partition-statistics` whose file is missing; every other byte stays. Same bytes (the same
 * buffer) when none is. Give it a document with real paths: in an abstract one the record of odd spellings (spellings.ts) counts entries.
 *
 * @param bytes after `inflateMetadata`
 * @param name URI of the file, for errors
 * @param isMissing asked once for each entry, in document order, with its path as the file spells it. What it throws is passed on.
 * @returns one edit for each entry removed
 * @throws BcnError `corrupt` when the bytes are not JSON or an entry has no path
 */
export function dropStatistics(
  bytes: Buffer,
  name: string,
  isMissing: (path: string) => boolean,
): { readonly bytes: Buffer; readonly edits: readonly MetadataEdit[] } {
  const cursor = JsonCursor.open(bytes, name);
  if (cursor.kind() !== 'object') failType(cursor, '', cursor.kind(), 'object');
  const splices: Splice[] = [];
  const edits: MetadataEdit[] = [];
  walk(cursor, SHAPE, (list) => {
    if (cursor.kind() === 'null') return void cursor.skip();
    if (cursor.kind() !== 'array') failType(cursor, list, cursor.kind(), 'array');
    const entries: { readonly span: Span; readonly missing: boolean }[] = [];
    cursor.array((index) => {
      const entry = JsonObject.read(cursor, `${list}[${index}]`);
      const path = entry.require('statistics-path', entry.string);
      const missing = isMissing(path);
      entries.push({ span: entry.span, missing });
      if (missing) edits.push({ field: list, from: path, to: 'removed: the file is missing' });
    });
    splices.push(
      ...removal(
        entries.map(({ span }) => span),
        (index) => entries[index]?.missing === true,
      ),
    );
  });
  cursor.finish();
  return { bytes: splices.length === 0 ? bytes : splice(bytes, splices), edits };
}
