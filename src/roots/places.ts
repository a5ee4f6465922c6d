import { PathMap } from '../iceberg/path-map.js';
import { isUnder, rootOf } from '../iceberg/paths.js';
import type { ResolvedObject, StoreResolver } from '../storage/port.js';
import { inferRoots } from './infer.js';

/**
 * Few places that hold all files of a table: its location, and for the paths outside of it their deepest common folders.
 *
 * @param paths of the table in any order, as metadata spells them
 */
export async function placesOf(
  paths: AsyncIterable<string> | Iterable<string>,
  location: string,
  stores: StoreResolver,
): Promise<readonly ResolvedObject[]> {
  const known = new PathMap({ roots: [{ source: location, target: location }] });
  const found = await inferRoots(outside(paths, location), known, location);
  const folders = [rootOf(location), ...[...found.spellings, ...found.folders].map(({ source }) => source)];
  return [...folders.map((folder) => `${folder}/`), ...found.single.keys()].map((place) => stores.resolve(place));
}

async function* outside(paths: AsyncIterable<string> | Iterable<string>, location: string): AsyncGenerator<string> {
  for await (const path of paths) if (!isUnder(path, location)) yield path;
}
