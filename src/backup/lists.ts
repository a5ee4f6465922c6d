import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BcnError } from '../errors.js';
import { type ManifestListEntry, readManifestList } from '../iceberg/manifest-list.js';
import type { Snapshot } from '../iceberg/metadata.js';
import { abstractPath, concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import { membersOf, type Range, rangesOf } from '../repository/ranges.js';
import type { Root, RootList, RootManifest } from '../repository/root.js';
import { readSource } from './pinned.js';
import type { TreeContext } from './tree.js';

/** A manifest list of a retained snapshot. */
export interface TreeList {
  /** Source path. */
  readonly path: string;
  readonly snapshot: bigint;
  /** The base's record, when the base holds it as it is. */
  readonly held: RootList | undefined;
  /** The source's bytes wait here; undefined: the base holds it. */
  readonly file: string | undefined;
  /** The manifests that it names, by their numbers. */
  readonly names: readonly Range[];
}

/** A manifest that the table names. */
export interface NamedManifest {
  /** Source path. */
  readonly path: string;
  /** Of a list that was read; undefined: only lists that the base holds name it, or v1 metadata does. */
  readonly entry: ManifestListEntry | undefined;
  /** The base's record, when the base holds it. */
  readonly held: RootManifest | undefined;
}

/** The table's files are not those that the base saw under the same paths, as after a restore into its old place: nothing of the base's metadata can be reused. */
export class OtherFiles extends Error {}

const PARALLEL = 8;

/**
 * Which manifests the retained snapshots name, in the order of their numbers: those that the base holds come first, in its order, so that ranges of numbers stay short. Reads only
 * the lists that the base does not hold. Throws `OtherFiles`, `corrupt`.
 */
export async function readLists(
  snapshots: readonly Snapshot[],
  location: string,
  base: Root | undefined,
  context: TreeContext,
): Promise<{ readonly lists: readonly TreeList[]; readonly manifests: readonly NamedManifest[] }> {
  const held = new Held(base, location);
  const met = new Met(held, context.table);
  // Manifests are met in the order of the history, so that these are few ranges, too.
  const found: (Omit<TreeList, 'names'> & { readonly named: readonly Range[] })[] = [];
  const read = async (snapshot: Snapshot) => ({ snapshot, list: await readList(snapshot, held, context) });
  for await (const { snapshot, list } of parallel(snapshots, read, PARALLEL)) {
    if (list === undefined) {
      for (const path of snapshot.manifests) met.meet(path, undefined);
      continue;
    }
    const { entries, paths, record, file, ...rest } = list;
    for (const entry of entries) context.refusals.checkListEntry(entry, snapshot.id);
    const named = paths?.map((path) => met.meet(path, undefined)) ?? entries.map((entry) => met.meet(entry.path, entry));
    // What it says of the lengths of manifests is true where each of them is the base's.
    const whole = record !== undefined && named.every((i) => met.isHeld(i));
    const kept = whole ? { held: record, file: undefined } : { held: undefined, file };
    found.push({ ...rest, ...kept, named: rangesOf(named) });
  }
  const { manifests, numbers } = met.numbered();
  const lists = found.map(({ named, ...list }) => {
    const names = rangesOf([...membersOf(named)].map((i) => numbers[i] as number));
    return { ...list, names };
  });
  return { lists, manifests };
}

/** What of the base's metadata can be reused: manifests of which it has every file, and lists that name no others. */
class Held {
  readonly #manifests: ReadonlyMap<string, { readonly n: number; readonly manifest: RootManifest }>;
  readonly #lists: ReadonlyMap<string, RootList>;
  readonly #base: Root | undefined;
  readonly #location: string;

  constructor(base: Root | undefined, location: string) {
    this.#base = base;
    this.#location = location;
    const whole = [...(base?.manifests.entries() ?? [])].filter(([, { missing }]) => missing === undefined);
    this.#manifests = new Map(whole.map(([n, manifest]) => [concretePath(manifest.path, location), { n, manifest }] as const));
    this.#lists = new Map(base?.lists.map((list) => [`${list.snapshot} ${list.path}`, list]));
  }

  manifest(path: string) {
    return this.#manifests.get(path);
  }

  list(path: string, snapshot: bigint): RootList | undefined {
    return this.#lists.get(`${snapshot} ${abstractPath(path, this.#location)}`);
  }

  /** Source paths of the manifests that a list names, when it need not be read for that. */
  namedBy({ names }: RootList): string[] | undefined {
    if (names === undefined) return undefined;
    const manifests = [...membersOf(names)].map((n) => this.#base?.manifests[n]);
    if (manifests.some((manifest) => manifest === undefined || manifest.missing !== undefined)) return undefined;
    return manifests.map((manifest) => concretePath((manifest as RootManifest).path, this.#location));
  }
}

/** Manifests in the order in which they are met, each once. */
class Met {
  readonly #held: Held;
  readonly #table: string;
  readonly #index = new Map<string, number>();
  readonly #all: { path: string; entry: ManifestListEntry | undefined }[] = [];

  constructor(held: Held, table: string) {
    this.#held = held;
    this.#table = table;
  }

  /** Its place in that order. */
  meet(path: string, entry: ManifestListEntry | undefined): number {
    const kept = this.#held.manifest(path)?.manifest;
    if (entry && kept && entry.length !== kept.sourceLength) throw new OtherFiles();
    const i = this.#index.get(path);
    if (i === undefined) {
      this.#index.set(path, this.#all.length);
      return this.#all.push({ path, entry }) - 1;
    }
    const known = this.#all[i] as { entry: ManifestListEntry | undefined };
    if (entry && known.entry && entry.length !== known.entry.length) {
      const lengths = `${known.entry.length} and ${entry.length}`;
      throw new BcnError('corrupt', `Manifest lists of ${this.#table} give ${path} the lengths ${lengths}`, {
        object: path,
        table: this.#table,
      });
    }
    known.entry ??= entry;
    return i;
  }

  isHeld(i: number): boolean {
    return this.#held.manifest(this.#all[i]?.path as string) !== undefined;
  }

  /** `numbers`: of the manifest that was met as the i-th. */
  numbered(): { readonly manifests: readonly NamedManifest[]; readonly numbers: Uint32Array } {
    const placed = this.#all.map(({ path, entry }, i) => ({ i, path, entry, kept: this.#held.manifest(path) }));
    const late = Number.MAX_SAFE_INTEGER;
    placed.sort((a, b) => (a.kept?.n ?? late) - (b.kept?.n ?? late) || a.i - b.i);
    const numbers = new Uint32Array(placed.length);
    for (const [n, { i }] of placed.entries()) numbers[i] = n;
    return { manifests: placed.map(({ path, entry, kept }) => ({ path, entry, held: kept?.manifest })), numbers };
  }
}

interface ReadList {
  readonly path: string;
  readonly snapshot: bigint;
  readonly record: RootList | undefined;
  readonly file: string | undefined;
  readonly entries: readonly ManifestListEntry[];
  /** Of the manifests, when the list was not read. */
  readonly paths: readonly string[] | undefined;
}

async function readList({ id, manifestList: path }: Snapshot, held: Held, context: TreeContext): Promise<ReadList | undefined> {
  if (path === undefined) return undefined;
  const record = held.list(path, id);
  const paths = record && held.namedBy(record);
  const head = { path, snapshot: id, record };
  if (paths) return { ...head, file: undefined, entries: [], paths };
  const bytes = await readSource(context.source, path, context.table, 'manifest list', context.call);
  const entries = await readManifestList(bytes, path);
  const file = join(context.scratch, 'tree', `list-${id}`);
  await writeFile(file, bytes);
  return { ...head, file, entries, paths: undefined };
}
