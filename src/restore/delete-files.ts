import { BcnError, isCode } from '../errors.js';
import type { RewritableDeletes } from '../iceberg/delete-file.js';
import { rewritePositionDeletes } from '../iceberg/deletes/rewrite.js';
import type { DeleteFile } from '../iceberg/deletes/source.js';
import { rewritePuffin } from '../iceberg/puffin/rewrite-file.js';
import { parallel } from '../parallel.js';
import type { Reporter } from '../report.js';
import { isComputable, Summer } from '../repository/checksum.js';
import { groups } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { CopySource, StoreResolver } from '../storage/port.js';
import { readRange } from '../storage/read-range.js';
import { type ContentContext, type ContentPlan, rewrittenUri, type TargetFile } from './content.js';
import { contentSource, damaged } from './copy.js';
import type { Manifests } from './manifests.js';
import { put } from './put.js';
import { spool } from './spool.js';

/** What a manifest has to say of a delete file that was written anew; `k` sorts by manifest, then abstract path. */
export interface RewrittenDelete extends Keyed {
  /** Index of the manifest in the ROOT. */
  readonly n: number;
  /** Abstract. */
  readonly path: string;
  readonly uri: string;
  readonly size: number;
  readonly format?: string;
  /** Pairs of field id and bytes; absent: leave alone, null: not known. */
  readonly columnSizes?: readonly (readonly [number, number])[] | null;
  readonly splitOffsets?: readonly number[] | null;
  /** Smallest and largest path of its rows; null without rows, absent where the file has no rows of paths. */
  readonly paths?: { readonly lower: string; readonly upper: string } | null;
}

export interface DeletesContext extends ContentContext {
  readonly source: StoreResolver;
  readonly manifests: Manifests;
  readonly jobs: number;
  readonly report: Reporter;
}

/** One side of the join: a delete file that is written anew, or a manifest that names one. `k` is the object that its old name would become: one for all spellings. */
type Side = Keyed & ({ readonly file: TargetFile } | { readonly n: number; readonly path: string });

/** Files read into memory whole are rewritten this many at once, larger ones one after another. */
const PARALLEL = 8;
const LARGE = 8 * 1024 * 1024;

/**
 * Writes every delete file anew that names data files by their paths, each once, whoever names it (position deletes: every row with its new path; deletion vectors: the footer
 * of their file). Returns what manifests have to say of them, sorted by manifest. Deleted entries get the same as live ones, so that an engine that expires them meets the file.
 */
export async function rewriteDeletes(plan: ContentPlan, context: DeletesContext): Promise<Sorter<RewrittenDelete>> {
  const { scratch, root, layout, manifests } = context;
  const facts = new Sorter<RewrittenDelete>(scratch, 'rewritten-deletes');
  if (plan.deletes.objects === 0) return facts;
  const sides = new Sorter<Side>(scratch, 'delete-files');
  for await (const file of plan.rewritten.sorted()) await sides.add({ k: layout.objectAt(file.path), file });
  const numbers = new Map(root.manifests.map((manifest, n) => [manifest, n]));
  for await (const { manifest, entries } of manifests.entries(root.manifests.filter(({ deletes }) => deletes))) {
    const n = numbers.get(manifest) as number;
    const paths = new Set(entries.filter(({ content }) => content === 1).map(({ path }) => path));
    for (const path of paths) await sides.add({ k: layout.objectAt(path), n, path });
  }
  const done = { files: 0, dropped: 0 };
  const rewrite = async (group: readonly Side[]) => {
    const file = group.flatMap((side) => ('file' in side ? side.file : []))[0];
    if (!file) return;
    // One that is lost keeps its place in the manifests, as it was recorded.
    const rewritten = await rewriteOne(file, context, plan).catch((error: unknown) => plan.losses.addOrThrow(file, error));
    if (!rewritten) return;
    const { dropped, ...fact } = rewritten;
    for (const side of group)
      if ('n' in side)
        await facts.add({ k: `${String(side.n).padStart(10, '0')}${side.path}`, n: side.n, path: side.path, ...fact });
    if (dropped) done.dropped++;
    context.report.progress({ phase: 'rewriting delete files', done: ++done.files, total: plan.deletes.objects });
  };
  for (const [large, atOnce] of [
    [false, PARALLEL],
    [true, 1],
  ] as const) {
    for await (const _ of parallel(ofSize(sides, large), rewrite, atOnce));
  }
  await sides.dispose();
  if (done.dropped > 0)
    context.report.info(
      `${done.dropped} position-delete files lost their column "row", which is deprecated and which nobody reads`,
    );
  return facts;
}

