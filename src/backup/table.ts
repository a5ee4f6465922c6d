import type { CatalogEntry } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import { isRelative } from '../iceberg/paths.js';
import type { Plan } from '../plan.js';
import { type CommittedTable, REQUIREMENTS } from '../repository/commit.js';
import type { Base, Bases } from '../repository/hints.js';
import { newAttemptId } from '../repository/keys.js';
import { placeUri } from '../repository/place.js';
import type { Root } from '../repository/root.js';
import type { BackupAsk, Begin, Pin } from '../repository/runs.js';
import type { CallOptions } from '../storage/port.js';
import { assertApart } from './apart.js';
import { copyFiles } from './copy.js';
import { isUnchanged, type TableLook } from './look.js';
import { writeMeta } from './meta.js';
import type { BackupDeps, BackupOptions } from './options.js';
import { type PinnedMetadata, readPinned } from './pinned.js';
import { planTable, planUnchanged, type TablePlan } from './plan.js';
import { writePaths } from './refusals.js';
import type { Run } from './run.js';

/** How often a table may move on under a backup before it gives up. */
const PINS = 3;

const DAMAGED = 'The table itself is damaged. Check the named file in the source; an older backup may still hold it: bcn list';

export interface TableContext {
  readonly deps: BackupDeps;
  readonly options: BackupOptions;
  readonly run: Run;
  /** undefined: nothing is reused. */
  readonly bases: Bases | undefined;
  readonly asks: BackupAsk;
  readonly pinned: Begin['pinned'];
  readonly scratch: string;
  readonly call: CallOptions;
}

/** A table that is ready for the COMMIT. */
export interface BackedUp {
  readonly table: CommittedTable;
  readonly base: Base | undefined;
  /** Something of the run is part of the backup. */
  readonly wrote: boolean;
}

/** `backedUp` is absent after --dry-run. */
export interface Result {
  readonly shown: Plan;
  readonly backedUp?: BackedUp;
}

/** Backs up one table within a run; with --dry-run only plans it. A table that moves on and loses what was pinned is begun again at what it is then. */
export async function backUpTable(look: TableLook, context: TableContext): Promise<Result> {
  const { deps, run, call } = context;
  let pin: Pin = run.earlier[look.table] ?? { location: look.entry.metadataLocation, at: look.at };
  let { entry, at } = look;
  for (let pins = 1; ; pins++) {
    try {
      return await attempt({ ...look, entry, at }, pin, context);
    } catch (error) {
      const ofSource = isCode(error, 'corrupt', 'source-changed') && !isInRepository(error, deps);
      if (!ofSource) throw isCode(error, 'unsupported') ? error.withContext({ table: look.table }) : error;
      at = run.time();
      entry = await deps.catalog.load(look.entry.ident, call);
      const moved = entry.metadataLocation !== pin.location;
      if (!moved) throw error.withContext({ table: look.table, hint: DAMAGED });
      if (pins === PINS) throw tableMoves(look.table, error);
      deps.report.info(`${look.table} moved on while it was read; beginning again at its current metadata`);
      pin = { location: entry.metadataLocation, at };
    }
  }
}

async function attempt(look: TableLook, pin: Pin, context: TableContext): Promise<Result> {
  const { deps, bases } = context;
  try {
    return await once(look, pin, bases, context);
  } catch (error) {
    if (!bases || !isCode(error, 'corrupt') || !isInRepository(error, deps)) throw error;
    // A backup that cannot be read is no base. It must not keep the next one from being made.
    const name = look.base ? `the backup "${look.base.commit.name}"` : `an earlier backup of ${look.table}`;
    deps.report.warn(`${name} is damaged, so nothing of it is reused: ${error.message}`, { object: error.object });
    return once(look, pin, undefined, context);
  }
}

async function once(look: TableLook, pin: Pin, bases: Bases | undefined, context: TableContext): Promise<Result> {
  const { deps, options, run } = context;
  const { plan, at } = await planIt(look, pin, bases, context);
  if (plan.kind === 'changed') await assertStands(plan, look, context);
  if (options.dryRun) return { shown: plan.shown };
  const { shown } = plan;
  if (plan.kind === 'unchanged') {
    const { base } = plan;
    const { files, bytes } = base.table;
    const nothing = { files: { total: files.total, new: 0 }, bytes: { total: bytes.total, new: 0 } };
    const table = { ...base.table, ...named(look.entry, deps), pinned: at, ...nothing };
    return { shown, backedUp: { table, base, wrote: false } };
  }
  await run.begin(context.asks, context.pinned);
  return { shown, backedUp: await write(look, plan, at, context) };
}

/** Files that are missing may be so since the table moved on and expired what named them: then it is whole, at what it is now. Throws the first's error. */
async function assertStands({ files, pinned }: Changed, { entry, table }: TableLook, { deps, options, call }: TableContext) {
  const { missing } = files;
  if (!missing.first) return;
  const { metadataLocation } = await deps.catalog.load(entry.ident, call);
  if (metadataLocation !== pinned.uri) throw missing.first;
  if (options.dryRun) missing.tell(deps.report, table);
}

