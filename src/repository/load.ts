import { BcnError, isCode } from '../errors.js';
import { nearest } from '../nearest.js';
import { parallel } from '../parallel.js';
import type { CallOptions } from '../storage/port.js';
import { type Backup, type Commit, decodeCommit } from './commit.js';
import { type BackupState, readDeletion, readState } from './events.js';
import {
  assertSelector,
  BACKUPS,
  commitKey,
  isCommitKey,
  isSelectorOf,
  nameOfSelector,
  selectorOfCommitKey,
  selectorStem,
} from './keys.js';
import { placeUri, type RepositoryPlace } from './place.js';
import { commitsByRun, type RepositoryRecord, readRecord } from './record.js';
import { withRepairs } from './repairs.js';

/** How many backups of one name an error shows. */
const EXAMPLES = 10;

/** A backup and what its events say. */
export interface Resolved extends Backup {
  readonly state: BackupState;
}

export interface LoadOptions extends CallOptions {
  /** With the ROOTs that its COMMIT names, also where a repair has put others in their place. */
  readonly asCommitted?: boolean;
}

/**
 * A backup, as repairs have left it, by its name, or by its selector or the beginning of one where the repository keeps backups by run. Throws `usage` (no such name can be, or several backups have it),
 * `repository-not-found`, `backup-not-found` (with near names), `corrupt`.
 */
export async function loadBackup(place: RepositoryPlace, name: string, options: LoadOptions = {}): Promise<Resolved> {
  assertSelector(name);
  const { live, deleted } = await findNamed(place, name, await readRecord(place, options), options);
  // Two processes that continued one run have both committed it: one moment of the table, twice.
  const backup = oneRun(place, name, live)[0];
  if (backup) return options.asCommitted ? backup : withRepairs(place, backup, backup.state, options);
  throw await notFound(place, name, deleted.length > 0, options);
}

/**
 * The backups, as committed, that a name means, and those that it meant until they were deleted. Throws `usage` (no such name can be), `backup-not-found` when there is neither, `corrupt`.
 */
export async function findNamed(
  place: RepositoryPlace,
  name: string,
  record: RepositoryRecord,
  options: CallOptions = {},
): Promise<{ readonly live: readonly Resolved[]; readonly deleted: readonly Resolved[] }> {
  assertSelector(name);
  const found = await findBackups(place, name, commitsByRun(record), options);
  if (found.length === 0) throw await notFound(place, name, false, options);
  const live: Resolved[] = [];
  const deleted: Resolved[] = [];
  for (const backup of found) {
    const state = await readState(place, backup.id, options);
    (state.deleted ? deleted : live).push({ ...backup, state });
  }
  return { live, deleted };
}

/** These backups, when they are of one run, or none. Throws `usage` with what tells them apart. */
export function oneRun<B extends Backup>(place: RepositoryPlace, name: string, backups: readonly B[]): readonly B[] {
  if (backups.every(({ run }) => run === backups[0]?.run)) return backups;
  throw ambiguous(place, name, backups);
}

async function notFound(place: RepositoryPlace, name: string, wasDeleted: boolean, options: CallOptions): Promise<BcnError> {
  const names = new Set<string>();
  for await (const other of backupSelectors(place, options)) names.add(nameOfSelector(other));
  const near = wasDeleted ? [] : nearest(nameOfSelector(name), [...names]);
  const next = wasDeleted ? `Take it back, within half of the grace: bcn undelete ${name}. ` : '';
  return new BcnError(
    'backup-not-found',
    `Backup "${name}" ${wasDeleted ? 'was deleted from' : 'not found in'} ${placeUri(place)}`,
    {
      object: `${placeUri(place)}/${commitKey(name)}`,
      hint: `${near.length > 0 ? `Did you mean ${near.map((n) => `"${n}"`).join(' or ')}? ` : ''}${next}List them: bcn list`,
    },
  );
}

/** The backups that keep a new one from taking this name. */
export async function findNamesakes(
  place: RepositoryPlace,
  name: string,
  byRun: boolean,
  options: CallOptions = {},
): Promise<readonly Backup[]> {
  if (byRun) return undeleted(place, await findBackups(place, name, true, options), options);
  const commit = await findCommit(place, name, options);
  return commit ? [commit] : [];
}

/**
 * All backups that a name or a selector may mean, deleted or not, in key order. A key that is exactly this one is looked for first; where the repository does not keep backups by
 * run, others are looked for only when there is none, since this may be a copy of one that did.
 */
async function findBackups(
  place: RepositoryPlace,
  text: string,
  byRun: boolean,
  options: CallOptions,
): Promise<readonly Backup[]> {
  const exact = await findCommit(place, text, options);
  if (exact && (!byRun || text.includes('@'))) return [exact];
  const found = exact ? [exact] : [];
  for await (const selector of backupSelectors(place, options, selectorStem(text))) {
    const commit = await findCommit(place, selector, options);
    if (commit) found.push(commit);
  }
  return found;
}

