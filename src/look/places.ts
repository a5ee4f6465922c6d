import { PathMap } from '../iceberg/path-map.js';
import { concretePath, rootOf } from '../iceberg/paths.js';
import type { CommittedTable } from '../repository/commit.js';
import { readInventory } from '../repository/inventory.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Root } from '../repository/root.js';
import { inferRoots } from '../roots/infer.js';
import type { CallOptions } from '../storage/port.js';

/** A place that holds files of a table, and what made it one. */
export interface TablePlaceFacts {
  /** As the table spells it, without slashes at the end. */
  readonly place: string;
  readonly why: 'location' | 'property' | 'other spelling' | 'common folder' | 'single file';
}

/** Where the files of a backed-up table lie in its source. Reads the inventory of manifests that name files outside the location, and nothing else. */
export async function placesOfTable(
  place: RepositoryPlace,
  table: CommittedTable,
  root: Root,
  call: CallOptions = {},
): Promise<readonly TablePlaceFacts[]> {
  const location = rootOf(table.location);
  const properties = Object.values(table.write_paths).map(rootOf);
  const sources = [...new Set([location, ...properties])].filter((source) => source !== '');
  const known = new PathMap({ roots: sources.map((source) => ({ source, target: source })) });
  const found = await inferRoots(paths(place, root, call), known, table.location);
  const inside = (other: string) => other === location || other.startsWith(`${location}/`);
  return [
    { place: location, why: 'location' },
    ...[...new Set(properties)]
      .filter((one) => one !== '' && !inside(one))
      .map((one) => ({ place: one, why: 'property' as const })),
    ...found.spellings.map(({ source }) => ({ place: source, why: 'other spelling' as const })),
    ...found.folders.map(({ source }) => ({ place: source, why: 'common folder' as const })),
    ...[...found.single.keys()].sort().map((path) => ({ place: path, why: 'single file' as const })),
  ];
}

async function* paths(place: RepositoryPlace, root: Root, call: CallOptions): AsyncGenerator<string> {
  const uri = (path: string) => concretePath(path, root.location);
  for (const { path } of [...root.lists, ...root.manifests, ...root.statistics]) yield uri(path);
  const outside = root.manifests.filter((manifest) => manifest.outside);
  for await (const { files } of readInventory(place, outside, call)) for (const { path } of files) yield uri(path);
}
