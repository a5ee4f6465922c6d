import { BcnError } from '../errors.js';
import { summarise } from '../repository/commit.js';
import { NEWEST } from '../repository/keys.js';
import { resolveBackup } from '../repository/latest.js';
import { listBackups } from '../repository/list.js';
import type { BackupSummary } from '../repository/summary.js';
import type { CallOptions } from '../storage/port.js';
import type { CopyDeps, CopyOptions } from './options.js';

export interface Selected {
  /** Oldest first; of several of one run (where backups lie by run) all stand in one entry, the one to copy first. */
  readonly backups: readonly (readonly [BackupSummary, ...BackupSummary[]])[];
  readonly damaged: number;
}

/**
 * Which backups are to be copied. All names are looked up before anything is copied: throws `usage`, `repository-not-found`, `backup-not-found`, `corrupt`. Records among all
 * that cannot be read are named by warnings.
 */
export async function selectBackups({ from, report }: CopyDeps, options: CopyOptions, call: CallOptions): Promise<Selected> {
  const { names, filter } = options;
  if (names.length === 0) {
    const { backups, damaged } = await listBackups(from, call, filter.since ? { since: filter.since } : {});
    for (const { object, message } of damaged) report.warn(message, { object });
    const { table: wanted = () => true } = filter;
    const fitting = backups.filter(({ tables }) => tables.some(({ table }) => wanted(table)));
    return { backups: byRun(fitting), damaged: damaged.length };
  }
  const beside = names.some((name) => name !== NEWEST);
  if (filter.since || (filter.table && beside)) {
    throw new BcnError('usage', `${filter.since ? '--since' : '--table'} chooses among all backups, not beside names`, {
      hint: 'Only beside latest --table says of which table it is. See bcn copy --help',
    });
  }
  const found = new Map<string, BackupSummary>();
  for (const name of names) {
    const backup = await resolveBackup(from, name, { ...call, ...(filter.table && { table: filter.table }) });
    found.set(backup.id, summarise(backup));
  }
  return { backups: byRun([...found.values()]), damaged: 0 };
}

function byRun(backups: readonly BackupSummary[]): Selected['backups'] {
  const runs = new Map<string, [BackupSummary, ...BackupSummary[]]>();
  const order = (a: BackupSummary, b: BackupSummary) => compare(a.when, b.when) || compare(a.selector, b.selector);
  for (const backup of [...backups].sort(order)) {
    const key = `${backup.run}\n${backup.name}`;
    const same = runs.get(key);
    if (same) same.push(backup);
    else runs.set(key, [backup]);
  }
  return [...runs.values()];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
