import { randomBytes } from 'node:crypto';
import { BcnError, isCode } from '../errors.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions, ObjectInfo } from '../storage/port.js';
import { VERSION } from '../version.js';
import { EVENTS, eventKey, eventsPrefix } from './keys.js';
import type { RepositoryPlace } from './place.js';

/** What can happen to a backup after its COMMIT (format, "Events"). */
export type EventKind = 'deleted' | 'undeleted' | 'verified' | 'damaged' | 'repaired' | 'attached' | 'detached' | 'purged';

/** What the names and store times of a backup's events say. */
export interface BackupState {
  readonly deleted: boolean;
  /** Store time of the delete, ms; Infinity where the store told none. Only of a deleted backup. */
  readonly since?: number;
  /** A reader holds it: more `attached` than `detached`. */
  readonly attached: boolean;
  /** A check found it damaged, and nobody has repaired it since. */
  readonly damaged: boolean;
  /** Key of the event that says what was found damaged. Only of a damaged backup. */
  readonly damage?: string;
  /** Keys of its `repaired` events, in order; absent = none. The last one says which ROOTs stand in the place of the COMMIT's. */
  readonly repairs?: readonly string[];
  /** The number of the next event. */
  readonly next: number;
  /** Store time of the newest event, ms; Infinity where the store told none. */
  readonly newest: number;
}

/** A backup without events. */
export const NO_EVENTS: BackupState = { deleted: false, attached: false, damaged: false, next: 1, newest: 0 };

/** One event, by the name of its object. */
export interface Event {
  readonly id: string;
  readonly n: number;
  /** Also kinds of later versions. */
  readonly kind: string;
  readonly key: string;
  readonly modified: number | undefined;
}

/** How often a rival may take the number of an event before it is given up. */
const NUMBERS = 50;

/**
 * Whether a backup is deleted, and since when: the one place that says so (format, "Events"). `seen` is the store time of the answer: v of the time rule.
 */
export async function readDeletion(
  place: RepositoryPlace,
  backupId: string,
  options: CallOptions = {},
): Promise<{ readonly deleted: boolean; readonly since?: number; readonly seen: number }> {
  const { deleted, since, seen } = await readState(place, backupId, options);
  return { deleted, ...(deleted && { since }), seen };
}

/** All that the events of one backup say. */
export async function readState(
  place: RepositoryPlace,
  backupId: string,
  options: CallOptions = {},
): Promise<BackupState & { readonly seen: number }> {
  const events: Event[] = [];
  let seen = 0;
  for await (const page of place.store.list(place.prefix + eventsPrefix(backupId), options)) {
    seen = page.date;
    for (const object of page.objects) events.push(...[parseEvent(place, object)].flatMap((event) => event ?? []));
  }
  return { ...stateOf(events), seen };
}

/** The states of all backups that have events, by id, and the keys below `events/` that are none. */
export async function readStates(
  place: RepositoryPlace,
  options: CallOptions = {},
): Promise<{ readonly states: ReadonlyMap<string, BackupState>; readonly foreign: readonly string[] }> {
  const states = new Map<string, BackupState>();
  const foreign: string[] = [];
  let events: Event[] = [];
  const close = () => {
    if (events[0]) states.set(events[0].id, stateOf(events));
    events = [];
  };
  for await (const page of place.store.list(place.prefix + EVENTS, options)) {
    for (const object of page.objects) {
      const event = parseEvent(place, object);
      if (!event) foreign.push(object.key.slice(place.prefix.length));
      else {
        if (event.id !== events[0]?.id) close();
        events.push(event);
      }
    }
  }
  close();
  return { states, foreign };
}

/** Creates an event under the first free number from `next` on; `random` where creates are no compare-and-swap; `says` is what its body tells besides. */
export async function writeEvent(
  place: RepositoryPlace,
  backupId: string,
  kind: EventKind,
  { next, random }: { readonly next: number; readonly random: boolean },
  options: CallOptions = {},
  says: object = {},
): Promise<void> {
  const nonce = randomBytes(8).toString('hex');
  const bytes = Buffer.from(`${JSON.stringify({ format: 1, kind, bcn: VERSION, nonce, ...says })}\n`);
  for (let n = next; n < next + NUMBERS; n++) {
    const key = place.prefix + eventKey(backupId, n, kind, random ? nonce : undefined);
    try {
      await createOnce(place.store, key, bytes, options);
      return;
    } catch (error) {
      if (!isCode(error, 'object-exists')) throw error;
    }
  }
  const object = `${place.store.uri}/${place.prefix}${eventsPrefix(backupId)}`;
  throw new BcnError('busy', `Others wrote ${NUMBERS} events of one backup at the same moment`, { object, retryable: true });
}

/** One event, or undefined for what is none. */
export function parseEvent(place: RepositoryPlace, { key, modified }: ObjectInfo): Event | undefined {
  const match = /^events\/([^/]+)\/(\d{1,15})-([a-z]+)(-[0-9a-f]{1,64})?\.json$/.exec(key.slice(place.prefix.length));
  if (!match) return undefined;
  return { id: match[1] as string, n: Number(match[2]), kind: match[3] as string, key, modified };
}

/** In which events happened: by number, then store time, then key (format, "Events"). */
export function inOrder(a: Event, b: Event): number {
  const time = ({ modified }: Event) => modified ?? 0;
  return a.n - b.n || time(a) - time(b) || (a.key < b.key ? -1 : 1);
}

/** What these events, all of one backup, say. */
export function stateOf(events: readonly Event[]): BackupState {
  let since: number | undefined;
  let attached = 0;
  let damage: string | undefined;
  const repairs: string[] = [];
  let next = 1;
  let newest = 0;
  for (const { kind, n, modified, key } of [...events].sort(inOrder)) {
    next = n + 1;
    newest = Math.max(newest, modified ?? Number.POSITIVE_INFINITY);
    if (kind === 'deleted') since ??= modified ?? Number.POSITIVE_INFINITY;
    else if (kind === 'undeleted') since = undefined;
    else if (kind === 'attached') attached++;
    else if (kind === 'detached') attached = Math.max(0, attached - 1);
    else if (kind === 'damaged') damage = key;
    else if (kind === 'repaired') {
      damage = undefined;
      repairs.push(key);
    }
  }
  return {
    deleted: since !== undefined,
    ...(since !== undefined && { since }),
    attached: attached > 0,
    damaged: damage !== undefined,
    ...(damage !== undefined && { damage }),
    ...(repairs.length > 0 && { repairs }),
    next,
    newest,
  };
}
