import { BcnError, isCode } from '../errors.js';
import { inspectDeleteFile, type RewritableDeletes } from '../iceberg/delete-file.js';
import type { Snapshot } from '../iceberg/metadata.js';
import { concretePath, relocation } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { Amount } from '../plan.js';
import type { Base } from '../repository/hints.js';
import { type InventoryFile, readSections } from '../repository/inventory.js';
import { dataKey, hashedDataKey } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Root, RootManifest } from '../repository/root.js';
import { type PlacedFile, placedKey } from '../repository/sections.js';
import { groups } from '../spill/join.js';
import { Nesting } from '../spill/nesting.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { objectUri } from '../storage/list-places.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';
import { readRange } from '../storage/read-range.js';
import { MissingFile, MissingFiles, missing as missingFile, wrongLength } from './missing.js';
import { neededSections } from './sections.js';
import type { PlannedStatistics } from './statistics.js';
import type { Tree, TreeEntry } from './tree.js';

/** A content file that the repository does not hold yet; `k` is its repository key, or in `reference` mode its name below the table's location. */
export interface NewFile extends Keyed {
  /** Abstract. */
  readonly path: string;
  readonly size: number;
  readonly snapshot: string | null;
  /** Manifests that name it live; none for a file of statistics. */
  readonly ns: readonly number[];
  readonly deletes?: RewritableDeletes;
}

export interface FilePlan {
  readonly fresh: Sorter<NewFile>;
  /** Inventory of the new manifests, as far as it is known: what is reused. */
  readonly placed: Sorter<PlacedFile>;
  /** Files of statistics that the repository holds; those that are copied join them. */
  readonly statistics: InventoryFile[];
  readonly total: Counted;
  readonly reused: Amount;
  readonly copied: Counted;
  /** Live files that the source lacks; they are counted nowhere else. */
  readonly missing: MissingFiles;
  /** Those of them that were to be copied. */
  readonly lost: Sorter<Keyed>;
}

interface Counted {
  objects: number;
  bytes: number;
}

/** Counts a new file no more: it is lost. */
export function forget({ total, copied }: FilePlan, { size }: NewFile): void {
  for (const amount of [total, copied]) take(amount, size);
}

/** Records a live file that the source lacks in the sections of the manifests that name it. Throws the error where files may not be missing. */
export async function lose(plan: FilePlan, file: NewFile, error: MissingFile): Promise<void> {
  const { k, path, size, snapshot, ns } = file;
  plan.missing.add(size, error);
  forget(plan, file);
  await plan.lost.add({ k });
  const line = { path, key: null, size, snapshot, sum: null, etag: null, missing: true as const };
  for (const n of ns) await plan.placed.add({ k: placedKey(n, path), n, file: line });
}

export interface FilePlanContext {
  readonly place: RepositoryPlace;
  /** Where the table's files are read. */
  readonly source: StoreResolver;
  /** The run that will hold new files; undefined in `reference` mode, where they stay in the source. */
  readonly run: string | undefined;
  /** The table's location, exactly. */
  readonly location: string;
  readonly table: string;
  readonly scratch: string;
  /** `damaged`: keys of what a check found damaged of it. */
  readonly base: { readonly found: Base; readonly root: Root; readonly damaged?: ReadonlySet<string> | undefined } | undefined;
  readonly snapshots: readonly Snapshot[];
  readonly statistics: readonly PlannedStatistics[];
  readonly allowMissing: boolean;
  readonly call: CallOptions;
}

const NONE: Amount = { objects: 0, bytes: 0 };

/** Delete files looked into at once. */
const INSPECTED = 16;

/** A new file that may name data files by their paths; which it is is not known yet. */
type Unread = NewFile & { readonly uri: string };

/** One side of the merge: an entry of a new manifest, or a file that the base holds. */
type Side = TreeEntry | (Keyed & { readonly held: InventoryFile; readonly retained: boolean });

/**
 * Decides, for each live file of the table once, whether the repository holds it. A file is reused when service, full path, size, table uuid and adding snapshot are equal in
 * the base (format, "Backup" 5); the caller has compared endpoint, location and uuid.
 */
