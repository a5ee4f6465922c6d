import { concretePath, isRelative, isUnder } from '../iceberg/paths.js';
import type { Root } from '../repository/root.js';
import type { Manifests } from './manifests.js';
import type { MapOption } from './map-option.js';

/**
 * The paths of a table that say where its roots are, by their source spelling: all outside its location, of metadata and of every entry, deleted ones too; with a `--map`
 * of a place inside the location, all. Manifests that name no such path are not read.
 */
export async function* outsidePaths(root: Root, manifests: Manifests, maps: readonly MapOption[]): AsyncGenerator<string> {
  const inside = maps.some(({ source }) => isUnder(source, root.location));
  const counts = (path: string) => inside || !isRelative(path);
  const uri = (path: string) => concretePath(path, root.location);
  for (const { path } of [...root.manifests, ...root.lists, ...root.statistics]) if (counts(path)) yield uri(path);
  const looked = inside ? root.manifests : root.manifests.filter(({ outside }) => outside);
  for await (const { entries } of manifests.entries(looked)) {
    for (const { path } of entries) if (counts(path)) yield uri(path);
  }
}
