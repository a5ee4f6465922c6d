import { concretePath, relocation } from '../iceberg/paths.js';
import type { Amount } from '../plan.js';
import type { Backup, CommittedTable } from '../repository/commit.js';
import { type InventoryFile, readInventory, readSections } from '../repository/inventory.js';
import { dataKey, hashedDataKey } from '../repository/keys.js';
import type { Root, RootManifest } from '../repository/root.js';
import { type PlacedFile, placedKey } from '../repository/sections.js';
import { groups } from '../spill/join.js';
import { Nesting } from '../spill/nesting.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { CallOptions } from '../storage/port.js';
import type { CopyContext } from './context.js';
import { reading, type UsableBase } from './held.js';

/** A content file that the destination does not hold; `k` is its key there. */
export interface FreshFile extends Keyed {
  /** As the source's inventory has it, with its key there. */
  readonly file: InventoryFile & { readonly key: string };
  /** Manifests that name it, by their places among the new ones; none for a file of statistics. */
  readonly ns: readonly number[];
}

export interface FilePlan {
  readonly fresh: Sorter<FreshFile>;
  /** Inventory of the new manifests, as far as it is known: what is reused, or has no object. */
  readonly placed: Sorter<PlacedFile>;
  /** As the source's ROOT orders them; those that are copied get their keys later. */
  readonly statistics: InventoryFile[];
  readonly copied: Amount;
}

/** A line of a new manifest, or of the base's inventory. */
type Side = (Keyed & { readonly n: number; readonly file: InventoryFile }) | (Keyed & { readonly held: InventoryFile });

/** Decides for each live file of the new manifests, and each of statistics, whether the base holds it (format, "Copy" 4). */
export async function planFiles(
  backup: Backup,
  table: CommittedTable,
  root: Root,
  manifests: readonly RootManifest[],
  bases: readonly UsableBase[],
  { deps, run, scratch, call }: CopyContext,
): Promise<FilePlan> {
  const name = table.identifier.join('.');
  const sides = new Sorter<Side>(scratch, 'sides');
  const places = new Map(manifests.map((manifest, n) => [manifest.path, n]));
  const looks = bases.map((base) => ({ base, mayHold: mayHold(backup, root, base), look: false }));
  let done = 0;
  for await (const { manifest, files } of readSections(deps.from, manifests, call)) {
    const n = places.get(manifest.path) as number;
    for (const file of files) {
      await sides.add({ k: file.path, n, file });
      for (const one of looks) one.look ||= one.mayHold(file);
    }
    deps.report.progress({ phase: `reading inventories of ${name}`, done: ++done, total: manifests.length });
  }
  for (const { base } of looks.filter(({ look }) => look)) await reading(base, addHeld(base, root.location, sides, call));
  const fresh = new Sorter<FreshFile>(scratch, 'fresh');
  const placed = new Sorter<PlacedFile>(scratch, 'placed');
  const copied = { objects: 0, bytes: 0 };
  const add = async (file: InventoryFile & { readonly key: string }, nested: boolean, ns: readonly number[]) => {
    const uri = concretePath(file.path, table.location);
    await fresh.add({ k: nested ? hashedDataKey(run, uri) : dataKey(run, uri, deps.to.prefix.length), file, ns });
    copied.objects++;
    copied.bytes += file.size;
  };
  const nesting = new Nesting();
  for await (const group of groups<Side>(sides.sorted())) {
    const lines = group.filter((side) => 'n' in side);
    const [first] = lines;
    if (!first) continue;
    const { file } = first;
    const nested = nesting.above(file.path) !== undefined;
    const found = group.find((side) => 'held' in side && isSameFile(file, side.held)) as { held: InventoryFile } | undefined;
    if (hasObject(file) && !found) {
      await add(
        file,
        nested,
        lines.map(({ n }) => n),
      );
    } else for (const { n, k } of lines) await placed.add({ k: placedKey(n, k), n, file: found ? at(file, found.held) : file });
  }
  await sides.dispose();
  const heldStatistics = bases.flatMap((base) => base.root.statistics.map(relocation(base.root.location, root.location)));
  const statistics: InventoryFile[] = [];
  for (const file of root.statistics) {
    const held = heldStatistics.find((other) => isSameFile(file, other));
    if (held) statistics.push(at(file, held));
    else if (hasObject(file)) await add(file, false, []);
    else statistics.push(file);
  }
  return { fresh, placed, statistics, copied };
}

/** What the source says of a file, at the object that a base has. */
const at = (file: InventoryFile, { key, sum, etag }: InventoryFile): InventoryFile => ({
  ...file,
  key,
  sum: sum ?? file.sum,
  etag,
});

async function addHeld(base: UsableBase, location: string, sides: Sorter<Side>, call: CallOptions): Promise<void> {
  const moved = relocation(base.root.location, location);
  for await (const { files } of readInventory(base.place, base.root.manifests, call))
    for (const held of files.map(moved)) await sides.add({ k: held.path, held });
}

/** What has no object: a file of a `reference` backup, and one that the source lacked. */
const hasObject = (file: InventoryFile): file is InventoryFile & { readonly key: string } => file.key !== null;

/** The rule of a backup: full path, size and adding snapshot; uuid and source are equal. What has no object gives none. */
export function isSameFile(file: InventoryFile, held: InventoryFile | undefined): boolean {
  const alike = held?.path === file.path && held.size === file.size && held.snapshot === file.snapshot;
  return alike && file.snapshot !== null && (held.key === null) === (file.key === null);
}

/** Whether the base's inventory is worth reading for a file: not when a snapshot added it that came after the base. */
function mayHold({ when }: Backup, root: Root, { found, root: base }: UsableBase): (file: InventoryFile) => boolean {
  const before = new Set(base.lists.map(({ snapshot }) => snapshot));
  const later = new Set(root.lists.map(({ snapshot }) => snapshot).filter((snapshot) => !before.has(snapshot)));
  const all = found.commit.when > when || base.location !== root.location;
  return ({ snapshot }) => all || snapshot === null || !later.has(snapshot);
}
