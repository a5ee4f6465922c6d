import { BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import { storeTime, Told } from '../repository/clock.js';
import { type BackupState, NO_EVENTS } from '../repository/events.js';
import { runPrefix } from '../repository/keys.js';
import { isCommitted } from '../repository/load.js';
import { MOMENT_MS } from '../repository/moment.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { type RepositoryRecord, readRecord } from '../repository/record.js';
import { readStandings, type Standing, type Standings, type Unreadable } from '../repository/standing.js';
import { leftJoin } from '../spill/join.js';
import { withScratch } from '../spill/scratch.js';
import { Sorter } from '../spill/sorter.js';
import type { CallOptions } from '../storage/port.js';
import type { ObjectVersions } from '../storage/versions.js';
import { type Candidates, listCandidates } from './candidates.js';
import { assertNobodyHidden, readHidden, sweepVersions } from './hidden.js';
import { type Amount, KEPT, type PruneDeps, type PruneOptions, type PruneResult, REMOVED } from './options.js';
import { type Live, reach, unreadableRecord } from './reach.js';
import { removeCommit, sweepRecords } from './records.js';
import { Remover } from './remove.js';

/**
 * Removes what no backup needs: the files of backups deleted for longer than the grace and of runs that were given up (format, "Prune"). Any number at once, beside any number of backups. Throws
 * `repository-not-found`; `corrupt` and `repository-too-new` when something cannot be read that may name what is needed (nothing is removed then); `storage-auth`
 * without the permission to delete. What is under a retention lock is counted.
 */
export async function prune(deps: PruneDeps, options: PruneOptions): Promise<PruneResult> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const place = deps.repository;
  const record = await readRecord(place, call);
  const versions = options.versions === true ? await versionsOf(deps, call) : undefined;
  const grace = options.grace ?? record.grace_ms;
  for (let attempt = 1; ; attempt++) {
    try {
      return await withScratch(options.tmpDir, (scratch) =>
        pruneOnce(deps, { ...options, versions, grace, reading: longestReading(record) }, scratch, call),
      );
    } catch (error) {
      if (!(error instanceof OutOfDate) || attempt === ATTEMPTS) throw error instanceof OutOfDate ? error.cause : error;
    }
  }
}

/** What the bucket keeps beside its objects; undefined, and said, where it keeps nothing. */
async function versionsOf({ repository, report }: PruneDeps, call: CallOptions): Promise<ObjectVersions | undefined> {
  const { versions } = repository.store;
  if (versions && (await versions.kept(call)) !== false) return versions;
  report.info(`${repository.store.uri} keeps no versions`);
  return undefined;
}

interface Pruning extends Omit<PruneOptions, 'versions'> {
  readonly versions: ObjectVersions | undefined;
  /** ms */
  readonly grace: number;
  /** ms that reading the records may take. */
  readonly reading: number;
}

async function pruneOnce(
  deps: PruneDeps,
  { dryRun, versions, grace, reading }: Pruning,
  scratch: string,
  call: CallOptions,
): Promise<PruneResult> {
  const place = deps.repository;
  const now = await storeTime(place, call);
  const isOld = (time: number | undefined) => time !== undefined && now - time > grace;
  const candidates = await listCandidates(deps, versions, scratch, call);
  const began = new Told(0);
  const standings = await readStandings(place, call);
  if (began.now > reading) throw new OutOfDate('', { cause: tookTooLong(place, reading) });
  for (const key of standings.foreign)
    deps.report.warn(`${key} is not of bcn; it is kept`, { object: `${placeUri(place)}/${key}` });
  const hidden = versions && (await readHidden(place, versions, call));
  const isGone = (state: BackupState) => state.deleted && isOld(state.since) && !state.attached;
  // What goes for ever must be deleted by all events there ever were: one that takes a delete back may be hidden.
  const isPurged = ({ id, state }: Pick<Unreadable, 'id' | 'state'>) =>
    isGone(state) && (!hidden || isGone(hidden.states.get(id ?? '') ?? NO_EVENTS));
  const there = new Set(standings.backups.map(({ id }) => id));
  if (hidden) assertNobodyHidden(place, hidden, there, isGone);
  for (const record of standings.unreadable) if (!isPurged(record)) throw unreadableRecord(record);
  const live = new Sorter<Live>(scratch, 'live');
  await reachAll(
    deps,
    standings.backups.filter((backup) => !isPurged(backup)),
    live,
    scratch,
    call,
  );

  const remover = new Remover(deps, dryRun, call);
  const removed = amounts(REMOVED);
  const gone = new Map<string, string>();
  const locked: Standing[] = [];
  for (const backup of [...standings.backups, ...standings.unreadable].filter(isPurged)) {
    const { id = '', selector, state } = backup;
    if (dryRun || (await removeCommit(deps, { id, selector, state }, remover, removed.records, call))) gone.set(id, selector);
    else if ('tables' in backup) locked.push(backup);
  }
  if (dryRun) removed.records.objects += gone.size;
  // Their records stay, so what they name must.
  await reachAll(deps, locked, live, scratch, call);
  const kept = amounts(KEPT);
  const context = { deps, candidates, live, standings, isOld, remover, removed, kept, call };
  const uploads = dryRun ? 0 : await abortUploads(context);
  await removeDead(context);
  await sweepRecords(deps, standings, new Set(gone.keys()), isOld, remover, removed.records, call);
  if (versions && hidden)
    await sweepVersions(
      place,
      versions,
      { commits: hidden.commits, backups: standings.backups, isOld },
      remover,
      removed.versions,
      call,
    );
  Object.assign(kept.foreign, candidates.foreign);
  const lockedUntil = await remover.lockedUntil();
  const some = Object.values(removed).some(({ objects }) => objects > 0);
  const versioned = versions || !some ? undefined : await place.store.versions?.kept(call);
  return {
    outcome: dryRun ? 'planned' : 'pruned',
    backups: [...gone.values()],
    removed,
    kept,
    locked: remover.locked,
    ...(remover.lockedObject !== undefined && { lockedObject: remover.lockedObject }),
    ...(lockedUntil !== undefined && { lockedUntil }),
    ...(versioned !== undefined && { versioned }),
    uploads,
  };
}

