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

/** Something that happened to a backup after its COMMIT. */
export interface BackupEvent {
  /** Key without the repository's prefix. */
  readonly key: string;
  readonly n: number;
  /** `deleted`, `verified`, …; later versions may know others. */
  readonly kind: string;
  /** Store time of its object, ms; undefined where the store tells none. */
  readonly when: number | undefined;
}

const EVENT = /^events\/([^/]+)\/(\d+)-([a-z]+)(?:-[^/]+)?\.json$/;

/** The events of one backup, or of all, by backup id, each list in the order in which they happened. One LIST of `events/`; no event is read. */
export async function readEvents(
  place: RepositoryPlace,
  options: CallOptions & { readonly of?: string } = {},
): Promise<ReadonlyMap<string, readonly BackupEvent[]>> {
  const found = new Map<string, BackupEvent[]>();
  const below = options.of === undefined ? 'events/' : eventsPrefix(options.of);
  for await (const page of place.store.list(place.prefix + below, options)) {
    for (const { key: whole, modified } of page.objects) {
      const key = whole.slice(place.prefix.length);
      const [, id, n, kind] = EVENT.exec(key) ?? [];
      if (id === undefined || kind === undefined) continue;
      const events = found.get(id) ?? [];
      events.push({ key, n: Number(n), kind, when: modified });
      found.set(id, events);
    }
  }
  for (const events of found.values()) events.sort((a, b) => a.n - b.n);
  return found;
}

/** What its events make of a backup. */
export interface BackupState {
  readonly deleted: boolean;
  /** When it was last verified, ISO 8601; null = never, or the store tells no times. */
  readonly verified: string | null;
  /** When it was found damaged, if nothing later verified or repaired it; '' = it was, the store tells no times. */
  readonly damaged: string | null;
}

export function stateOf(events: readonly BackupEvent[] = []): BackupState {
  const last = (...kinds: readonly string[]) => events.findLast(({ kind }) => kinds.includes(kind));
  const time = (event: BackupEvent | undefined) => (event?.when === undefined ? null : new Date(event.when).toISOString());
  const health = last('verified', 'damaged', 'repaired');
  return {
    deleted: last('deleted', 'undeleted')?.kind === 'deleted',
    verified: time(last('verified')),
    damaged: health?.kind === 'damaged' ? (time(health) ?? '') : null,
  };
}