async function* ofSize(sides: Sorter<Side>, large: boolean): AsyncGenerator<readonly Side[]> {
  for await (const group of groups(sides.sorted()))
    if (group.some((side) => 'file' in side && side.file.size > LARGE === large)) yield group;
}

async function rewriteOne(file: TargetFile, context: DeletesContext, plan: ContentPlan) {
  const { layout, scratch, resuming, call } = context;
  const source = contentSource(file, context);
  const deletes = file.deletes as RewritableDeletes;
  const spooled = await spool(newBytes(file, source, context), scratch);
  try {
    const { uri } = await put(rewrittenUri(layout.uriOf(file.path), deletes), spooled, {
      layout,
      expected: plan.expected,
      resuming,
      call,
    });
    return { uri, size: spooled.size, ...spooled.result };
  } finally {
    await spooled.dispose();
  }
}

type Facts = Omit<RewrittenDelete, 'k' | 'n' | 'path' | 'uri' | 'size'> & { readonly dropped: boolean };

async function* newBytes(file: TargetFile, source: CopySource, context: DeletesContext): AsyncGenerator<Buffer, Facts> {
  const { layout, call } = context;
  const name = `${source.store.uri}/${source.key}`;
  const orLost = (error: unknown): never => {
    throw isCode(error, 'object-not-found') ? damaged(error, source, file, context) : error;
  };
  const read = async (start: number, end: number) => {
    const bytes = await readRange(source.store, source.key, start, end, call).catch(orLost);
    if (start === 0 && end === file.size) await assertSum(bytes, file, name, context);
    return bytes;
  };
  if (file.size > LARGE) await assertWholeSum(file, source, name, context).catch(orLost);
  const input: DeleteFile = { name, size: file.size, read };
  const path = (dataFile: string) => layout.referenced(dataFile);
  if (file.deletes === 'puffin') {
    yield* rewritePuffin(input, path, call.signal);
    return { dropped: false };
  }
  const facts = yield* rewritePositionDeletes(input, { path }, call.signal);
  if (facts.source !== file.deletes) {
    throw new BcnError('corrupt', `The delete file ${name} is ${facts.source}; the backup recorded ${file.deletes}`, {
      object: name,
      hint: `See all damage: bcn verify ${context.commit.name} --read-data`,
    });
  }
  const { format, columnSizes, splitOffsets, paths = null, dropped } = facts;
  return {
    ...(format !== undefined && { format }),
    columnSizes: columnSizes && [...columnSizes],
    splitOffsets,
    paths,
    dropped: dropped.length > 0,
  };
}

/** A copy is compared by the service; what is read has to be compared here. */
async function assertSum(bytes: Buffer, { sum }: TargetFile, name: string, context: ContentContext): Promise<void> {
  if (!isComputable(sum)) return;
  const summer = await Summer.open(sum);
  summer.update(bytes);
  if (summer.digest() !== sum.value) throw altered(name, context);
}

async function assertWholeSum({ sum }: TargetFile, source: CopySource, name: string, context: ContentContext): Promise<void> {
  if (!isComputable(sum)) return;
  const summer = await Summer.open(sum);
  for await (const chunk of (await source.store.read(source.key, context.call)) as AsyncIterable<Buffer>) summer.update(chunk);
  if (summer.digest() !== sum.value) throw altered(name, context);
}

function altered(object: string, { commit }: ContentContext): BcnError {
  return new BcnError('corrupt', `The content file ${object} has another checksum than the backup recorded`, {
    object,
    hint: `Its bytes were altered. See all damage: bcn verify ${commit.name} --read-data`,
  });
}
