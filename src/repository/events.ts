import type { CallOptions } from '../storage/port.js';
import { eventsPrefix } from './keys.js';
import type { RepositoryPlace } from './place.js';

/**
 * Whether a backup is deleted, by the last `deleted` or `undeleted` event beside it (format, "events"). `seen` is the store time of the answer: v of the time rule.
 */
export async function readDeletion(
  place: RepositoryPlace,
  backupId: string,
  options: CallOptions = {},
): Promise<{ readonly deleted: boolean; readonly seen: number }> {
  let last: { n: number; deleted: boolean } | undefined;
  let seen = 0;
  for await (const page of place.store.list(place.prefix + eventsPrefix(backupId), options)) {
    seen = page.date;
    for (const { key } of page.objects) {
      const match = /\/(\d+)-(deleted|undeleted)\.json$/.exec(key);
      if (match && Number(match[1]) >= (last?.n ?? 0)) last = { n: Number(match[1]), deleted: match[2] === 'deleted' };
    }
  }
  return { deleted: last?.deleted ?? false, seen };
}
