import { BcnError, isCode } from '../errors.js';
import { concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { Amount } from '../plan.js';
import type { Reporter } from '../report.js';
import type { Commit, CommittedTable } from '../repository/commit.js';
import { readInventory } from '../repository/inventory.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Root } from '../repository/root.js';
import { groups, leftJoin, none } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { abortLeftovers } from '../storage/leftovers.js';
import type { CallOptions, Checksum, CopySource, ObjectInfo, StoreResolver } from '../storage/port.js';
import { transfer } from '../storage/transfer.js';
import type { TargetLayout } from './layout.js';
import { OddNames } from './names.js';

/** An object the restored table needs; `k` is its key in the target. */
export interface TargetFile extends Keyed {
  readonly size: number;
  /** Where a content file comes from: a repository key, or in `reference` mode null = the source. Absent for metadata, which is written. */
  readonly from?: string | null;
  /** Abstract path. */
  readonly path: string;
  /** What the backup recorded, if the store gave a checksum. */
  readonly sum?: Checksum | null;
}

export interface ContentPlan {
  /** Content files, each once; metadata is added as it is written. */
  readonly expected: Sorter<TargetFile>;
  readonly total: Amount;
  /** There already, from an interrupted attempt. */
  readonly held: Amount;
  /** What the target must be able to hold. */
  readonly names: OddNames;
  /** The first that is still to be copied, if any is. */
  readonly first: TargetFile | undefined;
}

export interface ContentContext {
  readonly place: RepositoryPlace;
  readonly commit: Commit;
  readonly table: CommittedTable;
  readonly root: Root;
  readonly layout: TargetLayout;
  readonly scratch: string;
  /** An attempt of this restore was interrupted. */
  readonly resuming: boolean;
  readonly call: CallOptions;
}

/** Which content files the restored table needs, and which of them are there. */
export async function planContent(context: ContentContext): Promise<ContentPlan> {
  const named = new Sorter<TargetFile>(context.scratch, 'named');
  for await (const { files } of readInventory(context.place, context.root.manifests, context.call)) {
    for (const { path, key, size, sum } of files) await named.add({ k: context.layout.at(path).key, size, from: key, path, sum });
  }
  const expected = new Sorter<TargetFile>(context.scratch, 'expected');
  for await (const [file] of groups(named.sorted())) await expected.add(file as TargetFile);
  await named.dispose();
  const total = { objects: 0, bytes: 0 };
  const held = { objects: 0, bytes: 0 };
  let first: TargetFile | undefined;
  const names = new OddNames();
  const { layout, root } = context;
  for (const { path } of [...root.manifests, ...root.lists]) names.lookAt(layout.at(path).key, layout.root.key);
  const there = context.resuming ? listTarget(context.layout, context.call) : none();
  for await (const { left, right } of leftJoin(expected.sorted(), there)) {
    names.look(left.k, layout.root.key);
    if (!right) first ??= left;
    for (const amount of right ? [total, held] : [total]) {
      amount.objects++;
      amount.bytes += left.size;
    }
  }
  return { expected, total, held, names, first };
}

interface SourceContext extends ContentContext {
  readonly source: StoreResolver;
}

/** Opens one content file that will be copied: until now only metadata was read, perhaps from another place under other permissions. Throws what its copy would. */
export async function assertReadable({ first }: ContentPlan, context: SourceContext): Promise<void> {
  if (!first) return;
  const source = contentSource(first, context);
  try {
    const body = await source.store.read(source.key, context.call);
    body.on('error', () => {}).destroy();
  } catch (error) {
    throw damaged(error, source, first, context);
  }
}

export interface CopyContext extends SourceContext {
  readonly jobs: number;
  readonly report: Reporter;
}

/** Copies every content file that is not there yet. Throws `corrupt` for one that the repository lost, `target-not-empty` for a foreign object in its place. */
export async function copyContent(plan: ContentPlan, context: CopyContext): Promise<void> {
  const there = context.resuming ? listTarget(context.layout, context.call) : none();
  if (context.resuming) await context.layout.root.store.abortUploads(context.layout.root.key, context.call);
  const progress = { done: 0, bytes: 0 };
  const copyOne = async ({ left, right }: { left: TargetFile; right: ObjectInfo | undefined }) => {
    if (right && right.size !== left.size) throw foreignObject(context, right);
    if (!right) await copyFile(left, context);
    return left.size;
  };
  for await (const size of parallel(leftJoin(plan.expected.sorted(), there), copyOne, context.jobs)) {
    progress.done++;
    progress.bytes += size;
    const { objects: total, bytes: totalBytes } = plan.total;
    context.report.progress({ phase: 'copying content files', done: progress.done, total, bytes: progress.bytes, totalBytes });
  }
}

async function copyFile(file: TargetFile, context: CopyContext): Promise<void> {
  const { store } = context.layout.root;
  const source = contentSource(file, context);
  let sum: Checksum | undefined;
  if (context.resuming) await abortLeftovers(store, file.k, file.size, context.call);
  try {
    ({ sum } = await transfer(source, { store, key: file.k }, context.call));
  } catch (error) {
    throw damaged(error, source, file, context);
  }
  if (differ(file.sum, sum)) {
    const object = `${source.store.uri}/${source.key}`;
    throw new BcnError('corrupt', `The content file ${object} has another checksum than the backup recorded`, {
      object,
      hint: `Its bytes were altered. See all damage: bcn verify ${context.commit.name} --read-data`,
    });
  }
}

/** What it means that a content file could not be read. */
function damaged(error: unknown, source: CopySource, { from }: TargetFile, { commit }: ContentContext): unknown {
  if (!isCode(error, 'object-not-found', 'corrupt')) return error;
  const object = `${source.store.uri}/${source.key}`;
  const what = isCode(error, 'corrupt') ? 'has another length than the backup recorded' : 'is missing';
  return new BcnError('corrupt', `The content file ${object} ${what}`, {
    object,
    cause: error,
    hint:
      from === null
        ? 'This is a reference backup: it dies with its source. Restore a backup made with --data copy.'
        : `The backup is damaged. See all damage: bcn verify ${commit.name}`,
  });
}

/** Two checksums of one kind, with other values: the copy already computed it, so comparing costs nothing. */
function differ(recorded: Checksum | null | undefined, copied: Checksum | undefined): boolean {
  if (!recorded || !copied) return false;
  const alike = recorded.alg === copied.alg && recorded.kind === copied.kind && recorded.partSize === copied.partSize;
  return alike && recorded.value !== copied.value;
}

/** Where a content file is read from. */
function contentSource(file: TargetFile, context: SourceContext): CopySource {
  if (file.from) return { store: context.place.store, key: context.place.prefix + file.from, size: file.size };
  return { ...context.source.resolve(concretePath(file.path, context.table.location)), size: file.size };
}

/** Proves by one LIST that every object of the plan is in the target with its length (law 9). */
export async function proveTarget(expected: Sorter<TargetFile>, context: ContentContext): Promise<void> {
  const problems: string[] = [];
  for await (const { left, right } of leftJoin(expected.sorted(), listTarget(context.layout, context.call))) {
    const what =
      right === undefined
        ? 'is missing'
        : right.size === left.size
          ? undefined
          : `has ${right.size} bytes instead of ${left.size}`;
    if (what) problems.push(`${context.layout.root.store.uri}/${left.k} ${what}`);
    if (problems.length === 5) break;
  }
  if (problems.length === 0) return;
  throw new BcnError('corrupt', `The copy in the target is not whole: ${problems.join('; ')}`, {
    object: context.layout.location,
    hint: 'Nothing was registered. Check the backup (bcn verify) and run the same command again.',
  });
}

/** Every object below the target location, in key order. */
export async function* listTarget(layout: TargetLayout, call: CallOptions): AsyncGenerator<ObjectInfo> {
  for await (const page of layout.root.store.list(layout.root.key, call)) yield* page.objects;
}

function foreignObject({ layout }: ContentContext, object: ObjectInfo): BcnError {
  const uri = `${layout.root.store.uri}/${object.key}`;
  return new BcnError('target-not-empty', `There is an object of another length in the place of a file to restore: ${uri}`, {
    object: uri,
    hint: 'Somebody else writes there. Choose another --target-location.',
  });
}
