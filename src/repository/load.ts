import { BcnError, isCode } from '../errors.js';
import { nearest } from '../nearest.js';
import type { CallOptions } from '../storage/port.js';
import { type Commit, decodeCommit } from './commit.js';
import { readDeletion } from './events.js';
import { assertBackupName, BACKUPS, commitKey, nameOfCommitKey } from './keys.js';
import { placeUri, type RepositoryPlace } from './place.js';
import { readRecord } from './record.js';

/** A backup's record by name. Throws `usage`, `repository-not-found`, `backup-not-found` (with near names), `corrupt`. */
export async function loadBackup(place: RepositoryPlace, name: string, options: CallOptions = {}): Promise<Commit> {
  assertBackupName(name);
  await readRecord(place, options);
  const commit = await findCommit(place, name, options);
  if (commit && !(await readDeletion(place, commit.id, options)).deleted) return commit;
  const names: string[] = [];
  for await (const other of backupNames(place, options)) names.push(other);
  const near = nearest(name, names);
  throw new BcnError('backup-not-found', `Backup "${name}" ${commit ? 'was deleted from' : 'not found in'} ${placeUri(place)}`, {
    object: `${placeUri(place)}/${commitKey(name)}`,
    hint: `${near.length > 0 && !commit ? `Did you mean ${near.map((n) => `"${n}"`).join(' or ')}? ` : ''}List them: bcn list`,
  });
}

/** The COMMIT of that name, deleted or not, or undefined. */
export async function findCommit(place: RepositoryPlace, name: string, options: CallOptions = {}): Promise<Commit | undefined> {
  const key = place.prefix + commitKey(name);
  try {
    return decodeCommit((await place.store.get(key, options)).bytes, `${place.store.uri}/${key}`);
  } catch (error) {
    if (isCode(error, 'object-not-found')) return undefined;
    throw error;
  }
}

/** Names of all backups, deleted ones too, in key order. */
export async function* backupNames(place: RepositoryPlace, options: CallOptions = {}): AsyncGenerator<string> {
  for await (const page of place.store.list(place.prefix + BACKUPS, options)) {
    for (const { key } of page.objects) {
      if (key.endsWith('.json')) yield nameOfCommitKey(key.slice(place.prefix.length));
    }
  }
}
