import { readManifest } from '../iceberg/manifest.js';
import { parallel } from '../parallel.js';
import type { RepositoryPlace } from '../repository/place.js';
import { readStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';
import { Amounts, type ContentAmounts } from './amounts.js';
import { type BackedTable, type CurrentManifest, currentManifests } from './table.js';

const PARALLEL = 8;

/**
 * What the current snapshot of a backed-up table holds. Manifests of data are counted by their manifest list and the ROOT, without being read, where these say how
 * much they hold; manifests of deletes are read, since nothing else tells the kinds apart.
 */
export async function currentContent(
  place: RepositoryPlace,
  table: BackedTable,
  call: CallOptions = {},
): Promise<ContentAmounts> {
  const amounts = new Amounts();
  const read = async ({ manifest, rows }: CurrentManifest) => {
    const { files, bytes } = manifest;
    if (!manifest.deletes && rows !== undefined) {
      amounts.add('data', { files, rows, bytes });
      return;
    }
    await readManifest(
      await readStored(place, manifest, call),
      manifest.path,
      (entry) => {
        if (entry.status !== 2) amounts.addEntry(entry);
      },
      call.signal,
    );
  };
  for await (const _ of parallel(await currentManifests(place, table, call), read, PARALLEL));
  return amounts.get();
}
