import { type Catalog, formatIdent, type Preflight, type Registration, type TableIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { HistoryKeep } from '../iceberg/history.js';
import type { Backup, CommittedTable } from '../repository/commit.js';
import { NEWEST } from '../repository/keys.js';
import { findById, resolveBackup } from '../repository/latest.js';
import type { Resolved } from '../repository/load.js';
import { type Root, readRoot } from '../repository/root.js';
import { isSamePlace, overlaps } from '../storage/overlap.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import { type Claim, claimName, foreignClaim, newClaim, readClaim } from './claim.js';
import { assertEmpty } from './empty.js';
import { claimOfFlags, readFlags } from './flags.js';
import { TargetLayout } from './layout.js';
import { Manifests } from './manifests.js';
import type { RestoreDeps, RestoreOptions } from './options.js';
import { assertOthersFree } from './others.js';
import { outsidePaths } from './outside.js';
import { type PlannedRoots, planRoots } from './plan-roots.js';
import { readSourceTable, type SourceTable } from './source.js';
import { assertTargetApart, targetLocation } from './target.js';
import { type ConcreteMetadata, concreteMetadata } from './write.js';

const FULL: HistoryKeep = { kind: 'full' };

/** What a restore knows before it looks at content files. */
export interface Prepared {
  readonly commit: Resolved;
  readonly table: CommittedTable;
  readonly root: Root;
  /** The table that comes back; `root` is the part of the backup's ROOT that it needs. */
  readonly source: SourceTable;
  readonly manifests: Manifests;
  /** Where its files lie and go. */
  readonly roots: PlannedRoots;
  readonly target: TableIdent;
  readonly layout: TargetLayout;
  readonly claim: Claim;
  readonly claimAt: ResolvedObject;
  /** An earlier attempt of this very restore left its claim. */
  readonly resuming: boolean;
  /** The metadata as it will be. */
  readonly concrete: ConcreteMetadata;
}

/** Loads the backup, decides the target and looks for an earlier attempt. Reads only, but for the scratch folder. */
export async function prepare(deps: RestoreDeps, options: RestoreOptions, scratch: string, call: CallOptions): Promise<Prepared> {
  const { table } = options;
  const wanted = table === undefined ? call : { ...call, table: (name: string) => name === table };
  return prepareFrom(await resolveBackup(deps.repository, options.backupName, wanted), deps, options, scratch, call);
}

async function prepareFrom(
  commit: Resolved,
  deps: RestoreDeps,
  options: RestoreOptions,
  scratch: string,
  call: CallOptions,
): Promise<Prepared> {
  const { history = FULL, maps = [], mergeSpellings = false, allowDamaged = false } = options;
  const table = chooseTable(commit, options.table);
  const target = deps.catalog.normalise(options.target);
  const location = targetLocation(options.targetLocation, table, target, deps.catalog, options.warehouseBucket);
  const whole = await readRoot(deps.repository, table, call);
  const source = await readSourceTable(deps.repository, whole, history, call);
  const { root } = source;
  if (!allowDamaged) assertComplete(commit, table, root);
  const manifests = new Manifests(deps.repository, scratch, call);
  const roots = await planRoots({
    location: table.location,
    target: location,
    writePaths: table.write_paths,
    maps,
    foreign: outsidePaths(root, manifests, maps),
    sameService: deps.target.resolve(location).store.endpoint === table.source,
  });
  const targets = roots.roots.map((one) => one.target);
  const layout = new TargetLayout({ source: table.location, location, map: roots.map, stores: deps.target }, targets);
  const request = {
    commit,
    catalog: deps.catalog,
    target,
    location,
    options: { keepUuid: options.keepUuid, history, maps, mergeSpellings, allowDamaged },
    sourceUuid: root.uuid,
    version: versionOf(root.metadataLocation) + 1,
    gzip: root.metadata.gzip,
  };
  const fresh = newClaim(request);
  const claimAt = layout.below(claimName(deps.catalog, target));
  const found = await readClaim(claimAt, call);
  if (found && found.plan !== fresh.plan) {
    const begun =
      options.backupName === NEWEST && found.backup !== commit.id && (await findById(deps.repository, found.backup, call));
    if (!begun) throw foreignClaim(claimAt);
    deps.report.warn(
      `a restore of ${begun.selector} to ${location} was interrupted; it is continued, although ${commit.selector} is newer`,
    );
    return prepareFrom(begun, deps, { ...options, backupName: begun.selector }, scratch, call);
  }
  const claim = found ?? fresh;
  const concrete = concreteMetadata(source, layout, claim);
  const places = { source, manifests, roots, layout };
  return { commit, table, root, ...places, target, claim, claimAt, resuming: found !== undefined, concrete };
}

/** Throws `corrupt` when files are missing that the source lacked when the backup was made. */
function assertComplete({ name, selector }: Backup, { identifier, missing }: CommittedTable, root: Root): void {
  if (!root.manifests.some((manifest) => manifest.missing)) return;
  const table = identifier.join('.');
  throw new BcnError(
    'corrupt',
    `The backup "${name}" of ${table} is incomplete: ${missing?.files} live files were missing from the source when it was made`,
    {
      table,
      object: root.metadataLocation,
      hint: `Restore one that is complete: bcn list --table ${table}. Which files: bcn show ${selector}. To bring back what there is: --allow-damaged`,
    },
  );
}

/** Throws `usage` when the backup holds several tables and none is named, `table-not-found` when it does not hold the named one. */
export function chooseTable({ name, tables, failed = [] }: Backup, wanted: string | undefined): CommittedTable {
  const nameOf = ({ identifier }: CommittedTable) => identifier.join('.');
  const names = tables.map(nameOf);
  const [only] = tables;
  if (wanted === undefined && only && tables.length === 1) return only;
  if (wanted === undefined) {
    throw new BcnError('usage', `The backup "${name}" holds ${tables.length} tables: ${names.slice(0, 20).join(', ')}`, {
      hint: 'Say which: --table database.table. With --target-database alone all of them are restored.',
    });
  }
  const found = tables.find((table) => nameOf(table) === wanted);
  if (found) return found;
  const lost = failed.find(({ table }) => table === wanted);
  throw new BcnError('table-not-found', `The backup "${name}" does not hold ${wanted}${lost ? `: ${lost.message}` : ''}`, {
    table: wanted,
    hint: `It holds ${names.slice(0, 20).join(', ')}.`,
  });
}

/**
 * The metadata file of the table that an interrupted attempt of this restore had registered, or undefined. An attempt that had announced its registration is looked for by its
 * location too, since its table may have been written to or renamed since: throws `table-exists` when it lives under another name.
 */
export async function findRegistered(
  { catalog }: RestoreDeps,
  prepared: Prepared,
  call: CallOptions,
): Promise<Registered | undefined> {
  const { resuming, claimAt, concrete, target, layout } = prepared;
  const tableUuid = prepared.claim.table_uuid;
  if (resuming && (await namesOurMetadata(catalog, prepared, call))) return { metadataLocation: concrete.uri, tableUuid };
  const { registering } = await readFlags(claimAt, call);
  // The claim may have gone before the flags did; each holds a copy of it.
  const claim = resuming ? prepared.claim : await claimOfFlags(claimAt, registering, prepared.claim.plan, call);
  const found = claim && registering.length > 0 ? await tableAt(catalog, layout.location, call) : undefined;
  if (!claim || !found) return undefined;
  if (formatIdent(found) === formatIdent(target)) {
    return { metadataLocation: (await catalog.load(target, call)).metadataLocation, tableUuid: claim.table_uuid };
  }
  throw new BcnError(
    'table-exists',
    `The restore to ${layout.location} had finished: its table is now called ${formatIdent(found)}`,
    {
      table: formatIdent(found),
      object: layout.location,
      hint: 'There is nothing left to do. For a second copy choose another --target-location.',
    },
  );
}

interface Registered {
  readonly metadataLocation: string;
  readonly tableUuid: string;
}

/** The table that lies at exactly this place, whatever its name; one that merely contains it is somebody else's. */
export async function tableAt(catalog: Catalog, location: string, call: CallOptions): Promise<TableIdent | undefined> {
  const found = await catalog.findAt(location, call);
  return found && isSamePlace(found.location, location) ? found.ident : undefined;
}

async function namesOurMetadata(catalog: Catalog, { target, concrete }: Prepared, call: CallOptions): Promise<boolean> {
  try {
    return (await catalog.load(target, call)).metadataLocation === concrete.uri;
  } catch (error) {
    if (isCode(error, 'table-not-found', 'namespace-not-found', 'unsupported', 'corrupt')) return false;
    throw error;
  }
}

/** What the catalog would be given, as planned. */
export function plannedRegistration({ target, table, concrete }: Prepared): Registration {
  return { ident: target, metadataLocation: concrete.uri, metadata: concrete.metadata, carried: table.entry };
}

/** All refusals that need no content and no write: catalog, overlap, foreign objects in the target. */
export async function assertFree(
  deps: RestoreDeps,
  prepared: Prepared,
  createNamespace: boolean,
  call: CallOptions,
): Promise<Preflight> {
  const { target, resuming } = prepared;
  // Preflight lets an entry of the planned name pass, since an earlier attempt may have made it; without a claim there was none.
  if (!resuming && (await tableExists(deps.catalog, target, call))) throw taken(target, deps.catalog);
  const found = await deps.catalog.preflight(plannedRegistration(prepared), { ...call, createNamespace });
  await assertPlacesApart(deps, prepared, call);
  if (!resuming) await assertEmpty(prepared, call);
  await assertOthersFree(prepared, call);
  return found;
}

/** Throws `usage` when a place of the target touches the source, the repository or another table. */
export async function assertPlacesApart(
  deps: RestoreDeps,
  { layout, roots, target, table }: Prepared,
  call: CallOptions,
): Promise<void> {
  const others = roots.roots.map((one) => one.target).filter((place) => !overlaps(place, layout.location));
  for (const place of [layout.location, ...new Set(others)])
    await assertTargetApart(place, target, table, deps.repository, deps.target, deps.catalog, call);
}

/** Whether the catalog has anything of that name, also what is no Iceberg table. */
export async function tableExists(catalog: Catalog, target: TableIdent, call: CallOptions): Promise<boolean> {
  try {
    await catalog.load(target, call);
    return true;
  } catch (error) {
    if (isCode(error, 'table-not-found', 'namespace-not-found')) return false;
    if (isCode(error, 'unsupported', 'corrupt')) return true;
    throw error;
  }
}

function taken(target: TableIdent, catalog: Catalog): BcnError {
  return new BcnError('table-exists', `There is already a table ${formatIdent(target)} in ${catalog.identity}`, {
    table: formatIdent(target),
    hint: 'Tables are never overwritten: choose another --target-table, or drop the table first.',
  });
}

/** Version number in a metadata file's name, `00003-<uuid>…` or `v3…`; -1 when there is none, as in Iceberg's parseVersion. */
function versionOf(metadataLocation: string): number {
  const name = metadataLocation.slice(metadataLocation.lastIndexOf('/') + 1);
  const digits = /^(\d+)-/.exec(name)?.[1] ?? /^v(\d+)\./.exec(name)?.[1];
  return digits === undefined ? -1 : Number(digits);
}
