import { isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { Reporter } from '../report.js';
import { readInventory } from '../repository/inventory.js';
import { commitKey, isRunId, RUNS } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';
import { namedKeys, readRootOf, sectionId } from '../repository/root.js';
import { listBelow } from '../repository/runs.js';
import { readStandings, type Standing } from '../repository/standing.js';
import type { CallOptions } from '../storage/port.js';
import type { ObjectVersions } from '../storage/versions.js';

const PARALLEL = 8;

/**
 * Until when (ms) all of each backup is under retention, by selector: the earliest end of what it depends on; undefined where something is not locked. A reused file is locked since
 * it was copied, so every run that a backup rests on counts. Of a run its oldest object is asked (specs/05-stores.md, "Versions and locks"). Undefined for a bucket without object lock.
 * Throws `storage-auth`.
 */
export async function lockedUntil(
  place: RepositoryPlace,
  selectors: ReadonlySet<string>,
  report: Reporter,
  call: CallOptions = {},
): Promise<ReadonlyMap<string, number | undefined> | undefined> {
  const { versions } = place.store;
  if (!versions || !(await versions.lockable(call))) return undefined;
  const backups = (await readStandings(place, call)).backups.filter(({ selector }) => selectors.has(selector));
  const rests = new Map<string, ReadonlySet<string> | undefined>();
  const known = new Map<string, ReadonlySet<string>>();
  for (const backup of backups) {
    report.progress({ phase: 'reading what backups hold', done: rests.size, total: backups.length });
    rests.set(backup.selector, await runsOf(place, backup, known, report, call));
  }
  const ends = await endsOf(place, versions, new Set([...rests.values()].flatMap((runs) => [...(runs ?? [])])), call);
  const found = new Map<string, number | undefined>();
  const ask = async ({ selector }: Standing) => {
    const runs = rests.get(selector);
    const record = await versions.lockedUntil(place.prefix + commitKey(selector), undefined, call);
    return { selector, all: runs ? [record, ...[...runs].map((run) => ends.get(run))] : [undefined] };
  };
  for await (const { selector, all } of parallel(backups, ask, PARALLEL)) found.set(selector, earliest(all));
  return found;
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  return times.includes(undefined) ? undefined : Math.min(...(times as readonly number[]));
}

const runOf = (key: string): string => key.slice(RUNS.length, key.indexOf('/', RUNS.length));

/** The runs in which something lies that a backup needs; undefined when that cannot be read. `known`: those of sections, which backups share. */
async function runsOf(
  place: RepositoryPlace,
  { name, tables }: Standing,
  known: Map<string, ReadonlySet<string>>,
  report: Reporter,
  call: CallOptions,
): Promise<ReadonlySet<string> | undefined> {
  const runs = new Set<string>();
  try {
    for (const { root } of tables) {
      const said = await readRootOf(place, root, call);
      for (const key of [root.key, ...namedKeys(said)]) runs.add(runOf(key));
      const held = said.manifests.filter(({ section }) => section.length > 0);
      const fresh = held.filter((manifest) => !known.has(sectionId(manifest.section)));
      for await (const { manifest, files } of readInventory(place, fresh, call)) {
        const named = [manifest.section.key, ...files.flatMap(({ key }) => key ?? [])];
        known.set(sectionId(manifest.section), new Set(named.map(runOf)));
      }
      for (const manifest of held) for (const run of known.get(sectionId(manifest.section)) ?? []) runs.add(run);
    }
    return runs;
  } catch (error) {
    if (!isCode(error, 'corrupt')) throw error;
    report.warn(`what "${name}" needs cannot be read, so how long it is locked is not known: ${error.message}`, {
      ...(error.object !== undefined && { object: error.object }),
    });
    return undefined;
  }
}

/** Until when each of these runs is locked, by the oldest object below its data/ and meta/; without an entry: it is not. */
async function endsOf(
  place: RepositoryPlace,
  versions: ObjectVersions,
  runs: ReadonlySet<string>,
  call: CallOptions,
): Promise<ReadonlyMap<string, number>> {
  const oldest = new Map<string, { readonly key: string; readonly modified: number }>();
  for await (const { key, modified = 0 } of listBelow(place, RUNS, call)) {
    const run = runOf(key);
    if (!isRunId(run) || !runs.has(run) || !/^(data|meta)\//.test(key.slice(RUNS.length + run.length + 1))) continue;
    if (modified < (oldest.get(run)?.modified ?? Number.POSITIVE_INFINITY)) oldest.set(run, { key, modified });
  }
  const ends = new Map<string, number>();
  const ask = async ([run, { key }]: readonly [string, { readonly key: string }]) => {
    const end = await versions.lockedUntil(place.prefix + key, undefined, call);
    if (end !== undefined) ends.set(run, end);
  };
  for await (const _ of parallel(oldest, ask, PARALLEL));
  return ends;
}
