import { BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { CallOptions } from '../storage/port.js';
import { type Backup, decodeCommit, isIncomplete, type StoredObject } from './commit.js';
import { type BackupState, NO_EVENTS, readStates } from './events.js';
import { BACKUPS, commitKey, isCommitKey, isPurgeMark, selectorOfCommitKey } from './keys.js';
import { findCommit } from './load.js';
import type { RepositoryPlace } from './place.js';
import { readRepair } from './repairs.js';

/** A backup and what its events say: as much of each as all of them fit in memory. */
export interface Standing extends Pick<Backup, 'name' | 'selector' | 'id' | 'run' | 'when' | 'mode' | 'partial'> {
  readonly tables: readonly StandingTable[];
  /** A table lacks live files, since its source lacked them. */
  readonly incomplete: boolean;
  readonly state: BackupState;
}

export interface StandingTable {
  /** `database.table` */
  readonly table: string;
  /** Identity of its catalog. */
  readonly catalog: string;
  /** Tells tables of one name in several catalogs apart. */
  readonly identity: string;
  readonly root: StoredObject;
  /** ROOTs that a repair has put another in the place of; a backup that was made meanwhile may name them. */
  readonly superseded: readonly StoredObject[];
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
    } else if (found) {
      const backup = { ...shorten(found), state: stateOf(found.id) };
      const repaired = await withRoots(place, backup, options);
      if (repaired instanceof BcnError) unreadable.push({ selector, error: repaired, id: found.id, state: backup.state });
      else backups.push(repaired);
    }
  }
  return { backups, unreadable, states: events.states, marks, foreign: [...foreign, ...events.foreign] };
}

/** With the ROOTs of its repairs. One that cannot be read was of no use to anybody, unless it is the last: then the error is returned. */
async function withRoots(place: RepositoryPlace, backup: Standing, options: CallOptions): Promise<Standing | BcnError> {
  const { repairs = [] } = backup.state;
  let { tables } = backup;
  for (const [n, key] of repairs.entries()) {
    const roots = await readRepair(place, key, options).catch((error: unknown) => {
      if (isCode(error, 'corrupt')) return error;
      throw error;
    });
    if (roots instanceof BcnError) {
      if (n === repairs.length - 1) return roots;
      continue;
    }
    tables = tables.map((table, index) => {
      const root = roots[index] ?? table.root;
      return root.key === table.root.key ? table : { ...table, root, superseded: [...table.superseded, table.root] };
    });
  }
  return { ...backup, tables };
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

function shorten(backup: Backup): Omit<Standing, 'state'> {
  const { name, selector, id, run, when, mode, partial, tables } = backup;
  return {
    ...{ name, selector, id, run, when, mode, partial, incomplete: isIncomplete(backup) },
    tables: tables.map(({ catalog, identifier, root }) => {
      const table = identifier.join('.');
      return { table, catalog: catalog.identity, identity: `${catalog.identity}\n${table}`, root, superseded: [] };
    }),
  };
}

/** Whether a backup is there to be restored: not deleted, not found damaged, not partial, not incomplete. */
export const isGood = ({ state, partial, incomplete }: Pick<Standing, 'state' | 'partial' | 'incomplete'>): boolean =>
  !state.deleted && !state.damaged && !partial && !incomplete;

/** The tables (`database.table`) that would have no good backup any more without these. */
export function lastGoodOf(backups: readonly Standing[], going: ReadonlySet<string>): readonly string[] {
  const lost = new Map<string, string>();
  const good = backups.filter(isGood);
  for (const { id, tables } of good) if (going.has(id)) for (const { identity, table } of tables) lost.set(identity, table);
  for (const { id, tables } of good) if (!going.has(id)) for (const { identity } of tables) lost.delete(identity);
  return [...lost.values()].sort();
}
