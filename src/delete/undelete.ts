import { markUndeleted } from '../repository/deletion.js';
import { findNamed, oneRun } from '../repository/load.js';
import { readRecord } from '../repository/record.js';
import type { CallOptions } from '../storage/port.js';
import { describe } from './delete.js';
import type { DeleteDeps, DeleteOptions, DeleteResult } from './options.js';

/**
 * Takes deletes back, while each is younger than G/2 by the store's clock. All names are looked up first. Throws `backup-not-found` for a name that is not there, was pruned, or was
 * deleted too long ago; `usage` when several deleted backups have the name.
 */
export async function undeleteBackups({ repository }: DeleteDeps, options: DeleteOptions): Promise<readonly DeleteResult[]> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const record = await readRecord(repository, call);
  const targets = [];
  for (const name of options.names) {
    const { live, deleted } = await findNamed(repository, name, record, call);
    targets.push(...(live.length > 0 ? live : oneRun(repository, name, deleted)));
  }
  const results: DeleteResult[] = [];
  for (const backup of targets) {
    const outcome = await markUndeleted(repository, backup, record, { ...call, dryRun: options.dryRun });
    results.push({ ...describe(backup), outcome: outcome === 'done' ? (options.dryRun ? 'planned' : 'undeleted') : 'already' });
  }
  return results;
}
