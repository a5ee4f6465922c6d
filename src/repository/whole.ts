import type { CallOptions } from '../storage/port.js';
import type { Damage } from './damage.js';
import { readSections } from './inventory.js';
import type { RepositoryPlace } from './place.js';
import type { Root } from './root.js';

/**
 * What of a ROOT a new backup may rest on: without lists and manifests whose bytes a check found damaged, and without manifests whose section is damaged or names a damaged file. Reads the
 * inventory. undefined: the check found more than its event could name, so nothing.
 */
export async function withoutDamage(
  place: RepositoryPlace,
  root: Root,
  { objects, more }: Damage,
  options: CallOptions = {},
): Promise<Root | undefined> {
  if (more > 0) return undefined;
  const damaged = new Set(objects.map(({ key }) => key));
  const isWhole = ({ key }: { readonly key: string | null }) => key === null || !damaged.has(key);
  const lost = new Set<string>();
  for await (const read of readSections(place, root.manifests, options))
    if (read.error || !read.files.every(isWhole)) lost.add(read.manifest.path);
  const manifests = root.manifests.filter((manifest) => isWhole(manifest) && !lost.has(manifest.path));
  return { ...root, lists: root.lists.filter(isWhole), manifests, statistics: root.statistics.filter(isWhole) };
}
