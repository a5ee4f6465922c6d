import { pMapIterable } from 'p-map';
import type { CallOptions } from '../storage/port.js';
import { summarise } from './commit.js';
import { readDeletion } from './events.js';
import { backupNames, findCommit } from './load.js';
import type { RepositoryPlace } from './place.js';
import { readRecord } from './record.js';
import type { BackupSummary } from './summary.js';

/** All backups that are not deleted, oldest first. Throws `repository-not-found`. */
export async function listBackups(place: RepositoryPlace, options: CallOptions = {}): Promise<readonly BackupSummary[]> {
  await readRecord(place, options);
  const found: BackupSummary[] = [];
  const load = async (name: string) => {
    const commit = await findCommit(place, name, options);
    return commit && !(await readDeletion(place, commit.id, options)).deleted ? summarise(commit) : undefined;
  };
  for await (const backup of pMapIterable(backupNames(place, options), load, { concurrency: 16 })) {
    if (backup) found.push(backup);
  }
  return found.sort((a, b) => (a.when < b.when ? -1 : a.when > b.when ? 1 : 0));
}
