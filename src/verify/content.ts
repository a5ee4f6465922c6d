import { isCode } from '../errors.js';
import { concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import { isComputable, Summer } from '../repository/checksum.js';
import { type InventoryFile, readInventory } from '../repository/inventory.js';
import { placesOf } from '../roots/places.js';
import { groups, leftJoin } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { listPlaces, objectUri } from '../storage/list-places.js';
import type { ObjectInfo, ObjectStore, ResolvedObject } from '../storage/port.js';
import type { CheckContext } from './context.js';
import { checkDeletes } from './deletes.js';

/** A content file of the backup, once; `k` is the URI of its object. */
interface Wanted extends Keyed {
  readonly file: InventoryFile;
}

export interface ContentCheck {
  readonly files: number;
  readonly bytesRead: number;
  readonly withoutChecksum: number;
  /** Files that the backup itself records as missing from its source; not counted in `files`. */
  readonly missing: { readonly files: number; readonly bytes: number };
}

/**
 * Checks that every content file exists with its length, by LIST of the runs that hold them (or of the source, for a `reference` backup), and with `readData` what it holds
 * and that a restore can write it anew, where it has to.
 */
export async function checkContent(context: CheckContext): Promise<ContentCheck> {
  const { deps, options, table, root, call, problem } = context;
  const { store, prefix } = deps.repository;
  const uriOf = ({ path }: InventoryFile) => concretePath(path, table.location);
  const at = (file: InventoryFile): ResolvedObject =>
    file.key === null ? deps.source.resolve(uriOf(file)) : { store, key: prefix + file.key };
  const wanted = new Sorter<Wanted>(context.scratch, 'wanted');
  const runs = new Map<string, ResolvedObject>();
  const want = (file: InventoryFile) => {
    const run = file.key?.split('/').slice(0, 3).join('/');
    if (run !== undefined && !runs.has(run)) runs.set(run, { store, key: `${prefix}${run}/` });
    return wanted.add({ k: objectUri(at(file)), file });
  };
  const lacking = new Sorter<Keyed & { readonly size: number }>(context.scratch, 'lacking');
  for await (const { files } of readInventory(deps.repository, root.manifests, call)) {
    for (const file of files) await (file.missing ? lacking.add({ k: file.path, size: file.size }) : want(file));
  }
  for (const file of root.statistics) await want(file);
  const sourcePaths = async function* () {
    for await (const { file } of wanted.sorted()) yield uriOf(file);
  };
  const places =
    context.commit.mode === 'reference' ? await placesOf(sourcePaths(), table.location, deps.source) : [...runs.values()];
  const missing = await countMissing(lacking, context);
  const result = { files: 0, bytesRead: 0, withoutChecksum: 0, missing };
  const once = (async function* () {
    for await (const [first] of groups(wanted.sorted())) yield first as Wanted;
  })();
  const checkOne = async ({ left: { k: object, file }, right }: { left: Wanted; right: ObjectInfo | undefined }) => {
    if (!right) problem({ object, message: `The content file of ${file.path} is missing` });
    else if (right.size !== file.size)
      problem({ object, message: `The content file of ${file.path} has ${right.size} bytes instead of ${file.size}` });
    else if (options.readData) {
      const { store: from, key } = at(file);
      const { bytes, message } = await readContent(from, key, file, context);
      result.bytesRead += bytes;
      const wrong = message ?? (await checkDeletes({ store: from, key }, file, call));
      if (wrong) problem({ object, message: wrong });
    }
    return file;
  };
  for await (const file of parallel(leftJoin(once, listPlaces(places, call)), checkOne, options.jobs)) {
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

/** The record and the inventory must agree. */
async function countMissing(lacking: Sorter<Keyed & { readonly size: number }>, { table, problem, deps }: CheckContext) {
  const missing = { files: 0, bytes: 0 };
  for await (const [first] of groups(lacking.sorted())) {
    missing.files++;
    missing.bytes += first?.size ?? 0;
  }
  const recorded = table.missing ?? { files: 0, bytes: 0 };
  if (missing.files !== recorded.files || missing.bytes !== recorded.bytes) {
    const object = `${deps.repository.store.uri}/${deps.repository.prefix}${table.root.key}`;
    const message = `The inventory marks ${missing.files} files of ${missing.bytes} bytes as missing; the record says ${recorded.files} of ${recorded.bytes}`;
    problem({ object, message });
  }
  return missing;
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
