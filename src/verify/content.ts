import { isCode } from '../errors.js';
import { concretePath, rootOf } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import { type InventoryFile, readInventory } from '../repository/inventory.js';
import { groups, leftJoin } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { ObjectInfo, ObjectStore } from '../storage/port.js';
import { isComputable, Summer } from './checksum.js';
import type { CheckContext } from './context.js';

/** A content file of the backup, once; `k` is its key in `store`. */
interface Wanted extends Keyed {
  readonly file: InventoryFile;
}

export interface ContentCheck {
  readonly files: number;
  readonly bytesRead: number;
  readonly withoutChecksum: number;
}

/** Checks that every content file exists with its length, by LIST of the runs that hold them (or of the source, for a `reference` backup), and with `readData` what it holds. */
export async function checkContent(context: CheckContext): Promise<ContentCheck> {
  const { deps, options, table, root, call, problem } = context;
  const reference = context.commit.mode === 'reference';
  const place = deps.repository;
  const at = (file: InventoryFile) => deps.source.resolve(concretePath(file.path, table.location));
  const store = reference ? deps.source.resolve(table.location).store : place.store;
  const wanted = new Sorter<Wanted>(context.scratch, 'wanted');
  const prefixes = new Set<string>();
  for await (const { files } of readInventory(place, root.manifests, call)) {
    for (const file of files) {
      const k = file.key === null ? at(file).key : place.prefix + file.key;
      if (file.key !== null) prefixes.add(`${place.prefix}${file.key.split('/').slice(0, 3).join('/')}/`);
      await wanted.add({ k, file });
    }
  }
  if (reference) prefixes.add(deps.source.resolve(`${rootOf(table.location)}/`).key);
  const result = { files: 0, bytesRead: 0, withoutChecksum: 0 };
  const once = (async function* () {
    for await (const [first] of groups(wanted.sorted())) yield first as Wanted;
  })();
  const checkOne = async ({ left: { k, file }, right }: { left: Wanted; right: ObjectInfo | undefined }) => {
    const object = `${store.uri}/${k}`;
    if (!right) problem({ object, message: `The content file of ${file.path} is missing` });
    else if (right.size !== file.size)
      problem({ object, message: `The content file of ${file.path} has ${right.size} bytes instead of ${file.size}` });
    else if (options.readData) {
      const { bytes, message } = await readContent(store, k, file, context);
      result.bytesRead += bytes;
      if (message) problem({ object, message });
    }
    return file;
  };
  const there = listAll(store, [...prefixes].sort(), context);
  for await (const file of parallel(leftJoin(once, there), checkOne, options.jobs)) {
    result.files++;
    if (!isComputable(file.sum)) result.withoutChecksum++;
    deps.report.progress({
      phase: 'checking content files',
      done: result.files,
      total: table.files.total,
      bytes: result.bytesRead,
    });
  }
  return result;
}

/** Prefixes are disjoint and sorted, so the listing is sorted too. */
async function* listAll(store: ObjectStore, prefixes: readonly string[], { call }: CheckContext): AsyncGenerator<ObjectInfo> {
  for (const prefix of prefixes) for await (const page of store.list(prefix, call)) yield* page.objects;
}

async function readContent(
  store: ObjectStore,
  key: string,
  file: InventoryFile,
  { call }: CheckContext,
): Promise<{ readonly bytes: number; readonly message?: string }> {
  let bytes = 0;
  const sum = isComputable(file.sum) ? new Summer(file.sum) : undefined;
  try {
    for await (const chunk of (await store.read(key, call)) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      sum?.update(chunk);
    }
  } catch (error) {
    if (!isCode(error, 'object-not-found', 'corrupt', 'object-archived')) throw error;
    return { bytes, message: error.message };
  }
  if (bytes !== file.size)
    return { bytes, message: `The content file of ${file.path} gave ${bytes} bytes instead of ${file.size}` };
  if (sum && sum.digest() !== file.sum?.value)
    return { bytes, message: `The content file of ${file.path} has another ${file.sum?.alg} than the backup recorded` };
  return { bytes };
}
