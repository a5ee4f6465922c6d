/** Takes old snapshots out of a metadata.json file, with all that speaks of them (spec: "Snapshots", "Snapshot Retention Policy", `snapshot-log`). */
import { BcnError } from '../errors.js';
import { cutDocument } from './history/cut.js';
import { readMetadata, type TableMetadata } from './metadata.js';
import type { MetadataEdit } from './rewrite-metadata.js';

/** How much of the past stays: all, the head of `main`, or the head and its `count - 1` nearest ancestors (`count` >= 1). */
export type HistoryKeep =
  | { readonly kind: 'full' }
  | { readonly kind: 'current' }
  | { readonly kind: 'last'; readonly count: number };

export interface PrunedHistory {
  /** The same buffer when nothing had to go. */
  readonly bytes: Buffer;
  /** Ids of the snapshots that stay, each once, in the order of the file. */
  readonly kept: readonly bigint[];
  readonly edits: readonly MetadataEdit[];
}

/**
 * Removes the snapshots that `keep` does not name, and with them, as Iceberg's own expiry does, what would dangle: refs to them (never
 * `main`), the snapshot log up to the last entry of one of them (else a moment would be answered with the wrong snapshot), their
 * statistics and partition statistics. Where the log then does not end in the current snapshot, as it must before an engine expires
 * anything, an entry is added: current since `last-updated-ms`, the one moment that is known.
 *
 * Every byte outside of what is removed stays: counters, schemas, specs, orders, `current-snapshot-id`, `metadata-log`,
 * `encryption-keys`, unknown fields, parents' ids that now dangle (which is allowed). When every snapshot stays nothing changes at all.
 * A table without a current snapshot has no history under `main`: all of its snapshots go.
 *
 * Give it a document with real paths: in an abstract one the record of odd spellings (spellings.ts) counts snapshots. `kept` is the
 * same for both.
 *
 * @param bytes after `inflateMetadata`, of a format version that `readMetadata` knows
 * @param name URI of the file, for errors
 * @throws BcnError what `readMetadata` throws (as when the current snapshot is missing); `corrupt` when `main` is not the current snapshot
 */
export function pruneHistory(bytes: Buffer, name: string, keep: HistoryKeep): PrunedHistory {
  const metadata = readMetadata(bytes, name);
  const ids = new Set(metadata.snapshots.map(({ id }) => id));
  if (keep.kind === 'full') return { bytes, kept: [...ids], edits: [] };
  refuseOtherMain(metadata, name);
  const chosen = headAndAncestors(metadata, keep.kind === 'current' ? 1 : keep.count);
  const kept = [...ids].filter((id) => chosen.has(id));
  if (kept.length === ids.size) return { bytes, kept, edits: [] };
  return { kept, ...cutDocument(bytes, name, metadata, chosen) };
}

/** No more than `count`: also of parents that form a circle, or lead to a snapshot that is gone. */
function headAndAncestors({ snapshots, currentSnapshotId }: TableMetadata, count: number): ReadonlySet<bigint> {
  const parents = new Map(snapshots.map(({ id, parentId }) => [id, parentId]));
  const chosen = new Set<bigint>();
  let next = currentSnapshotId;
  while (next !== undefined && chosen.size < count && parents.has(next) && !chosen.has(next)) {
    chosen.add(next);
    next = parents.get(next);
  }
  return chosen;
}

/** Java (`TableMetadata.validateRefs`) and iceberg-rust load no such table; which of the two to keep, nobody can say. */
function refuseOtherMain({ refs, currentSnapshotId }: TableMetadata, name: string): void {
  const main = refs.find((ref) => ref.name === 'main');
  if (main === undefined || main.snapshotId === currentSnapshotId) return;
  throw new BcnError(
    'corrupt',
    `${name}: main is ${main.snapshotId}, but current-snapshot-id is ${currentSnapshotId ?? 'not set'}`,
    {
      object: name,
      hint: 'Engines refuse such a table. Compare the file with an earlier metadata file of the table.',
    },
  );
}
