import { BcnError, isCode } from '../errors.js';
import { concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { Reporter } from '../report.js';
import { differ } from '../repository/checksum.js';
import { leftJoin, none, without } from '../spill/join.js';
import { findObject } from '../storage/find-object.js';
import { hiddenHint } from '../storage/hidden.js';
import { abortLeftovers } from '../storage/leftovers.js';
import type { Checksum, CopySource, ObjectInfo, StoreResolver } from '../storage/port.js';
import { transfer } from '../storage/transfer.js';
import type { ContentContext, ContentPlan, TargetFile } from './content.js';
import { UNDELETABLE } from './flags.js';
import type { Losses } from './losses.js';

export interface SourceContext extends ContentContext {
  readonly source: StoreResolver;
}

/** Opens one content file that will be copied: until now only metadata was read, perhaps from another place under other permissions. Throws what its copy would. */
export async function assertReadable({ first, losses }: ContentPlan, context: SourceContext): Promise<void> {
  if (!first) return;
  const source = contentSource(first, context);
  try {
    const body = await source.store.read(source.key, context.call);
    body.on('error', () => {}).destroy();
  } catch (error) {
    const found = damaged(error, source, first, context);
    // Then its copy finds out, too, and goes on without it.
    if (!losses.allowed || !isCode(found, 'corrupt')) throw found;
  }
}

export interface CopyContext extends SourceContext {
  readonly jobs: number;
  readonly report: Reporter;
}

/**
 * Copies every content file that is not there yet. Throws `corrupt` for one that the repository lost, unless the plan may lose files, `target-not-empty` for a foreign object in
 * its place.
 */
export async function copyContent(plan: ContentPlan, context: CopyContext): Promise<void> {
  const there = context.resuming ? context.layout.list(context.call) : none();
  if (context.resuming) for (const { store, key } of context.layout.places) await store.abortUploads(key, context.call);
  const progress = { done: 0, bytes: 0 };
  const copyOne = async ({ left, right }: { left: TargetFile; right: ObjectInfo | undefined }) => {
    if (right && right.size !== left.size && !(await loseCopy(left, right, plan.losses, context))) throw foreignObject(right);
    if (!right) await copyFile(left, context).catch((error: unknown) => plan.losses.addOrThrow(left, error));
    return left.size;
  };
  for await (const size of parallel(leftJoin(plan.expected.sorted(), there), copyOne, context.jobs)) {
    progress.done++;
    progress.bytes += size;
    const total = plan.total.objects - plan.deletes.objects;
    const totalBytes = plan.total.bytes - plan.deletes.bytes;
    context.report.progress({ phase: 'copying content files', done: progress.done, total, bytes: progress.bytes, totalBytes });
  }
}

async function copyFile(file: TargetFile, context: CopyContext): Promise<void> {
  const { store, key } = context.layout.objectOf(file.k);
  const source = contentSource(file, context);
  let sum: Checksum | undefined;
  if (context.resuming) await abortLeftovers(store, key, file.size, context.call);
  try {
    ({ sum } = await transfer(source, { store, key }, context.call));
  } catch (error) {
    throw damaged(error, source, file, context);
  }
  if (differ(file.sum, sum)) {
    if (context.allowDamaged) await discard(file, context);
    const object = `${source.store.uri}/${source.key}`;
    throw new BcnError('corrupt', `The content file ${object} has another checksum than the backup recorded`, {
      object,
      hint: `Its bytes were altered. See all damage: bcn verify ${context.commit.name} --read-data`,
    });
  }
}

/** Removes the copy of a file that turned out to be damaged, so that a rerun does not take it for whole. */
async function discard(
  { k }: TargetFile,
  { layout, report, call }: Pick<CopyContext, 'layout' | 'report' | 'call'>,
): Promise<void> {
  const { store, key } = layout.objectOf(k);
  try {
    await store.delete([key], call);
  } catch (error) {
    if (!isCode(error, ...UNDELETABLE)) throw error;
    report.warn(`the copy ${k} of a damaged file may not be deleted, and stays: remove it`, { object: k });
  }
}

/** Whether an object in the target is what the store made of a file of another length than the backup recorded: a copy that it does itself shows no length. Then it goes, and the file is lost. */
async function loseCopy(
  file: TargetFile,
  found: ObjectInfo,
  losses: Losses,
  context: SourceContext & Pick<CopyContext, 'report'>,
): Promise<boolean> {
  if (!losses.allowed || file.from === undefined) return false;
  const source = contentSource(file, context);
  if ((await findObject(source.store, source.key, context.call))?.size !== found.size) return false;
  await discard(file, context);
  const object = `${source.store.uri}/${source.key}`;
  await losses.add(file, { object, message: `The content file ${object} has ${found.size} bytes instead of ${file.size}` });
  return true;
}

/** What it means that a content file could not be read. */
export function damaged(error: unknown, source: CopySource, { from }: TargetFile, { commit }: ContentContext): unknown {
  if (!isCode(error, 'object-not-found', 'corrupt')) return error;
  const object = `${source.store.uri}/${source.key}`;
  const what = isCode(error, 'corrupt') ? 'has another length than the backup recorded' : 'is missing';
  return new BcnError('corrupt', `The content file ${object} ${what}`, {
    object,
    cause: error,
    hint:
      hiddenHint(error) ??
      (from === null
        ? 'This is a reference backup: it dies with its source. Restore a backup made with --data copy.'
        : `The backup is damaged. See all damage: bcn verify ${commit.name}`),
  });
}

/** Where a content file is read from. */
export function contentSource(file: TargetFile, context: SourceContext): CopySource {
  if (file.from) return { store: context.place.store, key: context.place.prefix + file.from, size: file.size };
  return { ...context.source.resolve(concretePath(file.path, context.table.location)), size: file.size };
}

/** Proves by one LIST that every object of the plan is in the target with its length (law 9), but for those that are lost. */
export async function proveTarget({ expected, losses }: ContentPlan, context: CopyContext): Promise<void> {
  const problems: string[] = [];
  const wanted = without(expected.sorted(), losses.files.sorted());
  for await (const { left, right } of leftJoin(wanted, context.layout.list(context.call))) {
    if (right && right.size !== left.size && (await loseCopy(left, right, losses, context))) continue;
    const what =
      right === undefined
        ? 'is missing'
        : right.size === left.size
          ? undefined
          : `has ${right.size} bytes instead of ${left.size}`;
    if (what) problems.push(`${left.k} ${what}`);
    if (problems.length === 5) break;
  }
  if (problems.length === 0) return;
  throw new BcnError('corrupt', `The copy in the target is not whole: ${problems.join('; ')}`, {
    object: context.layout.location,
    hint: 'Nothing was registered. Check the backup (bcn verify) and run the same command again.',
  });
}

function foreignObject({ key: uri }: ObjectInfo): BcnError {
  return new BcnError('target-not-empty', `There is an object of another length in the place of a file to restore: ${uri}`, {
    object: uri,
    hint: 'Somebody else writes there. Choose another --target-location.',
  });
}
