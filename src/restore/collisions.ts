import { collisions, type Landing } from '../iceberg/path-map.js';
import { concretePath } from '../iceberg/paths.js';
import type { Root } from '../repository/root.js';
import { Sorter } from '../spill/sorter.js';
import { findLocation } from '../storage/location.js';
import { rewrittenUri } from './content.js';
import type { TargetLayout } from './layout.js';
import type { Manifests } from './manifests.js';
import { meeting } from './meeting.js';

/**
 * Refuses a table of which two files would land on one target: deleted ones too, since an engine that expires the one would delete the other. Several spellings of
 * one object are one file. Reads every manifest; needed only where roots lie inside each other's targets.
 *
 * @throws BcnError `unsupported`, naming both
 */
export async function assertNoCollisions(root: Root, layout: TargetLayout, manifests: Manifests, scratch: string): Promise<void> {
  const landings = new Sorter<Landing>(scratch, 'landings');
  const add = (path: string, uri = layout.uriOf(path)) =>
    landings.add({ k: layout.spot(uri).k, source: concretePath(path, root.location) });
  for (const { path } of [...root.manifests, ...root.lists, ...root.statistics]) await add(path);
  for await (const { entries } of manifests.entries(root.manifests)) {
    for (const { path, content, format } of entries) {
      await add(path);
      // What an ORC file of deletes becomes.
      if (content === 1 && format.toLowerCase() === 'orc') await add(path, rewrittenUri(layout.uriOf(path), 'orc'));
    }
  }
  for await (const { target, sources } of collisions(landings.sorted())) {
    const [first, second] = sources.map((source) => JSON.stringify(findLocation(source)));
    if (first !== undefined && first === second) continue;
    throw meeting(
      target,
      sources,
      'Say where the second one goes: --map FOLDER=TARGET. The plan shows which folders go where: --dry-run',
    );
  }
  await landings.dispose();
}
