import { type HistoryKeep, pruneHistory } from '../iceberg/history.js';
import { readManifestList } from '../iceberg/manifest-list.js';
import { readMetadata } from '../iceberg/metadata.js';
import { abstractPath, concretePath } from '../iceberg/paths.js';
import { type MetadataEdit, rewriteMetadata } from '../iceberg/rewrite-metadata.js';
import { dropStatistics } from '../iceberg/statistics.js';
import { parallel } from '../parallel.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Root, RootList } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';

/** The table that a restore brings back, before its paths change. */
export interface SourceTable {
  /** metadata.json with the paths of the source, without what does not come back. */
  readonly bytes: Buffer;
  readonly edits: readonly MetadataEdit[];
  /** What of the backup is needed for it. */
  readonly root: Root;
  readonly snapshots: number;
}

const PARALLEL = 8;

/** Takes old snapshots out of a backed-up table, as `keep` says, and the entries of statistics that the backup does not hold. */
export async function readSourceTable(
  place: RepositoryPlace,
  root: Root,
  keep: HistoryKeep,
  call: CallOptions,
): Promise<SourceTable> {
  const name = root.metadataLocation;
  const abstract = await readStored(place, root.metadata, call);
  const { bytes: whole } = rewriteMetadata(abstract, name, { path: (path) => concretePath(path, root.location) });
  const pruned = pruneHistory(whole, name, keep);
  const held = new Set(root.statistics.map(({ path }) => path));
  const { bytes, edits } = dropStatistics(pruned.bytes, name, (path) => !held.has(abstractPath(path, root.location)));
  const needed = pruned.bytes === whole ? root : await reduce(place, root, bytes, pruned.kept, call);
  return { bytes, edits: [...pruned.edits, ...edits], root: needed, snapshots: pruned.kept.length };
}

/** The part of a ROOT that a table with fewer snapshots needs. */
async function reduce(
  place: RepositoryPlace,
  root: Root,
  metadata: Buffer,
  kept: readonly bigint[],
  call: CallOptions,
): Promise<Root> {
  const { snapshots, statistics } = readMetadata(metadata, root.metadataLocation);
  const ids = new Set(kept.map(String));
  const lists = root.lists.filter(({ snapshot }) => ids.has(snapshot));
  const named = new Set(snapshots.flatMap(({ manifests }) => manifests).map((path) => abstractPath(path, root.location)));
  const read = async (list: RootList) => readManifestList(await readStored(place, list, call), list.path, call.signal);
  for await (const entries of parallel(lists, read, PARALLEL)) for (const { path } of entries) named.add(path);
  const files = new Set(statistics.map(({ path }) => abstractPath(path, root.location)));
  return {
    ...root,
    lists,
    manifests: root.manifests.filter(({ path }) => named.has(path)),
    statistics: root.statistics.filter(({ path }) => files.has(path)),
  };
}
