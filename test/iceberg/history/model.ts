/** What `--history` must make of a document, computed on a parsed tree that shares nothing with src/, and what engines demand of the result. */
import { items, type Json, JsonMembers } from '../../corpus/json.js';

const idOf = (item: JsonMembers) => item.get('snapshot-id') as string;

/** The tree without the snapshots of another id than those. `undefined`: nothing had to go. */
export function without(document: JsonMembers, kept: ReadonlySet<string>): JsonMembers | undefined {
  const all = items(document.get('snapshots')).map(idOf);
  if (all.every((id) => kept.has(id))) return undefined;
  const current = document.get('current-snapshot-id');
  const hasCurrent = typeof current === 'string' && current !== '#-1';
  const entry = new JsonMembers([
    ['timestamp-ms', document.get('last-updated-ms') as Json],
    ['snapshot-id', current as Json],
  ]);
  let hasLog = false;
  const members = document.members.map(([key, value]): readonly [string, Json] => {
    if (key === 'snapshot-log') {
      hasLog = true;
      const log: JsonMembers[] = [];
      for (const item of items(value)) {
        if (kept.has(idOf(item))) log.push(item);
        else log.length = 0;
      }
      const last = log.at(-1);
      if (hasCurrent && (last === undefined || idOf(last) !== current)) log.push(entry);
      return [key, value === null && log.length === 0 ? null : log];
    }
    if (value === null) return [key, value];
    if (['snapshots', 'statistics', 'partition-statistics'].includes(key))
      return [key, items(value).filter((item) => kept.has(idOf(item)))];
    if (key !== 'refs') return [key, value];
    const refs = (value as JsonMembers).members;
    return [key, new JsonMembers(refs.filter(([name, ref]) => name === 'main' || kept.has(idOf(ref as JsonMembers))))];
  });
  if (!hasLog && hasCurrent) members.push(['snapshot-log', [entry]]);
  return new JsonMembers(members);
}

/** The head of main and its ancestors, by their tokens. */
export function lineOf(document: JsonMembers, count: number): ReadonlySet<string> {
  const parents = new Map(items(document.get('snapshots')).map((item) => [idOf(item), item.get('parent-snapshot-id')]));
  const line: string[] = [];
  for (let id = document.get('current-snapshot-id'); line.length < count; id = parents.get(id as string)) {
    if (typeof id !== 'string' || !parents.has(id) || line.includes(id)) break;
    line.push(id);
  }
  return new Set(line);
}

/** Breaches of what Java's TableMetadata, its snapshot expiry, and iceberg-rust check. */
export function complaints(document: JsonMembers): readonly string[] {
  const found: string[] = [];
  const ids = new Set(items(document.get('snapshots')).map(idOf));
  const current = document.get('current-snapshot-id');
  const none = current === undefined || current === null || current === '#-1';
  if (!none && !ids.has(current as string)) found.push('the current snapshot is missing');
  const refs = (document.get('refs') ?? new JsonMembers([])) as JsonMembers;
  for (const [name, ref] of refs.members) if (!ids.has(idOf(ref as JsonMembers))) found.push(`ref ${name} dangles`);
  const main = refs.get('main');
  if (main && idOf(main as JsonMembers) !== current) found.push('main is not current');
  const log = items(document.get('snapshot-log'));
  if (log.some((item) => !ids.has(idOf(item)))) found.push('the log names a snapshot that is gone');
  const last = log.at(-1);
  if (!none && (last === undefined || idOf(last) !== current)) found.push('the log does not end in the current snapshot');
  const time = (item: JsonMembers) => Number((item.get('timestamp-ms') as string).slice(1));
  const late = log.some((item, n) => n > 0 && time(item) - time(log[n - 1] as JsonMembers) < -60_000);
  if (late) found.push('the log is not in order');
  const updated = Number((document.get('last-updated-ms') as string).slice(1));
  if (last && updated - time(last) < -60_000) found.push('the log is newer than the table');
  return found;
}
