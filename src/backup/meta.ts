import { readFile } from 'node:fs/promises';
import { rewriteManifestList } from '../iceberg/manifest-list.js';
import { abstractPath } from '../iceberg/paths.js';
import { rewriteMetadata } from '../iceberg/rewrite-metadata.js';
import { parallel } from '../parallel.js';
import type { Reporter } from '../report.js';
import type { StoredObject } from '../repository/commit.js';
import { EMPTY_SECTION } from '../repository/inventory.js';
import { metaPrefix } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';
import { encodeRoot, type Root, type RootList, type RootManifest } from '../repository/root.js';
import { type WrittenSection, writeSections } from '../repository/sections.js';
import { writeStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';
import type { FilePlan } from './files.js';
import type { TreeList } from './lists.js';
import type { PinnedMetadata } from './pinned.js';
import type { Tree, TreeManifest } from './tree.js';

export interface MetaContext {
  readonly place: RepositoryPlace;
  readonly run: string;
  readonly attempt: string;
  readonly report: Reporter;
  readonly call: CallOptions;
}

const PARALLEL = 8;

/** Writes a table's abstract metadata, inventory and ROOT, leaf to root. Returns the stored ROOT, what it says, and the store time at which it was written. */
export async function writeMeta(
  pinned: PinnedMetadata,
  tree: Tree,
  files: FilePlan,
  context: MetaContext,
): Promise<{ readonly root: Root; readonly stored: StoredObject; readonly date: number }> {
  const { location } = pinned.metadata;
  const prefix = metaPrefix(context.run, context.attempt);
  let date = 0;
  const put = async (name: string, bytes: Buffer): Promise<StoredObject> => {
    const written = await writeStored(context.place, prefix + name, bytes, context.call);
    date = written.date;
    return written.stored;
  };
  const sections = await writeSections(files.placed.sorted(), put);
  assertSections(tree, sections);
  const manifests = new Map<string, RootManifest>();
  const writeManifest = async (manifest: TreeManifest): Promise<[string, RootManifest]> => {
    if (manifest.held) return [manifest.path, manifest.held];
    const stored = await put(`manifests/${manifest.n}.avro`, await readFile(manifest.file as string));
    const { sourceLength, files: live, bytes, n, path, deletes, outside, adds } = manifest;
    const { section = EMPTY_SECTION, missing = 0 } = sections.get(n) ?? {};
    const marks = {
      ...(missing > 0 && { missing }),
      ...(deletes && { deletes }),
      ...(outside && { outside }),
      ...(adds && { adds }),
    };
    return [path, { path: abstractPath(path, location), ...stored, ...marks, sourceLength, files: live, bytes, section }];
  };
  for await (const [path, manifest] of parallel(tree.manifests, writeManifest, PARALLEL)) {
    manifests.set(path, manifest);
    context.report.progress({ phase: 'writing manifests', done: manifests.size, total: tree.manifests.length });
  }
  const writeList = async ({ held, names, ...list }: TreeList): Promise<RootList> => {
    if (held) return { ...held, names };
    const path = abstractPath(list.path, location);
    const abstract = await rewriteManifestList(await readFile(list.file as string), list.path, {
      path: (p) => abstractPath(p, location),
      length: (p, recorded) => manifests.get(p)?.length ?? recorded,
    });
    return { path, snapshot: list.snapshot.toString(), ...(await put(`lists/${list.snapshot}.avro`, abstract)), names };
  };
  const lists: RootList[] = [];
  for await (const list of parallel(tree.lists, writeList, PARALLEL)) lists.push(list);
  const { bytes } = rewriteMetadata(pinned.bytes, pinned.uri, { path: (p) => abstractPath(p, location) });
  const metadata = { path: abstractPath(pinned.uri, location), gzip: pinned.gzip, ...(await put('metadata.json', bytes)) };
  const uuid = pinned.metadata.tableUuid ?? null;
  const { statistics } = files;
  const head = { location, metadataLocation: pinned.uri, uuid, metadata };
  const root: Root = { ...head, lists, manifests: [...manifests.values()], statistics };
  const storedRoot = await put('root.ndjson.gz', encodeRoot(root));
  return { root, stored: storedRoot, date };
}

/** Whether each new manifest with live files has its section. */
function assertSections({ manifests }: Tree, sections: ReadonlyMap<number, WrittenSection>): void {
  for (const { held, files, n, path } of manifests) {
    if (held || files === 0 || sections.has(n)) continue;
    throw new Error(`manifest ${path} has ${files} live files and no section`);
  }
}