/** How often what was read may be out of date. */
const ATTEMPTS = 5;

/** What was read of the backups is out of date: another prune has removed one meanwhile, or it took too long. Begin again; `cause`: what to say when that does not help. */
class OutOfDate extends Error {}

/**
 * How long, ms, it may take from the LIST of backups to the last record read. In a longer time one of them can be purged before it is read, and one that was made after the LIST may rest on it
 * (format, "Prune" 2).
 */
const longestReading = ({ grace_ms: grace }: RepositoryRecord): number => grace / 4 - MOMENT_MS;

function tookTooLong(place: RepositoryPlace, reading: number): BcnError {
  return new BcnError(
    'storage-unavailable',
    `Reading the records of all backups in ${placeUri(place)} took longer than ${Math.round(reading / 60_000)} minutes, again and again, so nothing was removed`,
    { object: placeUri(place), hint: 'The store or this machine is extremely slow, or it slept. Run the same command again.' },
  );
}

/** As `reach`, but what cannot be read is no damage when its backup is not there any more. */
async function reachAll(
  deps: PruneDeps,
  backups: readonly Standing[],
  live: Sorter<Live>,
  scratch: string,
  call: CallOptions,
): Promise<void> {
  try {
    await reach(deps, backups, live, scratch, call);
  } catch (error) {
    if (!isCode(error, 'corrupt')) throw error;
    const isThere = (backup: Standing) => isCommitted(deps.repository, backup, call);
    for await (const there of parallel(backups, isThere, 16)) if (!there) throw new OutOfDate('', { cause: error });
    throw error;
  }
}

interface Context {
  readonly deps: PruneDeps;
  readonly candidates: Candidates;
  readonly live: Sorter<Live>;
  readonly standings: Standings;
  readonly isOld: (time: number | undefined) => boolean;
  readonly remover: Remover;
  readonly removed: Record<(typeof REMOVED)[number], Amount>;
  readonly kept: Record<(typeof KEPT)[number], Amount>;
  readonly call: CallOptions;
}

/** Step 5: candidates − live. */
async function removeDead({ candidates, live, standings, isOld, remover, removed, kept }: Context): Promise<void> {
  const runs = new Map(standings.backups.map(({ run, state }) => [run, state.deleted]));
  const reason = (run: string) => {
    const deleted = runs.get(run);
    if (deleted !== undefined) return deleted ? 'deleted' : 'leftovers';
    return candidates.runs.get(run)?.begun ? 'unfinished' : 'deleted';
  };
  for await (const { left, right } of leftJoin(candidates.objects.sorted(), once(live))) {
    const { k, run, size, version, current } = left;
    const young = !isOld(candidates.runs.get(run)?.newest);
    // All versions of a key go, or none: what is needed may be one that somebody has hidden.
    if (!right && !young) {
      await remover.add(k, size, removed[current ? reason(run) : 'versions'], version);
      continue;
    }
    if (!current) continue;
    const into = kept[right ? (right.kept ? 'backups' : 'grace') : 'young'];
    into.objects++;
    into.bytes += size;
  }
  await remover.flush();
}

async function* once(live: Sorter<Live>): AsyncGenerator<{ readonly key: string; readonly kept: boolean }> {
  let last: { key: string; kept: boolean } | undefined;
  for await (const { k, kept } of live.sorted()) {
    if (last?.key === k) last.kept ||= kept;
    else {
      if (last) yield last;
      last = { key: k, kept };
    }
  }
  if (last) yield last;
}

/** Unfinished uploads of runs that nobody continues: before their objects, so that a prune that is interrupted finds these runs again. */
async function abortUploads({ deps, candidates, standings, isOld, call }: Context): Promise<number> {
  const committed = new Set(standings.backups.map(({ run }) => run));
  let count = 0;
  for (const [run, { newest, begun }] of candidates.runs) {
    if (!begun || committed.has(run) || !isOld(newest)) continue;
    count += await deps.repository.store.abortUploads(deps.repository.prefix + runPrefix(run), call);
  }
  return count;
}

function amounts<K extends string>(names: readonly K[]): Record<K, Amount> {
  return Object.fromEntries(names.map((name) => [name, { objects: 0, bytes: 0 }])) as Record<K, Amount>;
}
