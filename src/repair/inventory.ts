import { isCode } from '../errors.js';
import { inspectDeleteFile } from '../iceberg/delete-file.js';
import { type ManifestEntry, readManifest } from '../iceberg/manifest.js';
import { readManifestList } from '../iceberg/manifest-list.js';
import { concretePath } from '../iceberg/paths.js';
import type { InventoryFile } from '../repository/inventory.js';
import type { Root, RootManifest } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import { byteCompare } from '../storage/location.js';
import { readRange } from '../storage/read-range.js';
import type { MendContext } from './root.js';

/** What the lost section of a manifest said, as far as the manifest itself tells: its live files, whose objects are not known any more. Empty when the manifest cannot be read. */
export async function inventoryOf(manifest: RootManifest, root: Root, context: MendContext): Promise<readonly InventoryFile[]> {
  const { deps, call } = context;
  const own = root.manifests.find(({ path }) => path === manifest.path) as RootManifest;
  const entries: ManifestEntry[] = [];
  try {
    await readManifest(await readStored(deps.repository, own, call), own.path, (entry) => {
      if (entry.status !== 2) entries.push(entry);
    });
  } catch (error) {
    if (isCode(error, 'corrupt')) return [];
    throw error;
  }
  const added = await addedBy(own, root, context);
  const files: InventoryFile[] = [];
  for (const { path, size, snapshotId, content } of entries) {
    const snapshot = (snapshotId ?? added)?.toString() ?? null;
    const deletes = content === 1 ? await inspect(concretePath(path, root.location), size, context) : undefined;
    files.push({ path, key: null, size, snapshot, sum: null, etag: null, ...(deletes && { deletes }) });
  }
  return files.sort((a, b) => byteCompare(a.path, b.path));
}

/** The snapshot that added a manifest, which its entries inherit: the lists say. */
async function addedBy({ path }: RootManifest, root: Root, { deps, call }: MendContext): Promise<bigint | undefined> {
  for (const list of root.lists) {
    try {
      const entries = await readManifestList(await readStored(deps.repository, list, call), list.path, call.signal);
      const found = entries.find((entry) => entry.path === path);
      if (found) return found.addedSnapshotId;
    } catch (error) {
      if (!isCode(error, 'corrupt')) throw error;
    }
  }
  return undefined;
}

async function inspect(uri: string, size: number, { deps, call }: MendContext): Promise<InventoryFile['deletes']> {
  const { store, key } = deps.source.resolve(uri);
  const read = (start: number, end: number) => readRange(store, key, start, end, call);
  try {
    return await inspectDeleteFile({ name: uri, size, read }, call.signal);
  } catch (error) {
    // Then it cannot be brought either, and the section stays lost.
    if (isCode(error, 'corrupt', 'unsupported', 'object-not-found')) return undefined;
    throw error;
  }
}
