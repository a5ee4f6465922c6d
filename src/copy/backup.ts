import { assertApart } from '../backup/apart.js';
import { BaseDeleted, commitBackup, type Draft, nameTaken } from '../backup/commit.js';
import { finish, tellNamesakes } from '../backup/ending.js';
import { endRun, findInterrupted, isHopeless, type Opened, Run } from '../backup/run.js';
import { BcnError, isCode } from '../errors.js';
import { type Backup, type CommittedTable, identityOf, type Origin } from '../repository/commit.js';
import { readDeletion } from '../repository/events.js';
import type { Base } from '../repository/hints.js';
import { commitKey, newAttemptId } from '../repository/keys.js';
import { findCommit, findNamesakes } from '../repository/load.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { assertNotPurging, lookAtName } from '../repository/purge-marks.js';
import { commitsByRun, type RepositoryRecord } from '../repository/record.js';
import type { BackupAsk } from '../repository/runs.js';
import type { BackupSummary } from '../repository/summary.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions } from '../storage/port.js';
import { VERSION } from '../version.js';
import { copyContent } from './content.js';
import type { Held } from './held.js';
import { writeMeta } from './meta.js';
import type { CopiedData, CopyDeps, CopyOptions } from './options.js';
import { type KnownRoots, newContent, planTable } from './plan.js';

export interface OneContext {
  readonly deps: CopyDeps;
  readonly options: CopyOptions;
  /** `id` of the source's record. */
  readonly repository: string;
  readonly opened: Opened;
  readonly held: Held;
  readonly roots: KnownRoots;
  readonly call: CallOptions;
}

/** `backup` is absent after --dry-run; `already`: another process has copied it meanwhile. */
export interface CopiedOne {
  readonly outcome: 'copied' | 'already' | 'planned';
  readonly data: CopiedData;
  readonly backup?: Backup;
  /** As it is in the destination now: the first copy makes it. */
  readonly record: RepositoryRecord | undefined;
}

/**
 * Copies one backup as a run of the destination (format, "Copy" 2 to 9). Throws `corrupt` (the source is damaged, the object is named), `backup-exists`, `busy` (the name), `usage`
 * (the destination lies inside a table), `backup-not-found` (gone since it was looked up), storage errors.
 */
export async function copyBackup(backup: Backup, context: OneContext): Promise<CopiedOne> {
  const { deps, options, repository, opened, call } = context;
  const origin: Origin = backup.origin ?? { repository, id: backup.id };
  assertOutside(backup, deps);
  await assertNameFree(backup, context);
  const asks: BackupAsk = {
    name: backup.name,
    mode: backup.mode,
    catalog: `copy:${origin.id}`,
    tables: backup.tables.map(({ identifier }) => identifier.join('.')).sort(),
    origin,
  };
  const earlier = await findInterrupted(deps.to, asks, opened, call);
  const run = new Run({ repository: deps.to, report: deps.report }, opened, backup.name, earlier, call);
  try {
    return await carryOut(backup, origin, asks, run, context);
  } catch (error) {
    // What is damaged stays so; and of a file with other bytes, which its length does not tell, nothing may be kept.
    if (isHopeless(error) && !options.dryRun && (run.begun || run.continued)) await endRun(deps.to, run.id, call);
    throw error;
  } finally {
    run.stop();
  }
}

/** A repository inside a table's place would be eaten by its orphan removal. */
function assertOutside({ tables }: Backup, { to }: CopyDeps): void {
  try {
    for (const { location, write_paths, identifier } of tables) assertApart(location, write_paths, to, identifier.join('.'));
  } catch (error) {
    if (!isCode(error, 'usage')) throw error;
    const { message, table, object } = error;
    throw new BcnError('usage', message, { table, object, hint: 'Name another place with --to.' });
  }
}

/** How often bases may be deleted while one backup is copied. */
const PLANS = 5;

async function carryOut(backup: Backup, origin: Origin, asks: BackupAsk, run: Run, context: OneContext): Promise<CopiedOne> {
  const { options } = context;
  for (let plans = 1; ; plans++) {
    const done: Done[] = [];
    const held = plans < PLANS ? context.held : undefined;
    for (const table of backup.tables) done.push(await copyTable(backup, table, held, asks, run, context));
    const sum = (amounts: readonly { readonly objects: number; readonly bytes: number }[]) => ({
      objects: amounts.reduce((total, { objects }) => total + objects, 0),
      bytes: amounts.reduce((total, { bytes }) => total + bytes, 0),
    });
    const all = backup.tables.map(({ files, bytes }) => ({ objects: files.total, bytes: bytes.total }));
    const data = { total: sum(all), new: sum(done.map((one) => one.new)) };
    if (options.dryRun) return { outcome: 'planned', data, record: run.record };
    try {
      return { ...(await commit(backup, origin, done, run, context)), data, record: run.record };
    } catch (error) {
      // What this run has copied stays.
      if (!(error instanceof BaseDeleted)) throw error;
    }
  }
}

/** A table that is ready for the COMMIT. */
interface Done {
  readonly table: CommittedTable;
  readonly bases: readonly Base[];
  /** Something of the run is part of the copy. */
  readonly wrote: boolean;
  readonly new: { readonly objects: number; readonly bytes: number };
}

