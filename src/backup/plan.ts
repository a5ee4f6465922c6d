import { findMentions } from '../iceberg/mentions.js';
import { relocation } from '../iceberg/paths.js';
import type { Plan } from '../plan.js';
import type { CommittedTable } from '../repository/commit.js';
import { type Base, damageOf } from '../repository/hints.js';
import type { InventoryFile } from '../repository/inventory.js';
import { commitKey, runSelector } from '../repository/keys.js';
import { placeUri } from '../repository/place.js';
import { commitsByRun, type RepositoryRecord } from '../repository/record.js';
import { type Root, readRoot } from '../repository/root.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';
import { type FilePlan, planFiles } from './files.js';
import type { BackupDeps, BackupOptions } from './options.js';
import type { PinnedMetadata } from './pinned.js';
import { referenceFiles } from './reference.js';
import { Refusals } from './refusals.js';
import { planStatistics } from './statistics.js';
import { type Tree, walkTree } from './tree.js';

/** What a backup will do with a table. `unchanged`: the base is of this very metadata, so its ROOT serves. */
export type TablePlan =
  | { readonly kind: 'unchanged'; readonly base: Base; readonly shown: Plan }
  | {
      readonly kind: 'changed';
      readonly pinned: PinnedMetadata;
      readonly base: { readonly found: Base; readonly root: Root } | undefined;
      readonly tree: Tree;
      readonly files: FilePlan;
      readonly shown: Plan;
    };

export interface PlanHead {
  readonly deps: Omit<BackupDeps, 'catalog'>;
  readonly options: Pick<BackupOptions, 'name' | 'mode' | 'allowMissing'>;
  readonly table: string;
  readonly run: string;
  /** undefined = the repository is still to be made. */
  readonly record: RepositoryRecord | undefined;
}

export interface PlanContext extends PlanHead {
  readonly scratch: string;
  readonly call: CallOptions;
  readonly continued: boolean;
  readonly base: Base | undefined;
}

/** Reads the table and decides everything, writing nothing but spill files. Throws `unsupported` and `corrupt`. */
export async function planTable(pinned: PinnedMetadata, context: PlanContext): Promise<TablePlan> {
  const { deps, options, table, call } = context;
  const { metadata } = pinned;
  const refusals = new Refusals();
  refusals.checkMetadata(metadata);
  refusals.throwIfAny(table);
  const { service } = deps.source.resolve(metadata.location).store;
  const { allowMissing = false } = options;
  // What is missing from the source is recorded in the sections, and those of a base do not change: of a reference backup all are written anew.
  const given = options.mode === 'reference' && allowMissing ? undefined : usefulBase(context);
  const usable = given && isSameSource(given.table, metadata.location, deps.source) ? given : undefined;
  const damaged = usable && damagedOf(usable);
  const unchanged = usable?.table.metadata_location === pinned.uri && !usable.table.missing && !damaged;
  if (usable && unchanged && options.mode === 'copy') return planUnchanged(usable, context);
  const base = usable && { found: usable, root: await readRoot(deps.repository, usable.table, call), damaged };
  const onProgress = (done: number, total: number) => deps.report.progress({ phase: 'reading manifests', done, total });
  const tree = await walkTree(pinned, {
    source: deps.source,
    table,
    scratch: context.scratch,
    // Metadata is abstract against the location that the table had. Of a damaged backup none is used: what is read again costs little, and is whole.
    base: base?.root.location === metadata.location && !damaged ? base.root : undefined,
    refusals,
    call,
    onProgress,
  });
  refusals.throwIfAny(table);
  for (const { where } of findMentions(pinned.bytes, pinned.uri, metadata.location)) {
    deps.report.info(`${where} of ${table} mentions its location; it is kept as it is, also by a restore`);
  }
  const { location } = metadata;
  // What is not in the repository is looked for each time: it may be gone by now.
  const isWhole = ({ key }: InventoryFile) => key === null || !damaged?.has(key);
  const held = options.mode === 'copy' ? (base?.root.statistics ?? []).filter(isWhole) : [];
  const moved = relocation(base?.root.location ?? location, location);
  const statistics = await planStatistics(metadata.statistics, {
    source: deps.source,
    location,
    table,
    held: held.map(moved),
    report: deps.report,
    call,
  });
  const files = await planFiles(tree, {
    place: deps.repository,
    source: deps.source,
    run: options.mode === 'copy' ? context.run : undefined,
    location,
    table,
    scratch: context.scratch,
    base,
    snapshots: metadata.snapshots,
    statistics,
    allowMissing,
    call,
  });
  if (options.mode === 'reference') {
    const manifests = tree.manifests.flatMap((manifest) => manifest.held ?? []);
    await referenceFiles(files, manifests, {
      place: deps.repository,
      source: deps.source,
      location,
      table,
      scratch: context.scratch,
      report: deps.report,
      call,
    });
  }
  return { kind: 'changed', pinned, base, tree, files, shown: showChanged(pinned, tree, files, context, service) };
}