async function planIt(
  look: TableLook,
  pin: Pin,
  bases: Bases | undefined,
  context: TableContext,
): Promise<{ readonly plan: TablePlan; readonly at: string }> {
  const { deps, options, run, scratch, call } = context;
  const { table, base } = look;
  const head = { deps, options, table, run: run.id, record: run.record };
  if (bases && base && pin.location === look.entry.metadataLocation && isUnchanged(look, deps, options)) {
    assertApart(base.table.location, base.table.write_paths, deps.repository, table);
    return { plan: planUnchanged(base, head), at: pin.at };
  }
  const { pinned, at } = await readPin(look, pin, context);
  assertApart(pinned.metadata.location, writePaths(pinned.metadata), deps.repository, table);
  const found = bases && (await baseOf(look, pinned, bases, deps));
  return { plan: await planTable(pinned, { ...head, scratch, call, continued: run.continued, base: found }), at };
}

/** The base by the table's name, if it is of this table; else whatever backup is. */
async function baseOf({ table, base }: TableLook, { metadata }: PinnedMetadata, bases: Bases, { catalog }: BackupDeps) {
  if (base && base.table.uuid === (metadata.tableUuid ?? null)) return base;
  return bases.search({ catalog: catalog.identity, table, uuid: metadata.tableUuid });
}

/** The metadata that an interrupted attempt pinned, while it is there and of the table that has the name now; else what is current. */
async function readPin({ table, entry, at: seen }: TableLook, pin: Pin, { deps, run, call }: TableContext) {
  const current = { location: entry.metadataLocation, at: seen };
  const read = async ({ location, at }: Pin) => ({ pinned: await readPinned(deps.source, location, table, call), at });
  if (pin.location === current.location) return read(pin);
  const now = await read(current);
  try {
    const then = await read(pin);
    if (then.pinned.metadata.tableUuid === now.pinned.metadata.tableUuid) {
      deps.report.info(`continuing the interrupted run ${run.id}, which pinned ${pin.location}; ${table} has moved on since`);
      return then;
    }
  } catch (error) {
    if (!isCode(error, 'corrupt')) throw error;
  }
  return now;
}

type Changed = Extract<TablePlan, { readonly kind: 'changed' }>;

/** Copies what is new and writes metadata, inventory and ROOT. */
async function write(look: TableLook, plan: Changed, at: string, context: TableContext): Promise<BackedUp> {
  const { entry } = look;
  const { deps, options, run, call } = context;
  const { repository: place, report, source } = deps;
  const { pinned, tree, files, base } = plan;
  const { location } = pinned.metadata;
  const { jobs } = options;
  const name = [...entry.ident.namespace, entry.ident.name].join('.');
  const copy = { place, source, run: run.id, location, table: name, jobs, continued: run.continued, report, call };
  if (options.mode === 'copy') await copyFiles(files, copy);
  await assertStands(plan, look, context);
  files.missing.tell(report, name);
  const meta = { place, run: run.id, attempt: newAttemptId(), report, call };
  const { root, stored, date } = await writeMeta(pinned, tree, files, meta);
  run.lease.touch(date);
  // A reference backup holds none of them.
  const copied = options.mode === 'copy' ? files.copied : { objects: 0, bytes: 0 };
  const table = {
    ...describe(entry, pinned, deps),
    pinned: at,
    manifests: root.manifests.length,
    ...requirements(root),
    files: { total: files.total.objects, new: copied.objects },
    bytes: { total: files.total.bytes, new: copied.bytes },
    ...(files.missing.objects > 0 && { missing: { files: files.missing.objects, bytes: files.missing.bytes } }),
    root: stored,
  };
  return { table, base: base?.found, wrote: true };
}

function requirements({ lists, manifests, statistics }: Root): Pick<CommittedTable, 'requires'> {
  const outside = [...lists, ...manifests, ...statistics].some(({ path }) => !isRelative(path));
  const found = {
    deletes: manifests.some(({ deletes }) => deletes),
    outside: outside || manifests.some((manifest) => manifest.outside),
    statistics: statistics.length > 0,
    missing: manifests.some(({ missing }) => missing !== undefined),
  };
  const requires = REQUIREMENTS.filter((name) => found[name]);
  return requires.length === 0 ? {} : { requires };
}

/** What the catalog says of a table. */
function named({ ident, raw }: CatalogEntry, { catalog }: BackupDeps) {
  const { type, identity } = catalog;
  return { catalog: { type, identity }, identifier: [...ident.namespace, ident.name], entry: raw };
}

function describe(entry: CatalogEntry, { uri, metadata }: PinnedMetadata, deps: BackupDeps) {
  return {
    ...named(entry, deps),
    uuid: metadata.tableUuid ?? null,
    location: metadata.location,
    write_paths: writePaths(metadata),
    metadata_location: uri,
    format_version: metadata.formatVersion,
    source: deps.source.resolve(metadata.location).store.endpoint,
    snapshots: metadata.snapshots.length,
    refs: metadata.refs.map(({ name, type, snapshotId }) => ({ name, type, snapshot_id: snapshotId.toString() })),
    current_snapshot_id: metadata.currentSnapshotId?.toString() ?? null,
  };
}

/** Whether an error is about an object of the repository, not of the table. */
export function isInRepository(error: BcnError, { repository }: Pick<BackupDeps, 'repository'>): boolean {
  return error.object?.startsWith(`${placeUri(repository)}/`) ?? false;
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
