import type { CatalogEntry } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import { type ManifestEntry, readManifest } from '../iceberg/manifest.js';
import { type ManifestListEntry, readManifestList } from '../iceberg/manifest-list.js';
import { inflateMetadata, readMetadata } from '../iceberg/metadata.js';
import { abstractPath } from '../iceberg/paths.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';
import type { DiffSide, SideManifest } from './side.js';

/** A table as its catalog has it now. Throws `corrupt` when a file that it names is missing or damaged. */
export async function liveSide(entry: CatalogEntry, source: StoreResolver, call: CallOptions): Promise<DiffSide> {
  const name = entry.metadataLocation;
  const { bytes } = inflateMetadata(await read(source, name, call), name);
  const metadata = readMetadata(bytes, name);
  const current = metadata.snapshots.findLast(({ id }) => id === metadata.currentSnapshotId);
  const entries = async (path: string) => {
    const found: ManifestEntry[] = [];
    const add = (one: ManifestEntry) => found.push({ ...one, path: abstractPath(one.path, metadata.location) });
    await readManifest(await read(source, path, call), path, add, call.signal);
    return found;
  };
  const bare = (path: string): SideManifest => ({
    path,
    length: undefined,
    deletes: false,
    files: undefined,
    rows: undefined,
    entries: () => entries(path),
  });
  const listed = ({ path, length, content, ...counts }: ManifestListEntry): SideManifest => ({
    ...bare(path),
    length,
    deletes: content === 1,
    files: plus(counts.addedFiles, counts.existingFiles, (a, b) => a + b),
    rows: plus(counts.addedRows, counts.existingRows, (a, b) => a + b),
  });
  const list = current?.manifestList;
  const manifests =
    list === undefined
      ? (current?.manifests ?? []).map(bare)
      : (await readManifestList(await read(source, list, call), list, call.signal)).map(listed);
  return { name, bytes, metadata, manifests };
}

function plus<T>(a: T | undefined, b: T | undefined, add: (a: T, b: T) => T): T | undefined {
  return a === undefined || b === undefined ? undefined : add(a, b);
}

async function read(source: StoreResolver, uri: string, call: CallOptions): Promise<Buffer> {
  const { store, key } = source.resolve(uri);
  try {
    return (await store.get(key, call)).bytes;
  } catch (cause) {
    if (!isCode(cause, 'object-not-found')) throw cause;
    throw new BcnError('corrupt', `The table names ${uri}, which is missing from the source`, {
      object: uri,
      cause,
      hint: 'If the table is being written or expired right now, run the command again; else the table itself is damaged.',
    });
  }
}
