import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BcnError } from '../errors.js';
import { type ManifestEntry, rewriteManifest } from '../iceberg/manifest.js';
import { type ManifestListEntry, readManifestList } from '../iceberg/manifest-list.js';
import type { Snapshot } from '../iceberg/metadata.js';
import { abstractPath, isUnder } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { Root, RootManifest } from '../repository/root.js';
import type { Keyed } from '../spill/sorter.js';
import { Sorter } from '../spill/sorter.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';
import { type PinnedMetadata, readSource } from './pinned.js';
import type { Refusals } from './refusals.js';

/** A manifest list of a retained snapshot; its bytes wait in `file`. */
export interface TreeList {
  /** Source path. */
  readonly path: string;
  readonly snapshot: bigint;
  readonly file: string;
}

/** A manifest of the table, each once. */
export interface TreeManifest {
  readonly n: number;
  /** Source path. */
  readonly path: string;
  /** The base's record, when the base holds it; then there is no `file`. */
  readonly held: RootManifest | undefined;
  /** Spilled abstract bytes. */
  readonly file: string | undefined;
  /** It holds delete files. */
  readonly deletes: boolean;
  /** It names files outside the table's location. */
  readonly outside: boolean;
  readonly sourceLength: number;
  readonly files: number;
  readonly bytes: number;
}

/** A live entry of a new manifest; `k` is the abstract path. */
export interface TreeEntry extends Keyed {
  readonly n: number;
  readonly size: number;
  readonly snapshot: string | null;
  /** It may name data files by their paths: position deletes, deletion vectors. */
  readonly names?: true;
}

export interface Tree {
  readonly lists: readonly TreeList[];
  readonly manifests: readonly TreeManifest[];
  /** Live entries of the new manifests, sorted by abstract path. */
  readonly entries: Sorter<TreeEntry>;
  /** A new manifest carries files that the base may hold. */
  readonly carries: boolean;
}

export interface TreeContext {
  readonly source: StoreResolver;
  readonly table: string;
  readonly scratch: string;
  /** What the base holds, if it was abstracted against the same location. */
  readonly base: Root | undefined;
  readonly refusals: Refusals;
  readonly call: CallOptions;
  readonly onProgress: (done: number, total: number) => void;
}

const PARALLEL = 8;

/**
 * Walks metadata → manifest lists → manifests of every retained snapshot, also those no ref names, and makes the abstract form of every manifest that the base does
 * not hold. Reads each object once; writes only to the scratch folder. Refusals of files are gathered, those of what the walk itself has to read are thrown.
 */
export async function walkTree(pinned: PinnedMetadata, context: TreeContext): Promise<Tree> {
  const { location } = pinned.metadata;
  // A plan made again, without its base, uses the folder again.
  await mkdir(join(context.scratch, 'tree'), { recursive: true });
  const lists: TreeList[] = [];
  const found = new Map<string, { n: number; entry: ManifestListEntry | undefined }>();
  const meet = (path: string, entry: ManifestListEntry | undefined) => {
    const known = found.get(path);
    if (!known) found.set(path, { n: found.size, entry });
    else if (entry && known.entry && entry.length !== known.entry.length) {
      throw new BcnError(
        'corrupt',
        `Manifest lists of ${context.table} give ${path} the lengths ${known.entry.length} and ${entry.length}`,
        {
          object: path,
          table: context.table,
        },
      );
    }
  };
  const readList = async (snapshot: Snapshot) => ({ snapshot, read: await readSnapshotList(snapshot, context) });
  for await (const { snapshot, read } of parallel(pinned.metadata.snapshots, readList, PARALLEL)) {
    if (read) lists.push(read.list);
    for (const entry of read?.entries ?? []) {
      context.refusals.checkListEntry(entry, snapshot.id);
      meet(entry.path, entry);
    }
    if (!read) for (const path of snapshot.manifests) meet(path, undefined);
  }
  // What is encrypted, or lies elsewhere, cannot be read.
  context.refusals.throwIfAny(context.table);
  const entries = new Sorter<TreeEntry>(context.scratch, 'entries');
  const held = new Map(context.base?.manifests.map((manifest) => [manifest.path, manifest]));
  const baseSnapshots = new Set(context.base?.lists.map(({ snapshot }) => snapshot));
  const manifests: TreeManifest[] = [];
  let carries = false;
  const visit = async ([path, { n, entry }]: [
    string,
    { n: number; entry: ManifestListEntry | undefined },
  ]): Promise<TreeManifest> => {
    const kept = held.get(abstractPath(path, location));
    if (kept && (entry === undefined || entry.length === kept.sourceLength)) {
      const { sourceLength, files, bytes, deletes = false, outside = false } = kept;
      return { n, path, held: kept, file: undefined, deletes, outside, sourceLength, files, bytes };
    }
    const bytes = await readSource(context.source, path, context.table, 'manifest', context.call);
    if (entry && bytes.length !== entry.length) {
      throw new BcnError('corrupt', `The manifest ${path} has ${bytes.length} bytes; its manifest list says ${entry.length}`, {
        object: path,
        table: context.table,
      });
    }
    const live: ManifestEntry[] = [];
    let deletes = entry?.content === 1;
    let outside = false;
    const abstract = await rewriteManifest(bytes, path, { path: (p) => abstractPath(p, location) }, (file) => {
      context.refusals.checkEntry(file);
      deletes ||= file.content !== 0;
      outside ||= !isUnder(file.path, location);
      if (file.status !== 2) live.push(file);
    });
    let total = 0;
    for (const file of live) {
      const id = file.snapshotId ?? entry?.addedSnapshotId;
      const snapshot = id === undefined ? null : id.toString();
      carries ||= file.status === 0 || snapshot === null || baseSnapshots.has(snapshot);
      total += file.size;
      const names = file.content === 1 ? { names: true as const } : {};
      await entries.add({ k: abstractPath(file.path, location), n, size: file.size, snapshot, ...names });
    }
    const file = join(context.scratch, 'tree', `manifest-${n}`);
    await writeFile(file, abstract);
    return { n, path, held: undefined, file, deletes, outside, sourceLength: bytes.length, files: live.length, bytes: total };
  };
  for await (const manifest of parallel(found, visit, PARALLEL)) {
    manifests.push(manifest);
    context.onProgress(manifests.length, found.size);
  }
  return { lists, manifests, entries, carries };
}

async function readSnapshotList(
  snapshot: Snapshot,
  context: TreeContext,
): Promise<{ readonly list: TreeList; readonly entries: readonly ManifestListEntry[] } | undefined> {
  if (snapshot.manifestList === undefined) return undefined;
  const path = snapshot.manifestList;
  const bytes = await readSource(context.source, path, context.table, 'manifest list', context.call);
  const entries = await readManifestList(bytes, path);
  const file = join(context.scratch, 'tree', `list-${snapshot.id}`);
  await writeFile(file, bytes);
  return { list: { path, snapshot: snapshot.id, file }, entries };
}