async function copyTable(
  backup: Backup,
  table: CommittedTable,
  held: Held | undefined,
  asks: BackupAsk,
  run: Run,
  { deps, options, roots, call }: OneContext,
): Promise<Done> {
  return withScratch(options.tmpDir, async (scratch) => {
    const context = { deps, options, run: run.id, scratch, call };
    const plan = await planTable(backup, table, held, roots, { ...context, continued: run.continued });
    const fresh = newContent(plan);
    const counts = {
      files: { total: table.files.total, new: fresh.objects },
      bytes: { total: table.bytes.total, new: fresh.bytes },
    };
    const bases = plan.kind === 'unchanged' ? [plan.base] : plan.bases.map(({ found }) => found);
    if (plan.kind === 'unchanged') {
      return { table: { ...table, ...counts, root: plan.base.table.root }, bases, wrote: false, new: fresh };
    }
    if (options.dryRun) return { table, bases, wrote: false, new: fresh };
    await run.begin(asks, {});
    const copying = { ...context, continued: run.continued };
    await copyContent(plan.files, table, copying);
    const { stored, date } = await writeMeta(plan, newAttemptId(), copying);
    run.lease.touch(date);
    return { table: { ...table, ...counts, root: stored }, bases, wrote: true, new: fresh };
  });
}

async function commit(
  backup: Backup,
  origin: Origin,
  done: readonly Done[],
  run: Run,
  { deps, call }: OneContext,
): Promise<Pick<CopiedOne, 'backup'> & { readonly outcome: 'copied' | 'already' }> {
  const { record } = run;
  if (!record) throw new Error('a copy without a repository');
  const { id: _, selector: __, tables: ___, bcn: ____, run: _____, origin: ______, ...kept } = backup;
  const draft: Draft = { ...kept, bcn: VERSION, run: run.id, origin, tables: done.map(({ table }) => table) };
  const lease = done.some(({ wrote }) => wrote) ? run.lease : undefined;
  const bases = done.flatMap((one) => one.bases);
  const ending = { repository: deps.to, report: deps.report };
  try {
    const copy = await commitBackup(deps.to, draft, bases, lease, record, call);
    await finish(ending, copy, run.begun, call);
    if (commitsByRun(record)) await tellNamesakes(ending, copy, call);
    return { outcome: 'copied', backup: copy };
  } catch (error) {
    if (!isCode(error, 'backup-exists')) throw error;
    // Another process copied it at the same time.
    const winner = await findCopy(backup, record, deps, call);
    if (!winner) throw forCopy(error);
    if (run.begun) await endRun(deps.to, run.id, call);
    return { outcome: 'already', backup: winner };
  }
}

/** The undeleted backup of the destination that has the name and is the same backup. */
async function findCopy(backup: Backup, record: RepositoryRecord, { to }: CopyDeps, call: CallOptions) {
  for (const other of await findNamesakes(to, backup.name, commitsByRun(record), call)) {
    if (identityOf(other) === identityOf(backup) && !(await readDeletion(to, other.id, call)).deleted) return other;
  }
  return undefined;
}

/** Before anything is copied: whether the name is free in the destination. */
async function assertNameFree(backup: Backup, { deps: { to }, opened: { record }, call }: OneContext) {
  if (!record) return;
  const { name } = backup;
  try {
    if (commitsByRun(record)) {
      const [taken] = await findNamesakes(to, name, true, call);
      if (taken) throw nameTaken(to, name, taken);
      return;
    }
    const look = await lookAtName(to, name, call);
    if (look.taken) {
      const taken = await findCommit(to, name, call);
      const deleted = taken && (await readDeletion(to, taken.id, call)).deleted;
      throw deleted && identityOf(taken) === identityOf(backup) ? deletedThere(to, name) : nameTaken(to, name, taken, deleted);
    }
    assertNotPurging(to, name, look, record.grace_ms);
  } catch (error) {
    throw forCopy(error);
  }
}

class DeletedThere extends BcnError {}

function deletedThere(to: RepositoryPlace, name: string): BcnError {
  return new DeletedThere('backup-exists', `The copy "${name}" in ${placeUri(to)} was deleted there`, {
    object: `${placeUri(to)}/${commitKey(name)}`,
    hint: `Take it back there, within half of the grace: bcn undelete ${name}. Or prune it there, and copy it again.`,
  });
}

/** A copy cannot choose another name. */
function forCopy(error: unknown): unknown {
  if (!isCode(error, 'backup-exists', 'busy') || error instanceof DeletedThere) return error;
  const { message, object, retryable } = error;
  const hint =
    error.code === 'busy'
      ? 'Run the same command again in some minutes.'
      : 'A copy keeps its name, and nothing is overwritten: delete and prune the other, or copy to another repository. What is there: bcn list';
  return new BcnError(error.code, message, { object, retryable, cause: error, hint });
}

/** The error for a backup that was purged since it was looked up. */
export function vanished({ from }: CopyDeps, { selector }: Pick<BackupSummary, 'selector'>): BcnError {
  return new BcnError('backup-not-found', `Backup "${selector}" was removed from ${placeUri(from)} while others were copied`, {
    object: `${placeUri(from)}/${commitKey(selector)}`,
    hint: 'It had been deleted, and was pruned. What is left: bcn list',
  });
}