export async function planFiles(tree: Tree, context: FilePlanContext): Promise<FilePlan> {
  const fresh = new Sorter<NewFile>(context.scratch, 'fresh');
  const placed = new Sorter<PlacedFile>(context.scratch, 'placed');
  const unread = new Sorter<Unread>(context.scratch, 'unread');
  const total = { objects: 0, bytes: 0 };
  const copied = { objects: 0, bytes: 0 };
  const needed = context.base ? neededSections(tree, context.snapshots, context.base.root) : new Set<RootManifest>();
  const sides = needed.size > 0 ? await withBase(tree, context, needed) : tree.entries;
  if (context.base) {
    // Whatever no section that is read tells of is as it was.
    const { table } = context.base.found;
    const { statistics } = context.base.root;
    total.objects = table.files.total - statistics.length;
    total.bytes = table.bytes.total - statistics.reduce((sum, { size }) => sum + size, 0);
  }
  const nesting = new Nesting();
  for await (const group of groups<Side>(sides.sorted())) {
    const entries = group.filter((side): side is TreeEntry => 'n' in side);
    const held = group.find((side) => 'held' in side) as (Side & { held: InventoryFile }) | undefined;
    const retained = group.some((side) => 'held' in side && side.retained);
    const first = entries[0];
    if (!first) {
      if (held && !retained) take(total, held.held.size);
      continue;
    }
    const differs = entries.find(({ size }) => size !== first.size);
    const path = first.k;
    const uri = concretePath(path, context.location);
    if (differs) {
      throw new BcnError('corrupt', `Manifests of ${context.table} give ${uri} the lengths ${first.size} and ${differs.size}`, {
        object: uri,
      });
    }
    if (held) total.bytes += first.size - held.held.size;
    else add(total, first.size);
    const ns = entries.map(({ n }) => n);
    const nested = nesting.above(path) !== undefined;
    const same = held?.held.size === first.size && held.held.snapshot === first.snapshot && first.snapshot !== null;
    if (held && same && !context.base?.damaged?.has(held.held.key ?? '')) {
      for (const n of ns) await placed.add({ k: placedKey(n, path), n, file: held.held });
    } else {
      add(copied, first.size);
      const file = { k: freshKey(uri, nested, context), path, size: first.size, snapshot: first.snapshot, ns };
      if (entries.some(({ names }) => names)) await unread.add({ ...file, uri });
      else await fresh.add(file);
    }
  }
  const missing = new MissingFiles(context.allowMissing);
  const lost = new Sorter<Keyed>(context.scratch, 'lost');
  const statistics: InventoryFile[] = [];
  const plan = { fresh, placed, statistics, total, copied, reused: NONE, missing, lost };
  const read = async ({ uri, ...file }: Unread) => ({ file, found: await inspectOrLose(uri, file.size, context) });
  for await (const { file, found } of parallel(unread.sorted(), read, INSPECTED)) {
    if (found instanceof MissingFile) await lose(plan, file, found);
    else await fresh.add({ ...file, ...found });
  }
  await unread.dispose();
  if (sides !== tree.entries) await sides.dispose();
  for (const { held, ...file } of context.statistics) {
    add(total, file.size);
    if (!held) add(copied, file.size);
    if (held) statistics.push(held);
    else await fresh.add({ ...file, k: freshKey(concretePath(file.path, context.location), false, context), ns: [] });
  }
  const reused = { objects: total.objects - copied.objects, bytes: total.bytes - copied.bytes };
  return { ...plan, reused };
}

/** A file below another one gets the hashed form: not every store can hold both under their own names, and list both. */
function freshKey(uri: string, nested: boolean, { run, source, place }: FilePlanContext): string {
  if (run === undefined) return objectUri(source.resolve(uri));
  return nested ? hashedDataKey(run, uri) : dataKey(run, uri, place.prefix.length);
}

async function withBase(tree: Tree, context: FilePlanContext, needed: ReadonlySet<RootManifest>): Promise<Sorter<Side>> {
  const sides = new Sorter<Side>(context.scratch, 'sides');
  for await (const entry of tree.entries.sorted()) await sides.add(entry);
  const kept = new Set(tree.manifests.flatMap(({ held }) => held ?? []));
  const moved = relocation(context.base?.root.location ?? context.location, context.location);
  for await (const { manifest, files } of readSections(context.place, [...needed], context.call)) {
    const retained = kept.has(manifest);
    for (const file of files) {
      // Looked for again, wherever it is named.
      if (file.missing) continue;
      const held = moved(file);
      await sides.add({ k: held.path, held, retained });
    }
  }
  return sides;
}

async function inspectOrLose(uri: string, size: number, context: FilePlanContext) {
  try {
    return await inspect(uri, size, context);
  } catch (error) {
    if (error instanceof MissingFile) return error;
    throw error;
  }
}

/** What a new delete file is. A backup must not promise what its restore cannot do. */
async function inspect(uri: string, size: number, { source, table, call }: FilePlanContext) {
  const { store, key } = source.resolve(uri);
  const read = async (start: number, end: number) => {
    try {
      return await readRange(store, key, start, end, call);
    } catch (error) {
      throw isCode(error, 'corrupt') ? wrongLength(uri, table, size, undefined, error) : error;
    }
  };
  try {
    const deletes = await inspectDeleteFile({ name: uri, size, read }, call.signal);
    return deletes === undefined ? {} : { deletes };
  } catch (error) {
    if (isCode(error, 'object-not-found')) throw missingFile(uri, table, error);
    if (!isCode(error, 'unsupported')) throw error;
    throw new BcnError('unsupported', `Cannot back up ${table} faithfully: ${error.message}`, {
      object: error.object ?? uri,
      table,
      hint: error.hint ?? 'Nothing was written. The README lists which tables are refused, and why.',
      cause: error,
    });
  }
}

function add(amount: Counted, size: number): void {
  amount.objects++;
  amount.bytes += size;
}

function take(amount: Counted, size: number): void {
  amount.objects--;
  amount.bytes -= size;
}
