import { type Catalog, type CatalogEntry, formatIdent, type TableIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { Reporter } from '../report.js';
import type { Backup, CommittedTable } from '../repository/commit.js';
import { LIVE } from '../repository/keys.js';
import { resolveBackup } from '../repository/latest.js';
import type { RepositoryPlace } from '../repository/place.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';
import { backupSide } from './backup-side.js';
import { liveSide } from './live-side.js';
import { type Pair, pairTables } from './pairs.js';
import { diffTables, type TableChanges } from './table.js';

export interface DiffDeps {
  readonly repository: RepositoryPlace;
  /** Reads the files of a live table. */
  readonly source: StoreResolver;
  /** Opened when a live table is asked for. */
  readonly catalog: () => Promise<Catalog>;
  readonly report: Reporter;
}

export interface DiffOptions {
  readonly from: string;
  /** A backup, or `live`. */
  readonly to: string;
  /** Which tables to compare, by `database.table`. */
  readonly table?: (table: string) => boolean;
  readonly tmpDir: string;
  readonly signal?: AbortSignal;
}

export interface DiffResult {
  /** Selectors of the backups, or `live`. */
  readonly from: string;
  readonly to: string;
  readonly tables: readonly TableDiff[];
}

export interface TableDiff {
  /** `database.table`, as it is called in the second. */
  readonly table: string;
  /** What it was called in the first, where that is another name. */
  readonly renamedFrom?: string;
  /** Only one side has it. */
  readonly only?: 'from' | 'to';
  /** Both have it. */
  readonly changes?: TableChanges;
  /** Why the two cannot be compared: one is damaged. */
  readonly error?: BcnError;
}

/** How often a live table may move on while it is read. */
const LOOKS = 3;

/**
 * What changed from a backup to another one, or to the tables as their catalog has them now. Writes nothing but spill files. A table that is damaged on one side is named and
 * hides no other. Throws `usage`, `backup-not-found`, `table-not-found` (no table like that on either side), `source-changed`, storage and catalog errors.
 */
export async function diff(deps: DiffDeps, options: DiffOptions): Promise<DiffResult> {
  if (options.from === LIVE) {
    throw new BcnError('usage', 'The first of the two must be a backup', { hint: `As in: bcn diff ${options.to} ${LIVE}` });
  }
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const { table = () => true } = options;
  const find = (name: string) => resolveBackup(deps.repository, name, { ...call, ...(options.table && { table }) });
  const chosen = ({ tables }: Backup) => tables.filter(({ identifier }) => table(identifier.join('.')));
  const from = await find(options.from);
  const to = options.to === LIVE ? undefined : await find(options.to);
  const pairs: readonly Pair[] = to ? pairTables(chosen(from), chosen(to)) : chosen(from).map((before) => ({ before }));
  if (pairs.length === 0) {
    throw new BcnError('table-not-found', `No such table in ${[from, to].flatMap((one) => one?.selector ?? []).join(' or ')}`, {
      hint: `See which there are: bcn show ${from.selector}`,
    });
  }
  const tables: TableDiff[] = [];
  for (const pair of pairs) {
    const found = await withScratch(options.tmpDir, (scratch) => diffPair(deps, pair, to === undefined, scratch, call));
    tables.push(asFailed(found, found.only === 'from' ? to : from) ?? found);
  }
  return { from: from.selector, to: to?.selector ?? LIVE, tables };
}

/** A table that a partial backup was to hold is not gone, nor new: the backup failed for it. `without`: the side that lacks it. */
function asFailed({ table, only }: TableDiff, without: Backup | undefined): TableDiff | undefined {
  const failed = only && without?.failed?.find((one) => one.table === table);
  if (!failed || !without) return undefined;
  const what = `The backup ${without.selector} could not hold ${table}: ${failed.message}`;
  return {
    table,
    error: new BcnError('partial', what, { table, object: failed.object, hint: 'Compare with a complete backup: bcn list' }),
  };
}

async function diffPair(deps: DiffDeps, pair: Pair, live: boolean, scratch: string, call: CallOptions): Promise<TableDiff> {
  const { before, after } = pair;
  const table = nameOf((after ?? before) as CommittedTable);
  const renamed = before && after && nameOf(before) !== table ? { renamedFrom: nameOf(before) } : {};
  const context = {
    scratch,
    onProgress: (done: number, total: number) => deps.report.progress({ phase: `reading manifests of ${table}`, done, total }),
  };
  try {
    if (before === undefined) return { table, only: 'to' };
    if (live) return { table, ...(await diffLive(deps, before, context, call)) };
    if (after === undefined) return { table, only: 'from' };
    const sides = [await backupSide(deps.repository, before, call), await backupSide(deps.repository, after, call)] as const;
    return { table, ...renamed, changes: await diffTables(...sides, context) };
  } catch (error) {
    if (!isCode(error, 'corrupt', 'unsupported')) throw error;
    return { table, ...renamed, error: error.withContext({ table }) };
  }
}

async function diffLive(
  deps: DiffDeps,
  before: CommittedTable,
  context: Parameters<typeof diffTables>[2],
  call: CallOptions,
): Promise<Pick<TableDiff, 'only' | 'changes'>> {
  const catalog = await deps.catalog();
  const ident = { namespace: before.identifier.slice(0, -1), name: before.identifier.at(-1) ?? '' };
  const old = await backupSide(deps.repository, before, call);
  let entry = await loadEntry(catalog, ident, call);
  for (let look = 1; ; look++) {
    if (entry === undefined) return { only: 'from' };
    try {
      return { changes: await diffTables(old, await liveSide(entry, deps.source, call), context) };
    } catch (error) {
      if (!isCode(error, 'corrupt')) throw error;
      // What it named may have been expired since.
      const now = await loadEntry(catalog, ident, call);
      if (now?.metadataLocation === entry.metadataLocation) throw error;
      if (look === LOOKS) throw movesOn(ident, error);
      entry = now;
    }
  }
}

async function loadEntry(catalog: Catalog, ident: TableIdent, call: CallOptions): Promise<CatalogEntry | undefined> {
  try {
    return await catalog.load(catalog.normalise(ident), call);
  } catch (error) {
    if (isCode(error, 'table-not-found', 'namespace-not-found')) return undefined;
    throw error;
  }
}

const nameOf = ({ identifier }: CommittedTable): string => identifier.join('.');

function movesOn(ident: TableIdent, cause: BcnError): BcnError {
  const table = formatIdent(ident);
  return new BcnError('source-changed', `${table} changed ${LOOKS} times while it was read, and files it had named were gone`, {
    table,
    cause,
    hint: 'Run the command again, away from snapshot expiry.',
  });
}
