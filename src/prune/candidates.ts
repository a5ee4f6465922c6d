import { isRunId, RUNS } from '../repository/keys.js';
import { listBelow } from '../repository/runs.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { CallOptions } from '../storage/port.js';
import type { Amount, PruneDeps } from './options.js';

/** An object below runs/; `k` is its key without the repository's prefix. */
export interface Candidate extends Keyed {
  readonly run: string;
  readonly size: number;
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

/** Step 1 (format, "Prune"): everything below runs/, and the newest write of each run. */
export async function listCandidates({ repository, report }: PruneDeps, scratch: string, call: CallOptions): Promise<Candidates> {
  const objects = new Sorter<Candidate>(scratch, 'candidates');
  const runs = new Map<string, SeenRun>();
  const foreign = { objects: 0, bytes: 0 };
  let done = 0;
  for await (const { key, size, modified } of listBelow(repository, RUNS, call)) {
    report.progress({ phase: 'listing runs', done: ++done });
    const run = key.slice(RUNS.length, key.indexOf('/', RUNS.length));
    if (!isRunId(run)) {
      if (foreign.objects === 0)
        report.warn(`${key} is not of bcn; it is kept`, { object: `${repository.store.uri}/${repository.prefix}${key}` });
      foreign.objects++;
      foreign.bytes += size;
      continue;
    }
    const seen = runs.get(run) ?? { newest: 0, begun: false };
    runs.set(run, seen);
    seen.newest = Math.max(seen.newest, modified ?? Number.POSITIVE_INFINITY);
    seen.begun ||= key === `${RUNS}${run}/begin.json`;
    await objects.add({ k: key, run, size });
  }
  return { objects, runs, foreign };
}
