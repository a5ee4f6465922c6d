import { BcnError, isCode } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import { type Backup, isIncomplete } from './commit.js';
import { type BackupState, NO_EVENTS, readState, readStates } from './events.js';
import { BACKUPS, NEWEST } from './keys.js';
import { findNamesakes, type LoadOptions, loadBackup, type ReadBackup, type Resolved, readBackups } from './load.js';
import { placeUri, type RepositoryPlace } from './place.js';
import { commitsByRun, readRecord } from './record.js';
import { withRepairs } from './repairs.js';

export interface ResolveOptions extends LoadOptions {
  /** For `latest`: which table (`database.table`) the backup must hold. */
  readonly table?: (table: string) => boolean;
}

/**
 * A backup by what a person calls it: `latest`, or what `loadBackup` takes. Throws what `loadBackup` throws; `corrupt` or `repository-too-new` when a
 * record that cannot be read may be newer than all others, since an older backup must not pass for the newest.
 */
export async function resolveBackup(place: RepositoryPlace, name: string, options: ResolveOptions = {}): Promise<Resolved> {
  if (name !== NEWEST) return loadBackup(place, name, options);
  return (await namedSo(place, options)) ?? findNewest(place, options);
}

async function resolved(place: RepositoryPlace, backup: Backup, state: BackupState, options: LoadOptions): Promise<Resolved> {
  const found = { ...backup, state };
  return options.asCommitted ? found : withRepairs(place, found, state, options);
}

/** The undeleted backup with this id, or undefined. */
export async function findById(place: RepositoryPlace, id: string, options: CallOptions = {}): Promise<Resolved | undefined> {
  const state = await readState(place, id, options);
  if (state.deleted) return undefined;
  for await (const { backup } of readBackups(place, options)) {
    if (!(backup instanceof BcnError) && backup.id === id) return resolved(place, backup, state, options);
  }
  return undefined;
}

/** A backup of that very name, which earlier versions allowed. */
async function namedSo(place: RepositoryPlace, options: LoadOptions): Promise<Resolved | undefined> {
  const byRun = commitsByRun(await readRecord(place, options));
  if ((await findNamesakes(place, NEWEST, byRun, options)).length === 0) return undefined;
  return loadBackup(place, NEWEST, options).catch((error: unknown) => {
    if (isCode(error, 'backup-not-found')) return undefined;
    throw error;
  });
}

async function findNewest(place: RepositoryPlace, options: ResolveOptions): Promise<Resolved> {
  const { table = () => true } = options;
  const { states } = await readStates(place, options);
  let newest: Backup | undefined;
  const unread: ReadBackup[] = [];
  for await (const one of readBackups(place, options)) {
    const { backup } = one;
    if (backup instanceof BcnError) unread.push(one);
    else if (isNewer(backup, newest) && isComplete(backup) && !states.get(backup.id)?.deleted) {
      if (backup.tables.some(({ identifier }) => table(identifier.join('.')))) newest = backup;
    }
  }
  const after = newest ? Date.parse(newest.when) : Number.NEGATIVE_INFINITY;
  const doubt = unread.find(({ modified = Number.POSITIVE_INFINITY }) => modified >= after)?.backup as BcnError | undefined;
  if (doubt) {
    throw new BcnError(doubt.code, `Which backup is the latest cannot be told. ${doubt.message}`, {
      object: doubt.object,
      cause: doubt,
      hint: `Name the one that you want${newest ? `, such as ${newest.selector}` : ''}. List them: bcn list`,
    });
  }
  if (newest) return resolved(place, newest, states.get(newest.id) ?? NO_EVENTS, options);
  const which = options.table ? ' of that table' : '';
  throw new BcnError('backup-not-found', `There is no complete backup${which} in ${placeUri(place)}`, {
    object: `${placeUri(place)}/${BACKUPS}`,
    hint: 'List what there is: bcn list',
  });
}

const isComplete = (backup: Backup): boolean => !backup.partial && !isIncomplete(backup);

function isNewer(backup: Backup, than: Backup | undefined): boolean {
  return than === undefined || backup.when > than.when || (backup.when === than.when && backup.selector > than.selector);
}
