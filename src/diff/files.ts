import { bytesOf, type ContentKind, kindOf } from '../iceberg/content-kind.js';
import type { ManifestEntry } from '../iceberg/manifest.js';
import { concretePath } from '../iceberg/paths.js';
import { Amounts, type ContentAmounts } from '../look/amounts.js';
import { parallel } from '../parallel.js';
import { groups } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { DiffSide, SideManifest } from './side.js';

/** What changed in the files of the current snapshot. */
export interface FileChanges {
  readonly added: ContentAmounts;
  readonly removed: ContentAmounts;
  readonly before: SideTotals;
  readonly after: SideTotals;
}

export interface SideTotals {
  readonly dataFiles: number;
  /** Of data files; deletes are not applied. */
  readonly rows: bigint;
  readonly deleteFiles: number;
}

export interface FileContext {
  readonly scratch: string;
  readonly onProgress: (done: number, total: number) => void;
}

/** A live file of a manifest that only one side has; `k` is its path, of a deletion vector with its place in its file. */
interface LiveFile extends Keyed {
  readonly side: 0 | 1;
  readonly kind: ContentKind;
  /** int64, for JSON. */
  readonly rows: string;
  /** Bytes of the file, and of what the entry stands for. */
  readonly size: number;
  readonly bytes: number;
}

const PARALLEL = 8;

/**
 * Compares the files of two current snapshots. Manifests that both have are not read, unless nothing else says how much they hold; entries of the others are sorted
 * on disk and merged: memory holds one manifest per worker, however large the tables are.
 */
export async function diffFiles(before: DiffSide, after: DiffSide, { scratch, onProgress }: FileContext): Promise<FileChanges> {
  const files = new Sorter<LiveFile>(scratch, 'files');
  const totals = [new Totals(), new Totals()] as const;
  const shared = sharedPaths(before.manifests, after.manifests);
  // A copy of a table at another place, such as a restored one: its files have other paths, and the same ones below the location.
  const moved = before.metadata.location !== after.metadata.location && shared.size === 0;
  const jobs: { readonly manifest: SideManifest; readonly side: 0 | 1; readonly both: boolean }[] = [];
  for (const [side, { manifests }] of [before, after].entries()) {
    for (const manifest of manifests) {
      const both = shared.has(manifest.path);
      if (both && isCounted(manifest)) totals[side as 0 | 1].addManifest(manifest);
      else jobs.push({ manifest, side: side as 0 | 1, both });
    }
  }
  const read = async ({ manifest, side, both }: (typeof jobs)[number]) => {
    const { location } = (side === 0 ? before : after).metadata;
    for (const entry of await manifest.entries()) {
      if (entry.status === 2) continue;
      totals[side].addEntry(entry);
      if (!both) await files.add(liveFile(moved ? entry : { ...entry, path: concretePath(entry.path, location) }, side));
    }
  };
  let done = 0;
  for await (const _ of parallel(jobs, read, PARALLEL)) onProgress(++done, jobs.length);
  const added = new Amounts();
  const removed = new Amounts();
  for await (const group of groups(files.sorted())) {
    const [old, fresh] = unmatched(group);
    for (const file of old) removed.add(file.kind, amountOf(file));
    for (const file of fresh) added.add(file.kind, amountOf(file));
  }
  await files.dispose();
  return { added: added.get(), removed: removed.get(), before: totals[0].get(), after: totals[1].get() };
}

/** Paths of the manifests that both sides have. They are immutable: where one side does not record a length, the path says enough. */
function sharedPaths(before: readonly SideManifest[], after: readonly SideManifest[]): ReadonlySet<string> {
  const lengths = new Map(before.map(({ path, length }) => [path, length]));
  const same = ({ path, length }: SideManifest) => {
    const old = lengths.get(path);
    return lengths.has(path) && (old === length || old === undefined || length === undefined);
  };
  return new Set(after.filter(same).map(({ path }) => path));
}

/** Whether it can be counted without reading it. */
function isCounted({ deletes, files, rows }: SideManifest): boolean {
  return files !== undefined && (deletes || rows !== undefined);
}

function liveFile(entry: ManifestEntry, side: 0 | 1): LiveFile {
  const kind = kindOf(entry);
  const k = kind === 'vectors' ? `${entry.path}\n${entry.contentOffset ?? ''}` : entry.path;
  return { k, side, kind, rows: String(entry.recordCount), size: entry.size, bytes: bytesOf(entry) };
}

/** The files of one name that the other side does not have likewise. */
function unmatched(group: readonly LiveFile[]): readonly [readonly LiveFile[], readonly LiveFile[]] {
  const fresh = group.filter(({ side }) => side === 1);
  const old = group.filter(({ side, kind, size, bytes }) => {
    if (side === 1) return false;
    const twin = fresh.findIndex((file) => file.kind === kind && file.size === size && file.bytes === bytes);
    if (twin !== -1) fresh.splice(twin, 1);
    return twin === -1;
  });
  return [old, fresh];
}

const amountOf = ({ rows, bytes }: LiveFile) => ({ files: 1, rows: BigInt(rows), bytes });

class Totals {
  #dataFiles = 0;
  #rows = 0n;
  #deleteFiles = 0;

  addManifest({ deletes, files = 0, rows = 0n }: SideManifest): void {
    if (deletes) this.#deleteFiles += files;
    else {
      this.#dataFiles += files;
      this.#rows += rows;
    }
  }

  addEntry({ content, recordCount }: ManifestEntry): void {
    if (content !== 0) this.#deleteFiles++;
    else {
      this.#dataFiles++;
      this.#rows += recordCount;
    }
  }

  get(): SideTotals {
    return { dataFiles: this.#dataFiles, rows: this.#rows, deleteFiles: this.#deleteFiles };
  }
}
