import { type CatalogEntry, formatIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import { storeTime } from '../repository/clock.js';
import { type Commit, summarise } from '../repository/commit.js';
import { findBase, type TableIdentity } from '../repository/hints.js';
import { assertBackupName, newRunId } from '../repository/keys.js';
import { findCommit } from '../repository/load.js';
import { findRecord, type RepositoryRecord } from '../repository/record.js';
import { type BackupAsk, type FoundRun, findRun } from '../repository/runs.js';
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
      await endRun(place, opened.done.run, call);
      return { outcome: 'already', backup: summarise(opened.done) };
    }
    try {
      return await withScratch(options.tmpDir, (scratch) => attempt(deps, options, opened, scratch, call));
    } catch (error) {
      if (!isCode(error, 'corrupt', 'source-changed', 'unsupported')) throw error;
      if (!options.dryRun && opened.continued) await endRun(deps.repository, opened.run, call);
      const moved = (await deps.catalog.load(opened.entry.ident, call)).metadataLocation !== opened.pinned.uri;
      if (!moved || isCode(error, 'unsupported')) throw error;
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
  readonly done: Commit | undefined;
}

async function open(deps: BackupDeps, options: BackupOptions, call: CallOptions): Promise<Opened> {
  const place = deps.repository;
  const entry = await deps.catalog.load(deps.catalog.normalise(options.ident), call);
  const table = formatIdent(entry.ident);
  const now = await storeTime(place, call);
  const record = await findRecord(place, call);
  const current = await readPinned(deps.source, entry.metadataLocation, table, call);
  assertApart(current.metadata.location, place, table);
  const uuid = current.metadata.tableUuid ?? null;
  const ask: BackupAsk = { name: options.name, mode: options.mode, catalog: deps.catalog.identity, table, uuid };
  const earlier = record && (await findRun(place, ask, now, call));
  const done = await findCommit(place, options.name, call);
  if (done && (done.run !== earlier?.run || earlier.ended)) throw nameTaken(place, options.name, done);
  const alive = record && earlier && !earlier.ended && earlier.lastWrite > now - record.grace_ms / 2;
  const continuing = alive ? await continuePin(deps, earlier, current, table, call) : undefined;
  const fresh = { pinned: current, run: newRunId(options.name, now), continued: false };
  return { entry, table, ask, record, done, ...(continuing ?? fresh) };
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

async function attempt(deps: BackupDeps, options: BackupOptions, opened: Opened, scratch: string, call: CallOptions): Promise<BackupResult> {
  const identity: TableIdentity = { catalog: deps.catalog.identity, table: opened.table, uuid: opened.pinned.metadata.tableUuid };
  for (let useBase = true; ; useBase = false) {
    const base = opened.record && useBase ? await findBase(deps.repository, identity, options.mode, call) : undefined;
    const plan = await planBackup(opened.pinned, { deps, options, table: opened.table, scratch, call, run: opened.run, base });
    if (options.dryRun) return { outcome: 'planned', plan: plan.shown };
    try {
      const commit = await executeBackup(deps, options, opened, plan, identity, call);
      return { outcome: 'created', plan: plan.shown, backup: summarise(commit) };
    } catch (error) {
      if (!(error instanceof BaseDeleted)) throw error;
    }
  }
}

function tableMoves(table: string, cause: BcnError): BcnError {
  return new BcnError('source-changed', `${table} changed ${PINS} times while it was backed up, and files it had named were gone`, {
    table,
    cause,
    hint: 'Run the command again, away from snapshot expiry; or keep snapshots longer than a backup takes.',
  });
}
