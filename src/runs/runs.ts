import { storeTime } from '../repository/clock.js';
import type { Origin } from '../repository/commit.js';
import { isRunId, RUNS, startOfRun } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';
import { readRecord } from '../repository/record.js';
import { type BackupAsk, isContinuable, listBelow, readBegin, type Selection, WriteTimes } from '../repository/runs.js';
import type { CallOptions } from '../storage/port.js';

/** A run that has no `end`: it is at work, was interrupted, or could not say that it was over. */
export interface UnfinishedRun {
  readonly run: string;
  /** The backup it is to make and its table (`database.table`); absent when its begin.json is missing or cannot be read. */
  readonly name?: string;
  readonly table?: string;
  /** What it is to be a copy of. */
  readonly origin?: Origin;
  /** Store times, ms. */
  readonly began: number;
  readonly lastWrite: number;
  readonly objects: number;
  readonly bytes: number;
  /** A rerun of its command goes on with what it holds, at the store's time now. */
  readonly continuable: boolean;
}

/**
 * The runs without an `end`, oldest first, and the store's time. Once they are older than the grace, prune removes them. Throws `repository-not-found`.
 */
export async function unfinishedRuns(
  place: RepositoryPlace,
  call: CallOptions = {},
): Promise<{ readonly runs: readonly UnfinishedRun[]; readonly now: number; readonly foreign: readonly string[] }> {
  const { grace_ms: grace } = await readRecord(place, call);
  const now = await storeTime(place, call);
  const runs: UnfinishedRun[] = [];
  const foreign = new Set<string>();
  let run = '';
  let seen = nothing();
  const close = async () => {
    if (run !== '' && !seen.ended && seen.begun) runs.push(await describe(run, seen));
    seen = nothing();
  };
  const describe = async (id: string, { objects, bytes, times }: Seen): Promise<UnfinishedRun> => {
    const asks = (await readBegin(place, id, call))?.asks;
    const { last: lastWrite } = times;
    const continuable = asks !== undefined && !asks.repairs && isContinuable({ ended: false, times }, now, grace);
    return {
      run: id,
      ...(asks && { name: asks.name, table: formatAsked(asks.tables) }),
      ...(asks?.origin && { origin: asks.origin }),
      began: startOfRun(id),
      lastWrite,
      objects,
      bytes,
      continuable,
    };
  };
  for await (const { key, size, modified } of listBelow(place, RUNS, call)) {
    const [id = '', ...rest] = key.slice(RUNS.length).split('/');
    if (!isRunId(id)) {
      foreign.add(id);
      continue;
    }
    if (id !== run) await close();
    run = id;
    seen.objects++;
    seen.bytes += size;
    seen.times.add(modified);
    if (rest[0] === 'begin.json') seen.begun = true;
    seen.ended ||= rest.length === 1 && rest[0] === 'end';
  }
  await close();
  return { runs, now, foreign: [...foreign] };
}

function formatAsked(tables: BackupAsk['tables']): string {
  return Array.isArray(tables) ? tables.join(', ') : `${(tables as Selection).namespace}.*`;
}

interface Seen {
  objects: number;
  bytes: number;
  begun: boolean;
  ended: boolean;
  readonly times: WriteTimes;
}

const nothing = (): Seen => ({ objects: 0, bytes: 0, begun: false, ended: false, times: new WriteTimes() });
