import { parallel } from '../parallel.js';
import type { StoredObject } from '../repository/commit.js';
import { EMPTY_SECTION } from '../repository/inventory.js';
import { metaPrefix } from '../repository/keys.js';
import { encodeRoot, type Root, type RootList, type RootManifest } from '../repository/root.js';
import { writeSections } from '../repository/sections.js';
import { readStored, writeStored } from '../repository/stored.js';
import type { CopyContext } from './context.js';
import { keyOf, type TablePlan } from './plan.js';

type Changed = Extract<TablePlan, { readonly kind: 'changed' }>;

const PARALLEL = 8;

/** Writes what the destination lacks of a table's metadata, byte for byte, its inventory and ROOT. Returns the stored ROOT, and the store time at which it was written. */
export async function writeMeta(
  { root, held, manifests, files }: Changed,
  attempt: string,
  context: CopyContext,
): Promise<{ readonly stored: StoredObject; readonly date: number }> {
  const { deps, call } = context;
  const prefix = metaPrefix(context.run, attempt);
  let date = 0;
  const put = async (name: string, bytes: Buffer): Promise<StoredObject> => {
    const written = await writeStored(deps.to, prefix + name, bytes, call);
    date = written.date;
    return written.stored;
  };
  const bring = async <T extends StoredObject>(object: T, name: string): Promise<T> => ({
    ...object,
    ...(await put(name, await readStored(deps.from, object, call))),
  });
  const sections = await writeSections(files.placed.sorted(), put);
  const numbers = new Map(manifests.map(({ path }, n) => [path, n]));
  let done = 0;
  const bringManifest = async (manifest: RootManifest): Promise<RootManifest> => {
    const n = numbers.get(manifest.path);
    if (n === undefined) {
      const { key, section } = held.manifests.get(keyOf(manifest)) as RootManifest;
      return { ...manifest, key, section };
    }
    const section = sections.get(n)?.section ?? EMPTY_SECTION;
    if (manifest.files > 0 && section.length === 0) throw new Error(`manifest ${manifest.path} has live files and no section`);
    return { ...(await bring(manifest, `manifests/${n}.avro`)), section };
  };
  const copiedManifests: RootManifest[] = [];
  for await (const manifest of parallel(root.manifests, bringManifest, PARALLEL)) {
    copiedManifests.push(manifest);
    deps.report.progress({ phase: 'writing manifests', done: ++done, total: root.manifests.length });
  }
  const lists: RootList[] = [];
  const bringList = async (list: RootList) => at(list, held.lists) ?? bring(list, `lists/${list.snapshot}.avro`);
  for await (const list of parallel(root.lists, bringList, PARALLEL)) lists.push(list);
  const metadata = at(root.metadata, held.metadata) ?? (await bring(root.metadata, 'metadata.json'));
  const copied: Root = { ...root, metadata, lists, manifests: copiedManifests, statistics: files.statistics };
  return { stored: await put('root.ndjson.gz', encodeRoot(copied)), date };
}

/** What the ROOT says of an object, at the key where a base has it: only that is another's, not what it says of its own ROOT. */
function at<T extends StoredObject & { readonly path: string }>(object: T, held: ReadonlyMap<string, T>): T | undefined {
  const key = held.get(keyOf(object))?.key;
  return key === undefined ? undefined : { ...object, key };
}
