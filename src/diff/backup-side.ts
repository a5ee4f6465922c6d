import { type ManifestEntry, readManifest } from '../iceberg/manifest.js';
import { concretePath } from '../iceberg/paths.js';
import { currentManifests, readBackedTable } from '../look/table.js';
import type { CommittedTable } from '../repository/commit.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { RootManifest } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';
import type { DiffSide } from './side.js';

/** A table as it was backed up. Throws `corrupt` when its backup is damaged. */
export async function backupSide(place: RepositoryPlace, table: CommittedTable, call: CallOptions): Promise<DiffSide> {
  const backed = await readBackedTable(place, table, call);
  const { root, bytes, metadata } = backed;
  const entries = async (manifest: RootManifest) => {
    const found: ManifestEntry[] = [];
    await readManifest(await readStored(place, manifest, call), manifest.path, (entry) => found.push(entry), call.signal);
    return found;
  };
  const manifests = (await currentManifests(place, backed, call)).map(({ manifest, rows }) => ({
    path: concretePath(manifest.path, root.location),
    length: manifest.sourceLength,
    deletes: manifest.deletes === true,
    files: manifest.files,
    rows,
    entries: () => entries(manifest),
  }));
  return { name: root.metadataLocation, bytes, metadata, manifests };
}
