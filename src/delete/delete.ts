import type { Backup } from '../repository/commit.js';
import { markDeleted } from '../repository/deletion.js';
import { hinted } from '../repository/hints.js';
import { findNamed, oneRun } from '../repository/load.js';
import { type RepositoryRecord, readRecord } from '../repository/record.js';
import { lastGoodOf, readStandings } from '../repository/standing.js';
import type { CallOptions } from '../storage/port.js';
import type { DeleteDeps, DeleteOptions, DeleteResult } from './options.js';

/**
 * Deletes backups, each by an event; their files go with the first prune after the grace. All names are looked up before the first is deleted. Throws `usage`,
 * `repository-not-found`, `backup-not-found`, `corrupt`. Warns when a table is left without a good backup.
 */
export async function deleteBackups(deps: DeleteDeps, options: DeleteOptions): Promise<readonly DeleteResult[]> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const record = await readRecord(deps.repository, call);
  const targets = new Map<string, { readonly backup: Backup; readonly deleted: boolean }>();
  for (const name of options.names) {
    const { live, deleted } = await findNamed(deps.repository, name, record, call);
    for (const backup of oneRun(deps.repository, name, live)) targets.set(backup.id, { backup, deleted: false });
    // Where backups lie by run, a name may have been deleted several times.
    if (live.length === 0) for (const backup of deleted) targets.set(backup.id, { backup, deleted: true });
  }
  const going = [...targets.values()].filter(({ deleted }) => !deleted).map(({ backup }) => backup);
  if (going.length > 0) await warnOfLast(deps, going, call);
  const results: DeleteResult[] = [];
  for (const { backup, deleted } of targets.values()) {
    results.push({ ...describe(backup), outcome: deleted ? 'already' : await drop(deps, backup, record, options.dryRun, call) });
  }
  return results;
}

async function drop({ repository }: DeleteDeps, backup: Backup, record: RepositoryRecord, dryRun: boolean, call: CallOptions) {
  if (dryRun) return 'planned';
  return (await markDeleted(repository, { id: backup.id, ...hinted(backup) }, record, call)) === 'done' ? 'deleted' : 'already';
}

async function warnOfLast({ repository, report }: DeleteDeps, going: readonly Backup[], call: CallOptions): Promise<void> {
  const { backups } = await readStandings(repository, call);
  for (const table of lastGoodOf(backups, new Set(going.map(({ id }) => id)))) {
    report.warn(`no good backup of ${table} is left; until half of the grace is over: bcn undelete`);
  }
}

export function describe({ name, selector, id, when, tables }: Backup): Omit<DeleteResult, 'outcome'> {
  return { name, selector, id, when, tables: tables.map(({ identifier }) => identifier.join('.')) };
}
