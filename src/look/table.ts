import { BcnError } from '../errors.js';
import { readManifestList } from '../iceberg/manifest-list.js';
import { readMetadata, type TableMetadata } from '../iceberg/metadata.js';
import { abstractPath, concretePath } from '../iceberg/paths.js';
import { rewriteMetadata } from '../iceberg/rewrite-metadata.js';
import type { CommittedTable } from '../repository/commit.js';
import type { RepositoryPlace } from '../repository/place.js';
import { type Root, type RootManifest, readRoot } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';

/** A table as it was when it was backed up. */
export interface BackedTable {
  readonly root: Root;
  /** metadata.json with the paths of the source. */
  readonly bytes: Buffer;
  readonly metadata: TableMetadata;
}

/** Throws `corrupt` when the backup is damaged. */
export async function readBackedTable(
  place: RepositoryPlace,
  table: CommittedTable,
  call: CallOptions = {},
): Promise<BackedTable> {
  const root = await readRoot(place, table, call);
  const abstract = await readStored(place, root.metadata, call);
  const name = root.metadataLocation;
  const { bytes } = rewriteMetadata(abstract, name, { path: (path) => concretePath(path, root.location) });
  return { root, bytes, metadata: readMetadata(bytes, name) };
}

/** A manifest of the current snapshot. */
export interface CurrentManifest {
  readonly manifest: RootManifest;
  /** Rows of its live files, where its manifest list says. */
  readonly rows: bigint | undefined;
}

/** The manifests of the current snapshot, in the order of its list; none when there is no snapshot. */
export async function currentManifests(
  place: RepositoryPlace,
  { root, metadata }: BackedTable,
  call: CallOptions = {},
): Promise<readonly CurrentManifest[]> {
  const id = metadata.currentSnapshotId;
  const snapshot = metadata.snapshots.findLast((one) => one.id === id);
  if (!snapshot) return [];
  const byPath = new Map(root.manifests.map((manifest) => [manifest.path, manifest]));
  const held = (path: string, rows: bigint | undefined): CurrentManifest => {
    const manifest = byPath.get(path);
    if (manifest) return { manifest, rows };
    throw lost(root, `the manifest ${path}`);
  };
  if (snapshot.manifestList === undefined)
    return snapshot.manifests.map((path) => held(abstractPath(path, root.location), undefined));
  const list = root.lists.find((one) => one.snapshot === String(id));
  if (!list) throw lost(root, `the manifest list of snapshot ${id}`);
  const entries = await readManifestList(await readStored(place, list, call), list.path, call.signal);
  return entries.map(({ path, addedRows, existingRows }) =>
    held(path, addedRows === undefined || existingRows === undefined ? undefined : addedRows + existingRows),
  );
}

function lost({ metadataLocation }: Root, what: string): BcnError {
  return new BcnError('corrupt', `The backup of ${metadataLocation} does not hold ${what}`, {
    object: metadataLocation,
    hint: 'See all damage: bcn verify NAME',
  });
}
