import type { Snapshot } from '../iceberg/metadata.js';
import { membersOf } from '../repository/ranges.js';
import type { Root, RootManifest } from '../repository/root.js';
import type { Tree } from './tree.js';

/**
 * Which manifests' sections of the base tell what the base holds of the new manifests, and which of its files are gone. All others hold neither: a file is in one manifest of a
 * snapshot, so a new manifest carries over only what left its parent's list, and manifests that one list names share no file (format, "Backup" 5).
 */
export function neededSections(tree: Tree, snapshots: readonly Snapshot[], base: Root): ReadonlySet<RootManifest> {
  const kept = new Set(tree.manifests.flatMap(({ held }) => held ?? []));
  const gone = base.manifests.filter((manifest) => manifest.files > 0 && !kept.has(manifest));
  const needed = new Set(gone);
  if (tree.carries) for (const manifest of carriedFrom(tree, snapshots, base)) needed.add(manifest);
  if (gone.length > 0) for (const manifest of apartFrom(gone, kept, base)) needed.add(manifest);
  return needed;
}

/** Manifests that a new list no longer names, while its parent's did: new manifests carry their files. All of the base's where nobody knows what the parent named. */
function carriedFrom(tree: Tree, snapshots: readonly Snapshot[], base: Root): Set<RootManifest> {
  const named = new Map<string, () => Iterable<RootManifest>>();
  for (const { snapshot, names } of base.lists) {
    if (names) named.set(snapshot, () => [...membersOf(names)].map((n) => base.manifests[n] as RootManifest));
  }
  for (const { snapshot, names } of tree.lists) {
    named.set(String(snapshot), () => [...membersOf(names)].flatMap((n) => tree.manifests[n]?.held ?? []));
  }
  const fresh = new Set(tree.lists.filter(({ held }) => !held).map(({ snapshot }) => String(snapshot)));
  const carried = new Set<RootManifest>();
  for (const { id, parentId, manifestList, manifests } of snapshots) {
    // v1 metadata names manifests in place.
    if (manifestList === undefined ? manifests.length === 0 : !fresh.has(String(id))) continue;
    const before = parentId === undefined ? undefined : named.get(String(parentId));
    const still = new Set(named.get(String(id))?.());
    for (const manifest of before?.() ?? base.manifests) if (!still.has(manifest)) carried.add(manifest);
  }
  return carried;
}

/** Kept manifests that may hold files of those that are gone: no list of the base names them beside each of these, and one of the two carries files over. */
function apartFrom(gone: readonly RootManifest[], kept: ReadonlySet<RootManifest>, base: Root): readonly RootManifest[] {
  if (kept.size === 0) return [];
  const bits = new Map(gone.map((manifest, i) => [manifest, 1n << BigInt(i)]));
  const bitsOf = (manifests: readonly RootManifest[]) => manifests.reduce((all, one) => all | (bits.get(one) ?? 0n), 0n);
  const added = bitsOf(gone.filter(({ adds }) => adds));
  const beside = base.manifests.map(({ adds }) => (adds ? added : 0n));
  for (const { names = [] } of base.lists) {
    const members = [...membersOf(names)];
    const those = bitsOf(members.map((n) => base.manifests[n] as RootManifest));
    if (those !== 0n) for (const n of members) beside[n] = (beside[n] as bigint) | those;
  }
  const all = bitsOf(gone);
  return base.manifests.filter((manifest, n) => kept.has(manifest) && manifest.files > 0 && beside[n] !== all);
}
