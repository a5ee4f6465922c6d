import { type CatalogEntry, formatIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import { storeTime } from '../repository/clock.js';
import { type Backup, summarise } from '../repository/commit.js';
import { findBase, type TableIdentity } from '../repository/hints.js';
import { assertBackupName, newRunId } from '../repository/keys.js';
import { findNamesakes } from '../repository/load.js';
import { placeUri } from '../repository/place.js';
import { commitsByRun, findRecord, type RepositoryRecord } from '../repository/record.js';
import { type BackupAsk, type FoundRun, findRun, readRun } from '../repository/runs.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions } from '../storage/port.js';
import { assertApart } from './apart.js';
import { BaseDeleted, nameTaken } from './commit.js';
import { endRun, executeBackup } from './execute.js';
import type { BackupDeps, BackupOptions, BackupResult } from './options.js';
import { type PinnedMetadata, readPinned } from './pinned.js';
import { planBackup } from './plan.js';

/** How often a table may move on under a backup before it gives up. */
const PINS = 3;

const DAMAGED = 'The table itself is damaged. Check the named file in the source; an older backup may still hold it: bcn list';

/**
 * Backs up one table (format, "Backup"). Errors: `usage` (name), `table-not-found`, `namespace-not-found`, `unsupported` (refused, nothing
 * written), `backup-exists`, `source-changed`, `corrupt` (the table is damaged), storage and catalog errors. The source is never written.
 */
export async function backup(deps: BackupDeps, options: BackupOptions): Promise<BackupResult> {
  assertBackupName(options.name);
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const place = deps.repository;
  for (let pins = 1; ; pins++) {
    const opened = await open(deps, options, call);
    if (opened.done) {
      // Killed between its commit and its last word: the backup is complete, and this process says so.
      if (!options.dryRun) await endRun(place, opened.done.run, call);
      return { outcome: 'already', backup: summarise(opened.done) };
    }
    try {
      return await withScratch(options.tmpDir, (scratch) => attempt(deps, options, opened, scratch, call));
    } catch (error) {
      if (!isCode(error, 'corrupt', 'source-changed', 'unsupported')) throw error;
      if (!options.dryRun && opened.continued) await endRun(deps.repository, opened.run, call);
      const moved = !isCode(error, 'unsupported') && (await movedOn(deps, opened.entry, opened.pinned.uri, call));
      if (!moved) throw error.withContext({ table: opened.table, hint: DAMAGED });
      if (pins === PINS) throw tableMoves(opened.table, error);
      deps.report.info(`${opened.table} moved on while it was read; beginning again at its current metadata`);
    }
  }
}

/** What is known before the table's tree is read. */
export interface Opened {
  readonly entry: CatalogEntry;
  /** `database.table` */
  readonly table: string;
  readonly ask: BackupAsk;
  readonly record: RepositoryRecord | undefined;
  readonly pinned: PinnedMetadata;
  readonly run: string;
  /** This process goes on with a run that was interrupted. */
  readonly continued: boolean;
  /** The run had been committed, but not reported. */
  readonly done: Backup | undefined;
}

async function open(deps: BackupDeps, options: BackupOptions, call: CallOptions): Promise<Opened> {
  const place = deps.repository;
  const { entry, table, current } = await readCurrent(deps, options, call);
  const now = await storeTime(place, call);
  const record = await findRecord(place, call);
  assertApart(current.metadata, place, table);
  const uuid = current.metadata.tableUuid ?? null;
  const { name, mode, fresh = false } = options;
  const ask: BackupAsk = { name, mode, catalog: deps.catalog.identity, table, uuid, fresh };
  const alive = async (find: Promise<FoundRun | undefined>) => {
    const earlier = await find;
    return record && earlier && !earlier.ended && earlier.lastWrite > now - record.grace_ms / 2 ? earlier : undefined;
  };
  const anew = { pinned: current, run: newRunId(options.name, now), continued: false };
  const opened = { entry, table, ask, record, done: undefined, ...anew };
  const namesakes = await findNamesakes(place, options.name, commitsByRun(record), call);
  for (const done of namesakes) {
    const same = record && done.tables[0]?.metadata_location === current.uri;
    if (same && (await alive(readRun(place, done.run, ask, call)))) return { ...opened, done, run: done.run };
  }
  // No rerun of an interrupted command, but a new wish for a name that is used.
  if (namesakes.length > 0) throw nameTaken(place, options.name, namesakes[0]);
  const earlier = record && (await alive(findRun(place, ask, now, call)));
  const continuing = earlier && (await continuePin(deps, earlier, current, table, call));
  return { ...opened, ...continuing };
}

/** The catalog's entry and the metadata it names; both again when the table moved on between the two and the file is gone. */
async function readCurrent(deps: BackupDeps, options: BackupOptions, call: CallOptions) {
  for (let pins = 1; ; pins++) {
    const entry = await deps.catalog.load(deps.catalog.normalise(options.ident), call);
    const table = formatIdent(entry.ident);
    try {
      return { entry, table, current: await readPinned(deps.source, entry.metadataLocation, table, call) };
    } catch (error) {
      if (!isCode(error, 'corrupt')) throw error;
      if (!(await movedOn(deps, entry, entry.metadataLocation, call))) throw error.withContext({ table, hint: DAMAGED });
      if (pins === PINS) throw tableMoves(table, error);
    }
  }
}

/** Whether the table has other metadata by now. */
async function movedOn(deps: BackupDeps, { ident }: CatalogEntry, from: string, call: CallOptions): Promise<boolean> {
  return (await deps.catalog.load(ident, call)).metadataLocation !== from;
}

/** The interrupted run and the metadata it pinned, unless that is gone from the source. */
async function continuePin(deps: BackupDeps, earlier: FoundRun, current: PinnedMetadata, table: string, call: CallOptions) {
  const { run, begin } = earlier;
  if (begin.pinned === current.uri) return { pinned: current, run, continued: true };
  try {
    const pinned = await readPinned(deps.source, begin.pinned, table, call);
    deps.report.info(`continuing the interrupted run ${run}, which pinned ${begin.pinned}; ${table} has moved on since`);
    return { pinned, run, continued: true };
  } catch (error) {
    if (isCode(error, 'corrupt')) return undefined;
    throw error;
  }
}

async function attempt(
  deps: BackupDeps,
  options: BackupOptions,
  opened: Opened,
  scratch: string,
  call: CallOptions,
): Promise<BackupResult> {
  const identity: TableIdentity = { catalog: deps.catalog.identity, table: opened.table, uuid: opened.pinned.metadata.tableUuid };
  let { continued } = opened;
  for (let useBase = !options.fresh; ; useBase = false) {
    const base = opened.record && useBase ? await findBase(deps.repository, identity, options.mode, call) : undefined;
    try {
      const plan = await planBackup(opened.pinned, {
        deps,
        options,
        table: opened.table,
        scratch,
        call,
        run: opened.run,
        continued,
        base,
        record: opened.record,
      });
      if (options.dryRun) return { outcome: 'planned', plan: plan.shown };
      const commit = await executeBackup(deps, options, { ...opened, continued }, plan, identity, call);
      return { outcome: 'created', plan: plan.shown, backup: summarise(commit) };
    } catch (error) {
      if (base && isCode(error, 'corrupt') && error.object?.startsWith(`${placeUri(deps.repository)}/`)) {
        // A backup that cannot be read is no base. It must not keep the next one from being made.
        deps.report.warn(`the backup "${base.commit.name}" is damaged, so nothing of it is reused: ${error.message}`, {
          object: error.object,
        });
      } else if (error instanceof BaseDeleted) {
        // What this run has copied already stays.
        continued = true;
      } else throw error;
    }
  }
}

function tableMoves(table: string, cause: BcnError): BcnError {
  return new BcnError(
    'source-changed',
    `${table} changed ${PINS} times while it was backed up, and files it had named were gone`,
    {
      table,
      cause,
      hint: 'Run the command again, away from snapshot expiry; or keep snapshots longer than a backup takes.',
    },
  );
}
