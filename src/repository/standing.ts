import { BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { CallOptions } from '../storage/port.js';
import { type Backup, decodeCommit, type StoredObject } from './commit.js';
import { type BackupState, NO_EVENTS, readStates } from './events.js';
import { BACKUPS, commitKey, isCommitKey, isPurgeMark, selectorOfCommitKey } from './keys.js';
import { findCommit } from './load.js';
import type { RepositoryPlace } from './place.js';

/** A backup and what its events say: as much of each as all of them fit in memory. */
export interface Standing extends Pick<Backup, 'name' | 'selector' | 'id' | 'run' | 'when' | 'mode' | 'partial'> {
  readonly tables: readonly StandingTable[];
  readonly state: BackupState;
}

export interface StandingTable {
  /** `database.table` */
  readonly table: string;
  /** Tells tables of one name in several catalogs apart. */
  readonly identity: string;
  readonly root: StoredObject;
}

/** A record that cannot be read: `corrupt` or `repository-too-new`. */
export interface Unreadable {
  readonly selector: string;
  readonly error: BcnError;
  /** What its first line says, where that is an id at all, and what its events say. */
  readonly id: string | undefined;
  readonly state: BackupState;
}

export interface Standings {
  /** In the order of their keys. */
  readonly backups: readonly Standing[];
  readonly unreadable: readonly Unreadable[];
  /** Of all ids, also such without a record. */
  readonly states: ReadonlyMap<string, BackupState>;
  readonly marks: readonly { readonly key: string; readonly modified: number | undefined }[];
  /** Keys below `backups/` and `events/` that are not bcn's. */
  readonly foreign: readonly string[];
}

/** Reads every backup's record, deleted ones too, and the names of all events. One GET a backup, one LIST page for 1,000 backups or events. */
export async function readStandings(place: RepositoryPlace, options: CallOptions = {}): Promise<Standings> {
  const selectors: string[] = [];
  const marks: { key: string; modified: number | undefined }[] = [];
  const foreign: string[] = [];
  for await (const page of place.store.list(place.prefix + BACKUPS, options)) {
    for (const { key: full, modified } of page.objects) {
      const key = full.slice(place.prefix.length);
      if (isPurgeMark(key)) marks.push({ key, modified });
      else if (isCommitKey(key)) selectors.push(selectorOfCommitKey(key));
      else foreign.push(key);
    }
  }
  const events = await readStates(place, options);
  const stateOf = (id: string | undefined) => events.states.get(id ?? '') ?? NO_EVENTS;
  const backups: Standing[] = [];
  const unreadable: Unreadable[] = [];
  const read = async (selector: string) => ({ selector, found: await readCommit(place, selector, options) });
  for await (const { selector, found } of parallel(selectors, read, 16)) {
    if (found instanceof BcnError) {
      const id = await claimedId(place, selector, options);
      unreadable.push({ selector, error: found, id, state: stateOf(id) });
    } else if (found) backups.push({ ...shorten(found), state: stateOf(found.id) });
  }
  return { backups, unreadable, states: events.states, marks, foreign: [...foreign, ...events.foreign] };
}

async function readCommit(
  place: RepositoryPlace,
  selector: string,
  options: CallOptions,
): Promise<Backup | BcnError | undefined> {
  try {
    return await findCommit(place, selector, options);
  } catch (error) {
    if (isCode(error, 'corrupt', 'repository-too-new')) return error;
    throw error;
  }
}

/** The id that a damaged record claims to have, so that its events can be found; undefined of a whole one, which is that of another key. */
async function claimedId(place: RepositoryPlace, selector: string, options: CallOptions): Promise<string | undefined> {
  let id: string | undefined;
  try {
    const { bytes } = await place.store.get(place.prefix + commitKey(selector), options);
    id = /^\{"id":"([0-9a-f]{64})",/.exec(bytes.subarray(0, 100).toString('latin1'))?.[1];
    decodeCommit(bytes, selector);
    return undefined;
  } catch (error) {
    if (isCode(error, 'object-not-found')) return undefined;
    if (isCode(error, 'corrupt', 'repository-too-new')) return id;
    throw error;
  }
}

function shorten({ name, selector, id, run, when, mode, partial, tables }: Backup): Omit<Standing, 'state'> {
  return {
    ...{ name, selector, id, run, when, mode, partial },
    tables: tables.map(({ catalog, identifier, root }) => {
      const table = identifier.join('.');
      return { table, identity: `${catalog.identity}\n${table}`, root };
    }),
  };
}

/** Whether a backup is there to be restored: not deleted, not found damaged, not partial. */
export const isGood = ({ state, partial }: Pick<Standing, 'state' | 'partial'>): boolean =>
  !state.deleted && !state.damaged && !partial;

/** The tables (`database.table`) that would have no good backup any more without these. */
export function lastGoodOf(backups: readonly Standing[], going: ReadonlySet<string>): readonly string[] {
  const lost = new Map<string, string>();
  const good = backups.filter(isGood);
  for (const { id, tables } of good) if (going.has(id)) for (const { identity, table } of tables) lost.set(identity, table);
  for (const { id, tables } of good) if (!going.has(id)) for (const { identity } of tables) lost.delete(identity);
  return [...lost.values()].sort();
}
