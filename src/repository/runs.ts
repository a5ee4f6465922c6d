import { isCode } from '../errors.js';
import type { CallOptions, ObjectInfo } from '../storage/port.js';
import type { Origin } from './commit.js';
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
  /** Catalog identity; `copy:<origin>` of a copy, so that no backup ever goes on with its run. */
  readonly catalog: string;
  /** What was asked for: `database.table`, sorted, or a namespace and which of its tables. */
  readonly tables: readonly string[] | Selection;
  /** Reuse nothing; absent = no. */
  readonly fresh?: boolean;
  /** A repair of the backups that `tables` names, which nobody continues; absent = no. */
  readonly repairs?: boolean;
  /** Only of a copy: of which backup. For people. */
  readonly origin?: Origin;
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
  readonly times: WriteTimes;
  /** It was committed and reported, or given up. */
  readonly ended: boolean;
}

/** The times of a run are kept to ten minutes, so that they take little memory however many there are. */
const STEP_MS = 600_000;

/** When a run wrote, by the store's clock. */
export class WriteTimes {
  readonly #steps = new Set<number>();
  /** ms; 0 = nothing was written. */
  last = 0;

  /** `modified`: ms; undefined where the store told none. */
  add(modified = 0): void {
    this.last = Math.max(this.last, modified);
    this.#steps.add(Math.floor(modified / STEP_MS));
  }

  /** The longest time, ms, between two writes that follow each other, to ten minutes. */
  widestGap(): number {
    const steps = [...this.#steps].sort((a, b) => a - b);
    return Math.max(0, ...steps.slice(1).map((step, i) => step - (steps[i] as number))) * STEP_MS;
  }
}

/** No two writes of a run that follow each other may lie further apart, or prune may have taken it for dead in between (format, "Backup" 10). */
export const widestAllowed = (grace: number): number => (grace * 3) / 4;

/** Whether a rerun goes on with what this run holds (format, "Continuing"). `now`: store time, ms. */
export function isContinuable({ ended, times }: Pick<FoundRun, 'ended' | 'times'>, now: number, grace: number): boolean {
  return !ended && times.last > now - grace / 2 && times.widestGap() <= widestAllowed(grace);
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

/** What a run set out to do; undefined when that cannot be read. */
export async function readBegin(place: RepositoryPlace, run: string, options: CallOptions = {}): Promise<Begin | undefined> {
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
): Promise<Pick<FoundRun, 'times' | 'ended'>> {
  const times = new WriteTimes();
  // One request instead of a LIST of all that the run holds, most of all when its backup is complete.
  const end = await findEnd(place, run, options);
  if (end) {
    times.add(end.modified);
    return { times, ended: true };
  }
  let ended = false;
  for await (const { key, modified } of listBelow(place, runPrefix(run), options)) {
    times.add(modified);
    // It may have ended meanwhile.
    ended ||= key === endKey(run);
  }
  return { times, ended };
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
