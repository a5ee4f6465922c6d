import { BcnError, isCode } from '../errors.js';
import { assertAlone } from '../repository/alone.js';
import { Told } from '../repository/clock.js';
import { identityOf, summarise } from '../repository/commit.js';
import { readState } from '../repository/events.js';
import { findCommit } from '../repository/load.js';
import { placeUri } from '../repository/place.js';
import { openRepository, readRecord } from '../repository/record.js';
import { withRepairs } from '../repository/repairs.js';
import type { BackupSummary } from '../repository/summary.js';
import { overlaps } from '../storage/overlap.js';
import type { CallOptions } from '../storage/port.js';
import { copyBackup, vanished } from './backup.js';
import { Held } from './held.js';
import type { CopiedBackup, CopyDeps, CopyOptions, CopyResult } from './options.js';
import { rootsOf } from './plan.js';
import { selectBackups } from './select.js';

/**
 * Copies backups of one repository into another (format, "Copy"), oldest first; what is there already is left as it is. One that cannot be copied does not keep the others out: it
 * is among the results as `failed`; of a single name its error is thrown. Throws `usage` (the places lie inside each other; names), `repository-not-found`, `backup-not-found`,
 * storage errors. The source is only read.
 */
export async function copy(deps: CopyDeps, options: CopyOptions): Promise<CopyResult> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const { from, to } = deps;
  assertTwo(deps);
  const { id: repository } = await readRecord(from, call);
  const selected = await selectBackups(deps, options, call);
  const opened = await openRepository(to, call);
  if (!opened.record) await assertAlone(to, call);
  const held = await Held.read(deps, call);
  const roots = new Map<string, ReadonlyMap<string, string>>();
  const single = options.names.length === 1;
  let { record } = opened;
  const results: CopiedBackup[] = [];
  const tell = (result: CopiedBackup) => {
    results.push(result);
    options.each?.(result);
  };
  const one = async (summary: BackupSummary): Promise<CopiedBackup> => {
    const committed = await findCommit(from, summary.selector, call);
    if (committed?.id !== summary.id) throw vanished(deps, summary);
    const backup = await withRepairs(from, committed, await readState(from, committed.id, call), call);
    roots.set(identityOf(backup), rootsOf(backup));
    // What went by since the destination was opened.
    const now = new Told(opened.now.now);
    const copied = await copyBackup(backup, { deps, options, repository, opened: { record, now }, held, roots, call });
    record = copied.record;
    // Of a copy that is only planned the objects lie in the source still.
    if (options.dryRun) held.add(summary, from);
    else if (copied.backup) held.add(summarise(copied.backup), to);
    const { outcome, data, backup: copy } = copied;
    return { ...describe(summary), outcome, data, ...(copy && { copy: { selector: copy.selector, id: copy.id } }) };
  };
  for (const same of selected.backups) {
    const [summary] = same;
    const there = same.map((other) => held.copyOf(other)).find((found) => found !== undefined);
    if (there) {
      tell({ ...describe(summary), outcome: 'already', copy: { selector: there.selector, id: there.id } });
      continue;
    }
    // Somebody who deleted it there does not want it back every night.
    if (options.names.length === 0 && same.some((other) => held.wasDeleted(other))) {
      tell({ ...describe(summary), outcome: 'deleted' });
      continue;
    }
    try {
      tell(await one(summary));
    } catch (error) {
      if (single || !isOfBackup(error)) throw error;
      deps.report.warn(`the backup "${summary.selector}" is not copied: ${error.message}`, { object: error.object });
      tell({ ...describe(summary), outcome: 'failed', error });
    }
  }
  return { backups: results, damaged: selected.damaged, serverSide: from.store.service === to.store.service };
}

function describe({ name, selector, id, when, mode, tables }: BackupSummary) {
  return { name, selector, id, when, mode, tables: tables.map(({ table }) => table) };
}

/** Errors that are about one backup, so that others can be copied all the same. */
function isOfBackup(error: unknown): error is BcnError {
  const codes = ['corrupt', 'repository-too-new', 'backup-exists', 'backup-not-found', 'busy', 'usage'] as const;
  return isCode(error, ...codes, 'unsupported', 'object-archived', 'name-conflict');
}

function assertTwo({ from, to }: CopyDeps): void {
  if (from.store.endpoint !== to.store.endpoint || !overlaps(placeUri(from), placeUri(to))) return;
  throw new BcnError('usage', `The repositories ${placeUri(from)} and ${placeUri(to)} are the same, or lie inside each other`, {
    object: placeUri(to),
    hint: 'Name another place with --to.',
  });
}
