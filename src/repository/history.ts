import type { CallOptions } from '../storage/port.js';
import { type Event, inOrder, parseEvent } from './events.js';
import { EVENTS, eventsPrefix } from './keys.js';
import type { RepositoryPlace } from './place.js';

/** Something that happened to a backup after its COMMIT, as people are told of it. */
export interface BackupEvent {
  /** Key without the repository's prefix. */
  readonly key: string;
  readonly n: number;
  /** `deleted`, `verified`, …; later versions may know others. */
  readonly kind: string;
  /** Store time of its object, ms; undefined where the store tells none. */
  readonly when: number | undefined;
}

/** The events of one backup, or of all, by backup id, each list in the order in which they happened. One LIST of `events/`; no event is read. */
export async function readEvents(
  place: RepositoryPlace,
  options: CallOptions & { readonly of?: string } = {},
): Promise<ReadonlyMap<string, readonly BackupEvent[]>> {
  const found = new Map<string, Event[]>();
  const below = options.of === undefined ? EVENTS : eventsPrefix(options.of);
  for await (const page of place.store.list(place.prefix + below, options)) {
    for (const object of page.objects) {
      const event = parseEvent(place, object);
      if (event) found.set(event.id, [...(found.get(event.id) ?? []), event]);
    }
  }
  const told = ({ key, n, kind, modified }: Event) => ({ key: key.slice(place.prefix.length), n, kind, when: modified });
  return new Map([...found].map(([id, events]) => [id, events.sort(inOrder).map(told)]));
}

/** What its events make of a backup, for people. */
export interface BackupHealth {
  readonly deleted: boolean;
  /** When it was last verified, ISO 8601; null = never, or the store tells no times. */
  readonly verified: string | null;
  /** When it was found damaged, if nothing has repaired it since; '' = it was, the store tells no times. */
  readonly damaged: string | null;
}

export function healthOf(events: readonly BackupEvent[] = []): BackupHealth {
  const last = (...kinds: readonly string[]) => events.findLast(({ kind }) => kinds.includes(kind));
  const time = (event: BackupEvent | undefined) => (event?.when === undefined ? null : new Date(event.when).toISOString());
  const damage = last('damaged', 'repaired');
  return {
    deleted: last('deleted', 'undeleted')?.kind === 'deleted',
    verified: time(last('verified')),
    damaged: damage?.kind === 'damaged' ? (time(damage) ?? '') : null,
  };
}
