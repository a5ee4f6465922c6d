import { JsonCursor } from './json/cursor.js';
import { decodeString, hasEscape } from './json/text.js';
import { shapeOf, walk } from './json/walk.js';
import { rootOf } from './paths.js';

/** A value that holds the text of a root but is no path field: reported, never changed. */
export interface Mention {
  /** Such as `properties."owner"` or `snapshots[].summary."app"`. */
  readonly where: string;
  /** The first such value. */
  readonly value: string;
  /** Number of such values at this place. */
  readonly count: number;
}

const FREE_TEXT = shapeOf(['properties.*', 'snapshots[].summary.*']);
/** rewriteMetadata maps these. */
const MAPPED = /^write\.(data|metadata|object-storage|folder-storage)\.path$/;

/**
 * Properties and snapshot summaries that hold `root` (literally, without trailing slashes; `t` is found in `t2` too). Iceberg does
 * not read them as paths, but an engine or a job may.
 *
 * @throws BcnError `corrupt`
 */
export function findMentions(bytes: Buffer, name: string, root: string): readonly Mention[] {
  const text = rootOf(root);
  const found = new Map<string, Mention>();
  if (text === '') return [];
  const cursor = JsonCursor.open(bytes, name);
  const wanted = Buffer.from(text);
  let hit = bytes.indexOf(wanted);
  walk(cursor, FREE_TEXT, (place, keySpan) => {
    const isString = cursor.kind() === 'string';
    const span = cursor.skip();
    while (hit >= 0 && hit < span.start) hit = bytes.indexOf(wanted, span.start);
    const maybe = (hit >= 0 && hit < span.end) || hasEscape(bytes, span);
    if (!isString || !maybe) return;
    const value = decodeString(bytes, span);
    const key = decodeString(bytes, keySpan);
    if (!value.includes(text) || (place === 'properties.*' && MAPPED.test(key))) return;
    const where = place.replace('*', () => JSON.stringify(key));
    const earlier = found.get(where);
    found.set(where, { where, value: earlier?.value ?? value, count: (earlier?.count ?? 0) + 1 });
  });
  cursor.finish();
  return [...found.values()];
}
