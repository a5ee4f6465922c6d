import { isRunId, RUNS } from '../repository/keys.js';
import { listBelow } from '../repository/runs.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { CallOptions } from '../storage/port.js';
import type { ObjectVersions } from '../storage/versions.js';
import type { Amount, PruneDeps } from './options.js';

/** An object below runs/, or a version of one; `k` is its key without the repository's prefix. */
export interface Candidate extends Keyed {
  readonly run: string;
  readonly size: number;
  /** Where versions are looked at: which one. */
  readonly version?: string;
  /** It is what the key shows, as against what a delete or another write left behind. */
  readonly current: boolean;
}

/** What a LIST said of a run. */
export interface SeenRun {
  /** Store time of its newest write, ms; Infinity where the store told none. */
  newest: number;
  /** It has a begin.json. */
  begun: boolean;
}

export interface Candidates {
  readonly objects: Sorter<Candidate>;
  readonly runs: ReadonlyMap<string, SeenRun>;
  /** What lies below runs/ and is not bcn's. */
  readonly foreign: Amount;
}

/** What a LIST of objects or of versions says. */
interface Listed {
  readonly key: string;
  readonly size: number;
  readonly modified?: number | undefined;
  readonly version?: string;
  readonly current: boolean;
  /** A delete marker: no write of the run. */
  readonly marker: boolean;
}

/** Step 1 (format, "Prune"): everything below runs/, and the newest write of each run. `versions`: also what the bucket keeps of what was deleted or replaced. */
export async function listCandidates(
  { repository, report }: PruneDeps,
  versions: ObjectVersions | undefined,
  scratch: string,
  call: CallOptions,
): Promise<Candidates> {
  const objects = new Sorter<Candidate>(scratch, 'candidates');
  const runs = new Map<string, SeenRun>();
  const foreign = { objects: 0, bytes: 0 };
  let done = 0;
  const listed = versions ? versionsBelow(versions, repository.prefix, call) : objectsBelow(repository, call);
  for await (const { key, size, modified, version, current, marker } of listed) {
    report.progress({ phase: 'listing runs', done: ++done });
    const run = key.slice(RUNS.length, key.indexOf('/', RUNS.length));
    if (!isRunId(run)) {
      if (!current) continue;
      if (foreign.objects === 0)
        report.warn(`${key} is not of bcn; it is kept`, { object: `${repository.store.uri}/${repository.prefix}${key}` });
      foreign.objects++;
      foreign.bytes += size;
      continue;
    }
    const seen = runs.get(run) ?? { newest: 0, begun: false };
    runs.set(run, seen);
    if (!marker) seen.newest = Math.max(seen.newest, modified ?? Number.POSITIVE_INFINITY);
    seen.begun ||= key === `${RUNS}${run}/begin.json`;
    await objects.add({ k: key, run, size, current, ...(version !== undefined && { version }) });
  }
  return { objects, runs, foreign };
}

async function* objectsBelow(repository: PruneDeps['repository'], call: CallOptions): AsyncGenerator<Listed> {
  for await (const { key, size, modified } of listBelow(repository, RUNS, call))
    yield { key, size, modified, current: true, marker: false };
}

async function* versionsBelow(versions: ObjectVersions, prefix: string, call: CallOptions): AsyncGenerator<Listed> {
  for await (const { key, latest, ...version } of versions.list(prefix + RUNS, call))
    yield { ...version, key: key.slice(prefix.length), current: latest && !version.marker };
}
