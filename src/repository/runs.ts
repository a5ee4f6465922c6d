import { isCode } from '../errors.js';
import type { CallOptions, ObjectInfo } from '../storage/port.js';
import { beginKey, endKey, nameHash, RUNS, runPrefix } from './keys.js';
import type { RepositoryPlace } from './place.js';

/** begin.json: what a run set out to do, and the metadata it pinned. A rerun that asks for the same continues it. */
export interface Begin {
  readonly asks: BackupAsk;
  /** The metadata of each table when the run began, by `database.table`. */
  readonly pinned: Readonly<Record<string, Pin>>;
  readonly bcn: string;
}

/** Which metadata of a table a run took, and when it was the table's (ISO 8601, store time). */
export interface Pin {
  readonly location: string;
  readonly at: string;
}

/** Two runs with equal asks are runs of the same backup. */
export interface BackupAsk {
  readonly name: string;
  /** The template that the name was made of, without its times; then the name is the run's own, and asks that share the template are equal. */
  readonly template?: string;
  readonly mode: 'copy' | 'reference';
  /** Catalog identity. */
  readonly catalog: string;
  /** What was asked for: `database.table`, sorted, or a namespace and which of its tables. */
  readonly tables: readonly string[] | Selection;
  /** Reuse nothing; absent = no. */
  readonly fresh?: boolean;
}

/** The tables of a namespace whose names match. */
export interface Selection {
  readonly namespace: string;
  /** Globs; none = all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface FoundRun {
  readonly run: string;
  readonly begin: Begin;
  /** Store time of its newest write, ms. */
  readonly lastWrite: number;
  /** It was committed and reported, or given up. */
  readonly ended: boolean;
}

/** Runs that began longer ago than this are not looked for; a run this old has long stopped writing or is still alive on its own. */
const LOOK_BACK_MS = 14 * 24 * 3_600_000;

/** The newest run of that backup name that asks for the same thing, ended or not. */
export async function findRun(
  place: RepositoryPlace,
  ask: BackupAsk,
  now: number,
  options: CallOptions = {},
): Promise<FoundRun | undefined> {
  const since = new Date(now - LOOK_BACK_MS).toISOString().replace(/[-:]|\.\d+/g, '');
  const prefix = `${place.prefix}${RUNS}${nameHash(ask.template ?? ask.name)}-`;
  const runs: string[] = [];
  for await (const page of place.store.list(prefix, { ...options, delimiter: '/', startAfter: prefix + since })) {
    for (const run of page.prefixes) runs.push(run.slice((place.prefix + RUNS).length, -1));
  }
  for (const run of runs.reverse()) {
    const found = await readRun(place, run, ask, options);
    if (found) return found;
  }
  return undefined;
}

/** That run, if it asks for the same thing. */
export async function readRun(
  place: RepositoryPlace,
  run: string,
  ask: BackupAsk,
  options: CallOptions = {},
): Promise<FoundRun | undefined> {
  const begin = await readBegin(place, run, options);
  if (!begin || !sameAsk(begin.asks, ask)) return undefined;
  return { run, begin, ...(await readLiveness(place, run, options)) };
}

async function readBegin(place: RepositoryPlace, run: string, options: CallOptions): Promise<Begin | undefined> {
  try {
    const begin = JSON.parse(
      (await place.store.get(place.prefix + beginKey(run), options)).bytes.toString('utf8'),
    ) as Begin | null;
    // Another version wrote other fields.
    return typeof begin?.pinned === 'object' && begin.asks?.tables ? begin : undefined;
  } catch (error) {
    // A run that was killed before its begin.json, or whose begin.json cannot be read, is nobody's to continue.
    if (isCode(error, 'object-not-found') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function sameAsk(a: BackupAsk, b: BackupAsk): boolean {
  const plain = ({ name, template, mode, catalog, tables, fresh = false }: BackupAsk) =>
    JSON.stringify([
      template === undefined ? { name } : { template },
      mode,
      catalog,
      Array.isArray(tables) ? tables : selectionOf(tables as Selection),
      fresh,
    ]);
  return plain(a) === plain(b);
}

const selectionOf = ({ namespace, include, exclude }: Selection) => [namespace, [...include].sort(), [...exclude].sort()];

async function readLiveness(
  place: RepositoryPlace,
  run: string,
  options: CallOptions,
): Promise<{ lastWrite: number; ended: boolean }> {
  // One request instead of a LIST of all that the run holds, most of all when its backup is complete.
  const end = await findEnd(place, run, options);
  if (end) return { lastWrite: end.modified ?? 0, ended: true };
  let lastWrite = 0;
  let ended = false;
  const prefix = place.prefix + runPrefix(run);
  for await (const page of place.store.list(prefix, options)) {
    for (const { key, modified } of page.objects) {
      lastWrite = Math.max(lastWrite, modified ?? 0);
      // It may have ended meanwhile.
      ended ||= key === place.prefix + endKey(run);
    }
  }
  return { lastWrite, ended };
}

async function findEnd(place: RepositoryPlace, run: string, options: CallOptions): Promise<ObjectInfo | undefined> {
  try {
    return await place.store.get(place.prefix + endKey(run), options);
  } catch (error) {
    if (isCode(error, 'object-not-found')) return undefined;
    throw error;
  }
}

/** What lies below a prefix, object by object, in key order, keys without the repository's prefix. */
export async function* listBelow(place: RepositoryPlace, prefix: string, options: CallOptions = {}): AsyncGenerator<ObjectInfo> {
  for await (const page of place.store.list(place.prefix + prefix, options)) {
    for (const object of page.objects) yield { ...object, key: object.key.slice(place.prefix.length) };
  }
}
