import { BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { CallOptions } from '../storage/port.js';
import { summarise } from './commit.js';
import { readDeletion } from './events.js';
import { backupSelectors, findCommit } from './load.js';
import { placeUri, type RepositoryPlace } from './place.js';
import { readRecord } from './record.js';
import type { BackupSummary } from './summary.js';

/** What `bcn list` shows. */
export interface BackupList {
  /** Those that are not deleted, oldest first. */
  readonly backups: readonly BackupSummary[];
  /** Records that cannot be read, in the order of their names; whether they are deleted is not known. `object`: URI. */
  readonly damaged: readonly { readonly object: string; readonly message: string }[];
}

/**
 * All backups. A record that is damaged or of a later format does not hide the others. Throws `repository-not-found`, and
 * `corrupt` or `repository-too-new` when the repository's own record is so.
 */
export async function listBackups(place: RepositoryPlace, options: CallOptions = {}): Promise<BackupList> {
  await readRecord(place, options);
  const backups: BackupSummary[] = [];
  const damaged: { object: string; message: string }[] = [];
  for await (const found of parallel(backupSelectors(place, options), (selector) => load(place, selector, options), 16)) {
    if (found instanceof BcnError) damaged.push({ object: found.object ?? placeUri(place), message: found.message });
    else if (found) backups.push(found);
  }
  backups.sort((a, b) => (a.when < b.when ? -1 : a.when > b.when ? 1 : 0));
  return { backups, damaged };
}

async function load(
  place: RepositoryPlace,
  selector: string,
  options: CallOptions,
): Promise<BackupSummary | BcnError | undefined> {
  const commit = await findCommit(place, selector, options).catch((error: unknown) => {
    if (isCode(error, 'corrupt', 'repository-too-new')) return error;
    throw error;
  });
  if (commit === undefined || commit instanceof BcnError) return commit;
  return (await readDeletion(place, commit.id, options)).deleted ? undefined : summarise(commit);
}
