import { formatIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { Plan } from '../plan.js';
import { assertAlone } from '../repository/alone.js';
import { type Backup, type FailedTable, summarise } from '../repository/commit.js';
import { readDeletion } from '../repository/events.js';
import { Bases, hasHint } from '../repository/hints.js';
import { nameHash } from '../repository/keys.js';
import { findNamesakes } from '../repository/load.js';
import { assertNotPurging, lookAtName } from '../repository/purge-marks.js';
import { commitsByRun, openRepository } from '../repository/record.js';
import { type BackupAsk, type FoundRun, type Pin, readRun } from '../repository/runs.js';
import { withScratch } from '../spill/scratch.js';
import { findObject } from '../storage/find-object.js';
import type { CallOptions } from '../storage/port.js';
import { VERSION } from '../version.js';
import { BaseDeleted, commitBackup, nameTaken } from './commit.js';
import { finish, tellNamesakes } from './ending.js';
import { isOfTable, isUnchanged, type Looked, lookAtTables, type TableLook } from './look.js';
import { assertNameOrTemplate, type NamedTables, newName } from './name.js';
import type { BackupDeps, BackupOptions, BackupResult } from './options.js';
import { endRun, findInterrupted, isAlive, isHopeless, type Opened, Run } from './run.js';
import { type Selected, selectTables } from './select.js';
import { backUpTable, isInRepository, type Result, type TableContext } from './table.js';

/**
 * Backs up one or more tables (format, "Backup"). Errors: `usage` (name), `table-not-found`, `namespace-not-found`, `unsupported` (refused, nothing
 * written), `backup-exists`, `source-changed`, `corrupt` (the table is damaged), storage and catalog errors. Of several tables those that fail are named in
 * the result and in the backup, which is then partial; when all fail, the first error is thrown. Sources are never written.
 */
export async function backup(deps: BackupDeps, options: BackupOptions): Promise<BackupResult> {
  assertNameOrTemplate(options.name);
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const place = deps.repository;
  const opened = await openRepository(place, call);
  if (!opened.record) await assertAlone(place, call);
  const selected = await selectTables(deps, options, call);
  const { template, at } = newName(options.name, namesOf(selected));
  const bases = opened.record && !options.fresh ? new Bases(place, options.mode, call) : undefined;
  const looked = await lookAtTables(deps, selected, bases, opened.now, call);
  const { mode, fresh = false } = options;
  const asks: BackupAsk = {
    name: at(opened.now.ms),
    ...(template !== undefined && { template }),
    mode,
    catalog: deps.catalog.identity,
    tables: selected.asked,
    fresh,
  };
  const single = selected.named && selected.idents.length === 1;
  const work: Work = { deps, options, opened, bases, looked, asks, single, call };
  // Then nothing is written but the COMMIT and its hints: whether the name is free, the COMMIT itself finds out.
  if (!options.dryRun && looked.looks.every((look) => isUnchanged(look, deps, options)))
    return (await findUnreported(work)) ?? commitUnchanged(work);
  // Each run of a template has a name of its own: that of the unfinished one, if there is one.
  const begun = template === undefined ? undefined : await findPinned(work);
  const again = begun && { ...work, asks: { ...asks, name: begun.begin.asks.name } };
  const found = again && (await findDone(again));
  if (found?.done) return found.done;
  if (again && !found?.taken) return runOf(again, begun);
  const { done, taken } = await findDone(work);
  if (done) return done;
  // No rerun of an interrupted command, but a new wish for a name that is used.
  if (taken) throw nameTaken(place, asks.name, taken, (await readDeletion(place, taken.id, call)).deleted);
  const { record } = opened;
  if (record && !commitsByRun(record))
    assertNotPurging(place, asks.name, await lookAtName(place, asks.name, call), record.grace_ms);
  return runOf(work, template === undefined ? await findInterrupted(place, asks, opened, call) : undefined);
}

function namesOf({ idents, asked }: Selected): NamedTables {
  const [first, ...more] = idents;
  const database = first?.namespace.join('.');
  const one = more.every(({ namespace }) => namespace.join('.') === database);
  return {
    database: Array.isArray(asked) ? (one ? database : undefined) : (asked as { namespace: string }).namespace,
    table: first && more.length === 0 ? formatIdent(first) : undefined,
  };
}

/** The newest backup, when it is of this very template and its process was killed before its last word. */
async function findUnreported({ deps, opened, looked, asks, call }: Work): Promise<BackupResult | undefined> {
  const newest = looked.looks[0]?.base?.commit;
  const { record, now } = opened;
  if (asks.template === undefined || !record || !newest?.run.startsWith(`${nameHash(asks.template)}-`)) return undefined;
  // Nobody continues an older one, so that the usual nightly backup asks nothing.
  if (Date.parse(newest.when) <= now.ms - record.grace_ms / 2) return undefined;
  const run = await readRun(deps.repository, newest.run, asks, call);
  if (!isAlive(run, opened)) return undefined;
  await finish(deps, newest, true, call);
  const { failed = [], name } = newest;
  return { outcome: 'already', name, plans: [], backup: summarise(newest), failed, skipped: looked.skipped };
}

/** The interrupted run of this template, as long as what it pinned is there: its name tells a moment. */
async function findPinned({ deps, opened, looked, asks, call }: Work): Promise<FoundRun | undefined> {
  const found = await findInterrupted(deps.repository, asks, opened, call);
  for (const { table, entry } of found ? looked.looks : []) {
    const pin = found?.begin.pinned[table];
    if (pin === undefined || pin.location === entry.metadataLocation) continue;
    const { store, key } = deps.source.resolve(pin.location);
    if (!(await findObject(store, key, call))) return undefined;
  }
  return found;
}

async function commitUnchanged(work: Work): Promise<BackupResult> {
  try {
    return await runOf(work, undefined);
  } catch (error) {
    if (!isCode(error, 'backup-exists')) throw error;
    const { done } = await findDone(work);
    if (done) return done;
    throw error;
  }
}

async function runOf(work: Work, earlier: FoundRun | undefined): Promise<BackupResult> {
  const { deps, options, opened, asks, call } = work;
  const run = new Run(deps, opened, asks.template ?? asks.name, earlier, call);
  try {
    return await withScratch(options.tmpDir, (scratch) => carryOut(work, run, scratch));
  } catch (error) {
    // What this run pinned cannot be backed up, or its name is gone: the next attempt must begin at the tables' current metadata.
    if (isHopeless(error) && !options.dryRun && (run.begun || run.continued)) await endRun(deps.repository, run.id, call);
    throw error;
  } finally {
    run.stop();
  }
}

/** What the steps of one command share. */
interface Work {
  readonly deps: BackupDeps;
  readonly options: BackupOptions;
  readonly opened: Opened;
  readonly bases: Bases | undefined;
  readonly looked: Looked;
  readonly asks: BackupAsk;
  /** One table was named: what is wrong with it is the error of the command. */
  readonly single: boolean;
  readonly call: CallOptions;
}

/** `done`: the backup of that name is of this very command, which was killed before its last word. `taken`: it is another. */
async function findDone({
  deps,
  options,
  opened,
  looked,
  asks,
  call,
}: Work): Promise<{ readonly done?: BackupResult; readonly taken?: Backup | undefined }> {
  const place = deps.repository;
  const namesakes = await findNamesakes(place, asks.name, commitsByRun(opened.record), call);
  const current = new Map(looked.looks.map(({ table, entry }) => [table, entry.metadataLocation]));
  for (const done of namesakes) {
    // A copy of another repository's backup is nobody's unfinished backup.
    if (done.origin) continue;
    const names = done.tables.map(({ identifier }) => identifier.join('.'));
    const same =
      opened.record &&
      names.length === current.size &&
      done.tables.every((table, n) => current.get(names[n] ?? '') === table.metadata_location);
    if (!same) continue;
    const run = await readRun(place, done.run, asks, call);
    const first = { catalog: deps.catalog.identity, table: names[0] ?? '' };
    const young = Date.parse(done.when) > opened.now.ms - (opened.record?.grace_ms ?? 0) / 2;
    // A run that wrote nothing else has no record; its hint is its last word.
    const unfinished = run
      ? isAlive(run, opened)
      : young && done.mode === options.mode && !(await hasHint(place, first, done, call));
    if (!unfinished || (await readDeletion(place, done.id, call)).deleted) continue;
    if (!options.dryRun) await finish(deps, done, run !== undefined, call);
    const { failed = [], name } = done;
    return { done: { outcome: 'already', name, plans: [], backup: summarise(done), failed, skipped: looked.skipped } };
  }
  return { taken: namesakes[0] };
}

async function carryOut(work: Work, run: Run, scratch: string): Promise<BackupResult> {
  const { deps, options, looked, call } = work;
  const pins = looked.looks.map(({ table, entry, at }): [string, Pin] => [
    table,
    run.earlier[table] ?? { location: entry.metadataLocation, at },
  ]);
  const pinned = Object.fromEntries(pins);
  const context: TableContext = {
    deps,
    options: { ...options, name: work.asks.name },
    run,
    bases: work.bases,
    asks: work.asks,
    pinned,
    scratch,
    call,
  };
  const failed: FailedTable[] = looked.failures.map(({ table, error }) => failure(table, error));
  const results = new Map<string, Result & { readonly look: TableLook }>();
  let first: BcnError | undefined = looked.failures[0]?.error;
  for (const look of looked.looks) {
    try {
      results.set(look.table, { look, ...(await backUpTable(look, { ...context, pinned })) });
    } catch (error) {
      if (work.single || !isOfTable(error) || isInRepository(error, deps)) throw error;
      first ??= error;
      failed.push(failure(look.table, error));
      deps.report.warn(`${look.table} is not backed up: ${error.message}`, { object: error.object });
    }
  }
  const rest = { name: work.asks.name, failed, skipped: looked.skipped };
  const plans = (): Plan[] => [...results.values()].map(({ shown }) => shown);
  if (results.size === 0) throw first ?? nothingToDo(work);
  if (options.dryRun) return { outcome: 'planned', plans: plans(), ...rest };
  for (;;) {
    try {
      const backup = await commit(work, run, [...results.values()], failed);
      return { outcome: 'created', plans: plans(), backup: summarise(backup), ...rest };
    } catch (error) {
      if (!(error instanceof BaseDeleted)) throw error;
      // What this run has copied already stays.
      for (const { look, backedUp } of [...results.values()]) {
        if (!backedUp?.base || !error.ids.has(backedUp.base.commit.id)) continue;
        results.set(look.table, { look, ...(await backUpTable(look, { ...context, bases: undefined })) });
      }
    }
  }
}

async function commit(
  { deps, options, asks, call }: Work,
  run: Run,
  results: readonly Result[],
  failed: readonly FailedTable[],
): Promise<Backup> {
  const place = deps.repository;
  const done = results.flatMap(({ backedUp }) => backedUp ?? []);
  const draft = {
    format: 1 as const,
    bcn: VERSION,
    name: asks.name,
    run: run.id,
    mode: options.mode,
    partial: failed.length > 0,
    tables: done.map(({ table }) => table),
    ...(failed.length > 0 && { failed }),
  };
  const record = run.record;
  if (!record) throw new Error('a backup without a repository');
  const bases = done.flatMap(({ base }) => base ?? []);
  const lease = done.some(({ wrote }) => wrote) ? run.lease : undefined;
  const backup = await commitBackup(place, draft, bases, lease, record, call);
  await finish(deps, backup, run.begun, call);
  if (commitsByRun(record)) await tellNamesakes(deps, backup, call);
  return backup;
}

function failure(table: string, { code, message, object }: BcnError): FailedTable {
  return { table, code, message, ...(object !== undefined && { object }) };
}

function nothingToDo({ looked, asks }: Work): BcnError {
  const of = Array.isArray(asks.tables) ? asks.tables.join(', ') : (asks.tables as { namespace: string }).namespace;
  const why = looked.skipped.length > 0 ? `: ${looked.skipped.length} entries are views or tables of other formats` : '';
  return new BcnError('table-not-found', `There is no Iceberg table to back up in ${of}${why}`, {
    hint: 'bcn backs up Iceberg tables only.',
  });
}
