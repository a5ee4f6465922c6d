import { BcnError, isCode } from '../errors.js';
import { concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { Reporter } from '../report.js';
import type { InventoryFile } from '../repository/inventory.js';
import { hashedDataKey, runDataPrefix } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';
import { listBelow } from '../repository/runs.js';
import { placedKey } from '../repository/sections.js';
import { groups, leftJoin, none, without } from '../spill/join.js';
import type { Keyed, Sorter } from '../spill/sorter.js';
import { findObject } from '../storage/find-object.js';
import { abortLeftovers } from '../storage/leftovers.js';
import type { CallOptions, StoreResolver, WriteResult } from '../storage/port.js';
import { transfer } from '../storage/transfer.js';
import { type FilePlan, forget, lose, type NewFile } from './files.js';
import { MissingFile, missing, wrongLength } from './missing.js';
import { warnOfLost } from './statistics.js';

export interface CopyContext {
  readonly place: RepositoryPlace;
  readonly source: StoreResolver;
  readonly run: string;
  readonly location: string;
  readonly table: string;
  readonly jobs: number;
  /** An earlier attempt of this run may have left objects and multipart uploads. */
  readonly continued: boolean;
  readonly report: Reporter;
  readonly call: CallOptions;
}

/**
 * Copies every new content file into the run, keeping what an interrupted attempt left (same key and length), and records where each one lies. Then proves the length of each
 * by one LIST: a copy's answer holds none.
 */
export async function copyFiles(plan: FilePlan, context: CopyContext): Promise<void> {
  const held = context.continued ? listBelow(context.place, runDataPrefix(context.run), context.call) : none();
  const progress = { done: 0, bytes: 0 };
  const copyOne = async ({ left: { files }, right }: { left: OneObject; right: { size: number; etag?: string } | undefined }) => {
    const [first] = files as [NewFile];
    const kept =
      right?.size === first.size
        ? { key: first.k, result: right as Partial<WriteResult> }
        : await copyOrLose(first, plan, context);
    return { files, kept };
  };
  for await (const { files, kept } of parallel(leftJoin(byKey(plan.fresh), held), copyOne, context.jobs)) {
    for (const file of files) {
      if (kept instanceof MissingFile) {
        await lose(plan, file, kept);
        continue;
      }
      if (!kept) {
        forget(plan, file);
        continue;
      }
      await place(file, kept, plan);
      progress.done++;
      progress.bytes += file.size;
    }
    const { objects: total, bytes: totalBytes } = plan.copied;
    context.report.progress({ phase: 'copying content files', done: progress.done, total, bytes: progress.bytes, totalBytes });
  }
  await proveLengths(plan, context);
}

/** The files of one repository key: several where the table spells one object's path in several ways. */
interface OneObject extends Keyed {
  readonly files: readonly NewFile[];
}

async function* byKey(fresh: Sorter<NewFile>): AsyncGenerator<OneObject> {
  for await (const files of groups(fresh.sorted())) yield { k: (files[0] as NewFile).k, files };
}

interface Kept {
  readonly key: string;
  readonly result: Partial<WriteResult>;
}

/** Records where a file lies: in the sections of the manifests that name it, or among the statistics. */
async function place({ path, size, snapshot, deletes, ns }: NewFile, { key, result }: Kept, plan: FilePlan): Promise<void> {
  const found = { path, key, size, snapshot, sum: result.sum ?? null, etag: result.etag ?? null };
  const file: InventoryFile = { ...found, ...(deletes && { deletes }) };
  for (const n of ns) await plan.placed.add({ k: placedKey(n, path), n, file });
  if (ns.length === 0) plan.statistics.push(file);
}

/** Statistics that are gone since the plan was made are lost, and no more; so are live files, where they may be missing. */
async function copyOrLose(file: NewFile, plan: FilePlan, context: CopyContext): Promise<Kept | MissingFile | undefined> {
  try {
    return await copyFile(file, context);
  } catch (error) {
    if (file.ns.length > 0 && error instanceof MissingFile && plan.missing.allowed) return error;
    if (file.ns.length > 0 || !isCode(error, 'corrupt')) throw error;
    warnOfLost(context.report, context.table, concretePath(file.path, context.location), 'is gone');
    return undefined;
  }
}

async function copyFile(file: NewFile, context: CopyContext): Promise<Kept> {
  const uri = concretePath(file.path, context.location);
  const { store, key: sourceKey } = context.source.resolve(uri);
  const source = { store, key: sourceKey, size: file.size };
  const { place, call } = context;
  if (context.continued) await abortLeftovers(place.store, place.prefix + file.k, file.size, call);
  try {
    try {
      return { key: file.k, result: await transfer(source, { store: place.store, key: place.prefix + file.k }, call) };
    } catch (error) {
      if (!isCode(error, 'name-conflict')) throw error;
      const key = hashedDataKey(context.run, uri);
      return { key, result: await transfer(source, { store: place.store, key: place.prefix + key }, call) };
    }
  } catch (error) {
    if (isCode(error, 'object-not-found')) throw missing(uri, context.table, error);
    if (isCode(error, 'corrupt')) throw wrongLength(uri, context.table, file.size, undefined, error);
    throw error;
  }
}

async function proveLengths(plan: FilePlan, context: CopyContext): Promise<void> {
  if (plan.copied.objects === 0) return;
  const listed = listBelow(context.place, runDataPrefix(context.run), context.call);
  for await (const { left, right } of leftJoin(without(plan.fresh.sorted(), plan.lost.sorted()), listed)) {
    const uri = concretePath(left.path, context.location);
    if (right && right.size !== left.size) throw wrongLength(uri, context.table, left.size, right.size);
    if (!right && (left.ns.length > 0 || plan.statistics.some(({ path }) => path === left.path)))
      await proveHashed(left, uri, context);
  }
}

/** A file that the store could not hold under its own name lies under the hash of its URI. */
async function proveHashed(file: NewFile, uri: string, context: CopyContext): Promise<void> {
  const { store, prefix } = context.place;
  const found = await findObject(store, prefix + hashedDataKey(context.run, uri), context.call);
  if (found?.size === file.size) return;
  if (found) throw wrongLength(uri, context.table, file.size, found.size);
  throw new BcnError('storage-unavailable', `The copy of ${uri} cannot be found in the repository`, {
    object: uri,
    table: context.table,
    hint: 'Run the same command again. If it stays so, the store loses writes.',
  });
}
