import { type Catalog, formatIdent, type Preflight, type Registration, type TableIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { Backup, CommittedTable } from '../repository/commit.js';
import { loadBackup } from '../repository/load.js';
import { type Root, readRoot } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import { isSamePlace } from '../storage/overlap.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import { type Claim, claimName, foreignClaim, newClaim, readClaim } from './claim.js';
import { assertNoOuterClaim, claimOfFlags, isRecord, readFlags } from './flags.js';
import { TargetLayout } from './layout.js';
import type { RestoreDeps, RestoreOptions } from './options.js';
import { assertTargetApart, targetLocation } from './target.js';
import { type ConcreteMetadata, concreteMetadata } from './write.js';

/** What a restore knows before it looks at content files. */
export interface Prepared {
  readonly commit: Backup;
  readonly table: CommittedTable;
  readonly root: Root;
  /** The stored, abstract metadata.json. */
  readonly abstract: Buffer;
  readonly target: TableIdent;
  readonly layout: TargetLayout;
  readonly claim: Claim;
  readonly claimAt: ResolvedObject;
  /** An earlier attempt of this very restore left its claim. */
  readonly resuming: boolean;
  /** The metadata as it will be. */
  readonly concrete: ConcreteMetadata;
}

/** Loads the backup, decides the target and looks for an earlier attempt. Reads only. */
export async function prepare(deps: RestoreDeps, options: RestoreOptions, call: CallOptions): Promise<Prepared> {
  const commit = await loadBackup(deps.repository, options.backupName, call);
  const table = commit.tables[0];
  if (!table) throw new BcnError('corrupt', `The backup "${commit.name}" holds no table`, { object: commit.name });
  const target = deps.catalog.normalise(options.target);
  const location = targetLocation(options.targetLocation, table, target, deps.catalog, options.warehouseBucket);
  const layout = new TargetLayout(location, deps.target);
  const root = await readRoot(deps.repository, table, call);
  const abstract = await readStored(deps.repository, root.metadata, call);
  const request = {
    commit,
    catalog: deps.catalog,
    target,
    location,
    keepUuid: options.keepUuid,
    sourceUuid: root.uuid,
    version: versionOf(root.metadataLocation) + 1,
    gzip: root.metadata.gzip,
  };
  const fresh = newClaim(request);
  const claimAt = layout.below(claimName(deps.catalog, target));
  const found = await readClaim(claimAt, call);
  if (found && found.plan !== fresh.plan) throw foreignClaim(claimAt);
  const claim = found ?? fresh;
  const concrete = concreteMetadata(abstract, root, layout, claim);
  return { commit, table, root, abstract, target, layout, claim, claimAt, resuming: found !== undefined, concrete };
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
  const { target, table, layout, resuming } = prepared;
  // Preflight lets an entry of the planned name pass, since an earlier attempt may have made it; without a claim there was none.
  if (!resuming && (await tableExists(deps.catalog, target, call))) throw taken(target, deps.catalog);
  const found = await deps.catalog.preflight(plannedRegistration(prepared), { ...call, createNamespace });
  await assertTargetApart(layout.location, target, table, deps.repository, deps.target, deps.catalog, call);
  if (!resuming) await assertEmpty(prepared, call);
  return found;
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

/** Throws `target-not-empty` when anything but this restore's own claim lies at the target, or a claim above it. */
export async function assertEmpty({ target, layout, claimAt }: Prepared, call: CallOptions): Promise<void> {
  const { store, key: root } = layout.root;
  await assertNoOuterClaim(layout, call);
  // Claims first: they say more than the files they stand for.
  for (const prefix of [`${root}metadata/.bcn-restore-`, root]) {
    for await (const page of store.list(prefix, call)) {
      for (const { key, size } of page.objects) {
        // Hadoop's file systems leave zero-byte markers for folders.
        if ((key.endsWith('/') && size === 0) || key === claimAt.key) continue;
        if (isRecord(key.slice(root.length))) throw foreignClaim({ store, key });
        const object = `${store.uri}/${key}`;
        throw new BcnError('target-not-empty', `The target location ${layout.location} is not empty: it holds ${object}`, {
          object,
          table: formatIdent(target),
          hint: 'Existing objects are never overwritten: choose another --target-location.',
        });
      }
    }
  }
}

/** Version number in a metadata file's name, `00003-<uuid>…` or `v3…`; -1 when there is none, as in Iceberg's parseVersion. */
function versionOf(metadataLocation: string): number {
  const name = metadataLocation.slice(metadataLocation.lastIndexOf('/') + 1);
  const digits = /^(\d+)-/.exec(name)?.[1] ?? /^v(\d+)\./.exec(name)?.[1];
  return digits === undefined ? -1 : Number(digits);
}