async function undeleted(place: RepositoryPlace, backups: readonly Backup[], options: CallOptions): Promise<readonly Backup[]> {
  const left: Backup[] = [];
  for (const backup of backups) if (!(await readDeletion(place, backup.id, options)).deleted) left.push(backup);
  return left;
}

/** The COMMIT at the key of this name or selector, deleted or not, or undefined. */
export async function findCommit(
  place: RepositoryPlace,
  selector: string,
  options: CallOptions = {},
): Promise<Backup | undefined> {
  const key = place.prefix + commitKey(selector);
  try {
    return atItsKey(decodeCommit((await place.store.get(key, options)).bytes, `${place.store.uri}/${key}`), place, selector);
  } catch (error) {
    if (isCode(error, 'object-not-found')) return undefined;
    throw error;
  }
}

/** A COMMIT that lies where its name says. A whole one under another key is no backup of that name. */
function atItsKey(commit: Commit, place: RepositoryPlace, selector: string): Backup {
  if (isSelectorOf(selector, commit)) return { ...commit, selector };
  const object = `${placeUri(place)}/${commitKey(selector)}`;
  throw new BcnError('corrupt', `The backup record ${object} is that of another backup, "${commit.name}"`, {
    object,
    hint: 'Something copied or moved it: bring the right one back from a copy. Those that can be read: bcn list',
  });
}

/**
 * Whether the COMMIT at this key is still the one of this backup, by its first line: it may be damaged behind it. Who finds no delete among the events of a backup must ask this
 * afterwards: prune takes the COMMIT first, then the events.
 */
export async function isCommitted(
  place: RepositoryPlace,
  { selector, id }: Pick<Backup, 'selector' | 'id'>,
  options: CallOptions = {},
): Promise<boolean> {
  try {
    const { bytes } = await place.store.get(place.prefix + commitKey(selector), options);
    return bytes.subarray(0, 100).toString('latin1').startsWith(`{"id":"${id}",`);
  } catch (error) {
    if (isCode(error, 'object-not-found')) return false;
    throw error;
  }
}

/** Selectors of all backups that begin so, deleted ones too, in key order. */
export async function* backupSelectors(place: RepositoryPlace, options: CallOptions = {}, stem = ''): AsyncGenerator<string> {
  for await (const { selector } of backupObjects(place, options, stem)) yield selector;
}

/** The object of a COMMIT, as a LIST shows it. */
export interface BackupObject {
  readonly selector: string;
  /** Store time of its write, ms; a copy of a repository has later ones. */
  readonly modified: number | undefined;
  /** Store time of the answer, ms. */
  readonly seen: number;
}

async function* backupObjects(place: RepositoryPlace, options: CallOptions, stem: string): AsyncGenerator<BackupObject> {
  for await (const page of place.store.list(place.prefix + BACKUPS + stem, options)) {
    for (const { key, modified } of page.objects) {
      const own = key.slice(place.prefix.length);
      if (isCommitKey(own)) yield { selector: selectorOfCommitKey(own), modified, seen: page.date };
    }
  }
}

/** A COMMIT, or why it cannot be read. */
export interface ReadBackup extends BackupObject {
  readonly backup: Backup | BcnError;
}

const PARALLEL = 16;

/**
 * Every backup, deleted or not, in key order; those that are not `wanted` are not read. A record that is damaged or of a later format does not
 * hide the others.
 */
export async function* readBackups(
  place: RepositoryPlace,
  options: CallOptions = {},
  wanted: (object: BackupObject) => boolean = () => true,
): AsyncGenerator<ReadBackup> {
  const read = async (object: BackupObject) => {
    if (!wanted(object)) return undefined;
    const backup = await findCommit(place, object.selector, options).catch((error: unknown) => {
      if (isCode(error, 'corrupt', 'repository-too-new')) return error;
      throw error;
    });
    // Purged between the two requests.
    return backup && { ...object, backup };
  };
  for await (const one of parallel(backupObjects(place, options, ''), read, PARALLEL)) if (one) yield one;
}

function ambiguous(place: RepositoryPlace, name: string, backups: readonly Backup[]): BcnError {
  const shown = backups.slice(0, EXAMPLES).map(({ selector, tables, when }) => {
    return `${selector} (of ${tables.map(({ identifier }) => identifier.join('.')).join(', ')}, made ${when})`;
  });
  const more = backups.length > EXAMPLES ? ', …' : '';
  const what = `"${name}" may be any of ${backups.length} backups in ${placeUri(place)}: ${shown.join(', ')}${more}`;
  return new BcnError('usage', what, {
    object: `${placeUri(place)}/${BACKUPS}${selectorStem(name)}`,
    hint: `Name one of them, as in: bcn show ${backups[0]?.selector}`,
  });
}
