import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BcnError } from '../errors.js';
import { type ManifestEntry, rewriteManifest } from '../iceberg/manifest.js';
import { abstractPath, isUnder } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { Root, RootManifest } from '../repository/root.js';
import type { Keyed } from '../spill/sorter.js';
import { Sorter } from '../spill/sorter.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';
import { type NamedManifest, OtherFiles, readLists, type TreeList } from './lists.js';
import { type PinnedMetadata, readSource } from './pinned.js';
import type { Refusals } from './refusals.js';

/** A manifest of the table, each once. */
export interface TreeManifest {
  /** Its place among the manifests of the ROOT to be. */
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
  /** It carries no file over from another manifest. */
  readonly adds: boolean;
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
 * not hold. Reads each object once, and no list or manifest that the base holds; writes only to the scratch folder. Refusals of files are gathered, those of what the walk
 * itself has to read are thrown.
 */
export async function walkTree(pinned: PinnedMetadata, context: TreeContext): Promise<Tree> {
  try {
    return await walk(pinned, context.base, context);
  } catch (error) {
    if (!(error instanceof OtherFiles)) throw error;
    return walk(pinned, undefined, context);
  }
}

async function walk(pinned: PinnedMetadata, base: Root | undefined, context: TreeContext): Promise<Tree> {
  const { location, snapshots } = pinned.metadata;
  // A plan made again, without its base, uses the folder again.
  await mkdir(join(context.scratch, 'tree'), { recursive: true });
  const named = await readLists(snapshots, location, base, context);
  // What is encrypted, or lies elsewhere, cannot be read.
  context.refusals.throwIfAny(context.table);
  const entries = new Sorter<TreeEntry>(context.scratch, 'entries');
  const baseSnapshots = new Set(context.base?.lists.map(({ snapshot }) => snapshot));
  const manifests: TreeManifest[] = [];
  let carries = false;
  const visit = async ([n, { path, entry, held }]: [number, NamedManifest]): Promise<TreeManifest> => {
    if (held) {
      const { sourceLength, files, bytes, deletes = false, outside = false, adds = false } = held;
      return { n, path, held, file: undefined, deletes, outside, adds, sourceLength, files, bytes };
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
    const marks = { deletes, outside, adds: live.every(({ status }) => status === 1) };
    return { n, path, held: undefined, file, ...marks, sourceLength: bytes.length, files: live.length, bytes: total };
  };
  for await (const manifest of parallel(named.manifests.entries(), visit, PARALLEL)) {
    manifests.push(manifest);
    context.onProgress(manifests.length, named.manifests.length);
  }
  return { lists: named.lists, manifests, entries, carries };
}