/** Whether a table's files are read from the service that those of an earlier backup were read from, also where the table had another location then. */
function isSameSource(earlier: CommittedTable, location: string, source: StoreResolver): boolean {
  const ofEarlier = (uri: string) => source.resolve(uri).store.endpoint === earlier.source;
  return ofEarlier(location) && (earlier.location === location || ofEarlier(earlier.location));
}

/** The base, unless a check found more damage in it than it could name: what is damaged must not be reused. */
function usefulBase({ base, deps, table }: PlanContext): Base | undefined {
  const damage = base && damageOf(base);
  if (!damage) return base;
  const { name } = base.commit;
  const what = damage.more > 0 ? 'nothing of it is reused' : 'what is damaged of it is copied again';
  deps.report.warn(`the backup "${name}" of ${table} is damaged: ${what}. To mend it, too: bcn verify ${name} --repair`);
  return damage.more > 0 ? undefined : base;
}

/** Keys of what a check found damaged of a base. */
function damagedOf(base: Base): ReadonlySet<string> | undefined {
  const damage = damageOf(base);
  return damage && new Set(damage.objects.map(({ key }) => key));
}

interface Shown {
  readonly location: string;
  readonly snapshots: number;
}

function head({ location, snapshots }: Shown, { deps, options, table, run, record }: PlanHead) {
  // What the key ends with is known when the backup is.
  const selector = commitsByRun(record) ? runSelector(options.name, run, '…') : options.name;
  return {
    command: 'backup' as const,
    table,
    from: location,
    to: `${placeUri(deps.repository)}/${commitKey(selector)}`,
    mode: options.mode,
    snapshots,
    edits: [],
  };
}

const NONE = { objects: 0, bytes: 0 };

/** The plan for a table of which the newest backup is of its very metadata. */
export function planUnchanged(base: Base, context: PlanHead): TablePlan {
  return { kind: 'unchanged', base, shown: showUnchanged(base, context) };
}

function showUnchanged(base: Base, context: PlanHead): Plan {
  const total = { objects: base.table.files.total, bytes: base.table.bytes.total };
  const looks = namesakeLooks(context.record);
  return {
    ...head(base.table, context),
    data: { total, reused: total, serverSide: NONE, streamed: NONE },
    metadata: NONE,
    requests: { get: looks.get, put: 2, copy: 0, list: 1 + looks.list },
  };
}

/** What the looks for backups of the same name cost, before the commit and after it. */
function namesakeLooks(record: RepositoryRecord | undefined): { readonly get: number; readonly list: number } {
  return commitsByRun(record) ? { get: 3, list: 3 } : { get: 0, list: 0 };
}

function showChanged(pinned: PinnedMetadata, tree: Tree, files: FilePlan, context: PlanContext, service: string): Plan {
  const { deps, options, record } = context;
  const looks = namesakeLooks(record);
  const copied = options.mode === 'copy' ? { ...files.copied } : NONE;
  const sameService = service === deps.repository.store.service;
  const fresh = tree.manifests.filter(({ held }) => !held);
  const objects = fresh.length + tree.lists.filter(({ held }) => !held).length + 3;
  const bytes = fresh.reduce((sum, { sourceLength }) => sum + sourceLength, pinned.bytes.length);
  const pages = Math.ceil(Math.max(copied.objects, 1) / 1000);
  return {
    ...head({ location: pinned.metadata.location, snapshots: pinned.metadata.snapshots.length }, context),
    data: {
      total: { ...files.total },
      reused: files.reused,
      serverSide: sameService ? copied : NONE,
      streamed: sameService ? NONE : copied,
    },
    ...(files.missing.objects > 0 && { missing: { objects: files.missing.objects, bytes: files.missing.bytes } }),
    metadata: { objects, bytes },
    requests: {
      get: (sameService ? 0 : copied.objects) + (record && !context.base ? 0 : 1) + looks.get,
      put: objects + (record ? 4 : 5) + (sameService ? 0 : copied.objects),
      copy: sameService ? copied.objects : 0,
      // The look at the name at the commit; before that the base's events, or the time for a new record.
      list: (context.continued ? 2 : 1) * pages + 1 + (context.base || !record ? 1 : 0) + looks.list,
    },
  };
}
