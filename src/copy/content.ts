import type { Readable } from 'node:stream';
import { Readable as Stream } from 'node:stream';
import { BcnError, isCode } from '../errors.js';
import { concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import { differ, isComputable, Summer } from '../repository/checksum.js';
import type { CommittedTable } from '../repository/commit.js';
import type { InventoryFile } from '../repository/inventory.js';
import { hashedDataKey, runDataPrefix } from '../repository/keys.js';
import { listBelow } from '../repository/runs.js';
import { placedKey } from '../repository/sections.js';
import { groups, leftJoin, none } from '../spill/join.js';
import type { Keyed } from '../spill/sorter.js';
import { findObject } from '../storage/find-object.js';
import { abortLeftovers } from '../storage/leftovers.js';
import type { CopySource, WriteResult } from '../storage/port.js';
import { type CopyContext, uriOf } from './context.js';
import type { FilePlan, FreshFile } from './files.js';

/** The files of one key: several where the table spells one object's path in several ways. */
interface OneObject extends Keyed {
  readonly files: readonly [FreshFile, ...FreshFile[]];
}

/** Where a file lies now, and what the store said of it. */
interface Kept extends Partial<Pick<WriteResult, 'sum' | 'etag'>> {
  readonly key: string;
}

/**
 * Copies every content file that the destination lacks into the run, keeping what an interrupted attempt left (same key and length), and records where each lies. Then proves
 * the length of each by one LIST. Throws `corrupt`, naming the object, for what the source lost, or has with another length or checksum.
 */
export async function copyContent(plan: FilePlan, table: CommittedTable, context: CopyContext): Promise<void> {
  if (plan.copied.objects === 0) return;
  const { deps, options, run, call } = context;
  const held = context.continued ? listBelow(deps.to, runDataPrefix(run), call) : none();
  const progress = { done: 0, bytes: 0 };
  const copyOne = async ({ left, right }: { left: OneObject; right: { size: number; etag?: string } | undefined }) => {
    const [first] = left.files;
    const kept: Kept =
      right?.size === first.file.size
        ? { key: left.k, ...(right.etag !== undefined && { etag: right.etag }) }
        : await copyFile(first, table, context);
    return { files: left.files, kept };
  };
  for await (const { files, kept } of parallel(leftJoin(byKey(plan), held), copyOne, options.jobs)) {
    for (const { file, ns } of files) {
      const copied: InventoryFile = { ...file, key: kept.key, sum: file.sum ?? kept.sum ?? null, etag: kept.etag ?? null };
      for (const n of ns) await plan.placed.add({ k: placedKey(n, file.path), n, file: copied });
      if (ns.length === 0) plan.statistics.push(copied);
      progress.done++;
      progress.bytes += file.size;
    }
    const { objects: total, bytes: totalBytes } = plan.copied;
    const phase = `copying content files of ${table.identifier.join('.')}`;
    deps.report.progress({ phase, done: progress.done, total, bytes: progress.bytes, totalBytes });
  }
  await proveLengths(plan, table, context);
}

async function* byKey({ fresh }: FilePlan): AsyncGenerator<OneObject> {
  for await (const files of groups(fresh.sorted())) yield { k: (files[0] as FreshFile).k, files: files as OneObject['files'] };
}

async function copyFile({ k, file }: FreshFile, { location }: CommittedTable, context: CopyContext): Promise<Kept> {
  const { deps, run, continued, call } = context;
  const { store, prefix } = deps.to;
  if (continued) await abortLeftovers(store, prefix + k, file.size, call);
  try {
    try {
      return { ...(await bring(file, k, context)), key: k };
    } catch (error) {
      if (!isCode(error, 'name-conflict')) throw error;
      const key = hashedDataKey(run, concretePath(file.path, location));
      return { ...(await bring(file, key, context)), key };
    }
  } catch (error) {
    if (isCode(error, 'object-not-found')) throw damaged(file, 'is missing', context, error);
    if (isCode(error, 'corrupt') && !(error instanceof Altered))
      throw damaged(file, 'has another length than the backup recorded', context, error);
    throw error;
  }
}

/** Server-side where both places are of one service, else through this machine; its bytes compared with the recorded checksum as far as that can be. */
async function bring(file: FreshFile['file'], key: string, context: CopyContext): Promise<WriteResult> {
  const { from, to } = context.deps;
  const { call } = context;
  const source: CopySource = { store: from.store, key: from.prefix + file.key, size: file.size };
  if (from.store.service === to.store.service) {
    const result = await to.store.copy(source, to.prefix + key, call);
    if (differ(file.sum, result.sum)) throw altered(file, context);
    return result;
  }
  const body = await source.store.read(source.key, call);
  const checked = isComputable(file.sum) ? Stream.from(checking(body, file, context), { objectMode: false }) : body;
  const result = await to.store.upload(to.prefix + key, checked, file.size, call);
  if (differ(file.sum, result.sum)) throw altered(file, context);
  return result;
}

/** Fails at the end of a stream whose bytes are not the recorded ones, so that its object never becomes visible. */
async function* checking(body: Readable, file: FreshFile['file'], context: CopyContext): AsyncGenerator<Buffer> {
  if (!isComputable(file.sum)) throw new Error('a checksum that cannot be computed');
  const sum = await Summer.open(file.sum);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sum.update(chunk);
    yield chunk;
  }
  if (sum.digest() !== file.sum.value) throw altered(file, context);
}

/** Tells a wrong checksum from a wrong length, both of which are `corrupt`. */
class Altered extends BcnError {}

function altered(file: FreshFile['file'], { deps }: CopyContext): BcnError {
  const object = uriOf(deps.from, file.key);
  return new Altered('corrupt', `The content file ${object} has another ${file.sum?.alg} than the backup recorded`, {
    object,
    hint: HINT,
  });
}

function damaged(file: FreshFile['file'], what: string, { deps }: CopyContext, cause?: unknown): BcnError {
  const object = uriOf(deps.from, file.key);
  return new BcnError('corrupt', `The content file ${object} ${what}`, { object, cause, hint: HINT });
}

const HINT = 'The backup is damaged, so it is not copied. See all damage: bcn verify NAME --read-data';

/** A copy's answer holds no length. */
async function proveLengths(plan: FilePlan, { location }: CommittedTable, context: CopyContext): Promise<void> {
  const { deps, run, call } = context;
  const listed = listBelow(deps.to, runDataPrefix(run), call);
  for await (const { left, right } of leftJoin(plan.fresh.sorted(), listed)) {
    const { file } = left;
    const hashed = hashedDataKey(run, concretePath(file.path, location));
    // What the store could not hold under its own name lies under the hash of its URI.
    const found = right ?? (await findObject(deps.to.store, deps.to.prefix + hashed, call));
    if (found?.size === file.size) continue;
    if (found) throw damaged(file, `has ${found.size} bytes instead of ${file.size}`, context);
    throw new BcnError('storage-unavailable', `The copy of ${uriOf(deps.from, file.key)} cannot be found in the destination`, {
      object: uriOf(deps.to, left.k),
      hint: 'Run the same command again. If it stays so, the store loses writes.',
    });
  }
}
