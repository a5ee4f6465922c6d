import { type Json, JsonMembers, text } from './json.js';
import { WRITE_PATH } from './places.js';

export interface Comparison {
  /** A path that the metadata names. */
  map(path: string): string;
  /** Whether a statistics file is there. */
  has(path: string): boolean;
}

/**
 * Metadata as it may be compared between a table and its restored copy: paths are mapped, entries of statistics files that are gone are left out, and so are the
 * declared edits (table-uuid, metadata-log). Everything else stays, in its order.
 */
export function comparable(metadata: Json, { map, has }: Comparison): Json {
  const mapped = (value: Json): Json => `"${map(text(value))}`;
  const visit = (value: Json, at: string): Json => {
    if (value instanceof JsonMembers) {
      const members = value.members.flatMap(([key, member]): [string, Json][] => {
        const where = `${at}.${key}`;
        if (where === '.table-uuid' || where === '.metadata-log') return [];
        if (where === '.location' || where === '.snapshots[].manifest-list') return [[key, mapped(member)]];
        if (where === '.snapshots[].manifests') return [[key, (member as readonly Json[]).map(mapped)]];
        if (/^\.(partition-)?statistics\[\]\.statistics-path$/.test(where)) return [[key, mapped(member)]];
        if (/^\.(partition-)?statistics$/.test(where)) {
          const there = (member as readonly JsonMembers[]).filter((entry) => has(text(entry.get('statistics-path'))));
          return [[key, there.map((entry) => visit(entry, `${where}[]`))]];
        }
        if (at === '.properties' && WRITE_PATH.test(key)) return [[key, mapped(member)]];
        return [[key, visit(member, where)]];
      });
      return new JsonMembers(members);
    }
    return Array.isArray(value) ? value.map((item: Json) => visit(item, `${at}[]`)) : value;
  };
  return visit(metadata, '');
}
