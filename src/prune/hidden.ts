import { BcnError, isCode } from '../errors.js';
import { decodeCommit } from '../repository/commit.js';
import { type BackupState, type Event, NO_EVENTS, parseEvent, stateOf } from '../repository/events.js';
import { BACKUPS, EVENTS, HINTS, isCommitKey, isPurgeMark, selectorOfHintKey } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Standing } from '../repository/standing.js';
import { groups } from '../spill/join.js';
import type { Keyed } from '../spill/sorter.js';
import type { CallOptions } from '../storage/port.js';
import type { ObjectVersion, ObjectVersions, VersionId } from '../storage/versions.js';
import type { Amount } from './options.js';
import type { Remover } from './remove.js';

/** What a bucket with versioning keeps of records that are not there any more, or were replaced. */
export interface Hidden {
  /** COMMITs; `id` is undefined for what cannot be read as one. */
  readonly commits: readonly (VersionId & { readonly id: string | undefined })[];
  /** What the events of each backup say when none is left out, however it came to be hidden. */
  readonly states: ReadonlyMap<string, BackupState>;
}

/** Reads every hidden COMMIT, and the names of all events ever. */
export async function readHidden(place: RepositoryPlace, versions: ObjectVersions, call: CallOptions): Promise<Hidden> {
  const commits: { key: string; version: string; id: string | undefined }[] = [];
  for await (const { key, version, latest, marker } of versions.list(place.prefix + BACKUPS, call)) {
    if (latest || marker || !isCommitKey(key.slice(place.prefix.length))) continue;
    commits.push({ key, version, id: idOf(await versions.get({ key, version }, call), key) });
  }
  return { commits, states: await allStates(place, versions, call) };
}

function idOf(bytes: Buffer, key: string): string | undefined {
  try {
    return decodeCommit(bytes, key).id;
  } catch (error) {
    if (isCode(error, 'corrupt', 'repository-too-new')) return undefined;
    throw error;
  }
}

async function allStates(place: RepositoryPlace, versions: ObjectVersions, call: CallOptions) {
  const states = new Map<string, BackupState>();
  let events = new Map<string, Event>();
  let id = '';
  const close = () => {
    if (events.size > 0) states.set(id, stateOf([...events.values()]));
    events = new Map();
  };
  for await (const { key, modified, marker } of versions.list(place.prefix + EVENTS, call)) {
    const event = marker ? undefined : parseEvent(place, { key, size: 0, ...(modified !== undefined && { modified }) });
    if (!event) continue;
    if (event.id !== id) close();
    id = event.id;
    // Of one that was replaced the later time counts: it makes the backup younger.
    if ((events.get(key)?.modified ?? 0) <= (event.modified ?? 0)) events.set(key, event);
  }
  close();
  return states;
}

/**
 * Throws `corrupt` for a COMMIT that somebody removed or replaced without deleting the backup: it cannot be seen, and what it names would go for ever. `there`: ids of the
 * COMMITs that can be seen; `isPurged`: what may be removed.
 */
export function assertNobodyHidden(
  place: RepositoryPlace,
  { commits, states }: Hidden,
  there: ReadonlySet<string>,
  isPurged: (state: BackupState) => boolean,
): void {
  for (const { key, version, id } of commits) {
    if (id !== undefined && (there.has(id) || isPurged(states.get(id) ?? NO_EVENTS))) continue;
    const object = `${place.store.uri}/${key}`;
    const what =
      id === undefined
        ? 'is not readable as the record of a backup'
        : 'is the record of a backup that nobody has deleted with bcn';
    throw new BcnError('corrupt', `${object} was removed or replaced: its version ${version} ${what}. Nothing was removed`, {
      object,
      hint: 'Bring it back by removing what lies on top of it (aws s3api delete-object --version-id); if the backup is to go, remove that version.',
    });
  }
}

/**
 * Step 7: all versions of records that are gone for longer than the grace: what their key shows is a delete marker that is older. Events stay while a version of their COMMIT
 * does: they say that it was deleted. So do hints and their marks while the COMMIT can be seen.
 */
export async function sweepVersions(
  place: RepositoryPlace,
  versions: ObjectVersions,
  {
    commits,
    backups,
    isOld,
  }: {
    readonly commits: Hidden['commits'];
    /** Whose COMMITs could be seen. */
    readonly backups: readonly Pick<Standing, 'id' | 'selector'>[];
    readonly isOld: (time: number | undefined) => boolean;
  },
  remover: Remover,
  into: Amount,
  call: CallOptions,
): Promise<void> {
  const known = new Set(commits.map(({ key, version }) => `${key}\n${version}`));
  const held = new Set([...commits, ...backups].flatMap(({ id }) => id ?? []));
  const selectors = new Set(backups.map(({ selector }) => selector));
  const mayGo = (key: string, group: readonly ObjectVersion[]): boolean => {
    const event = parseEvent(place, { key: place.prefix + key, size: 0 });
    if (event) return !held.has(event.id);
    if (isCommitKey(key)) return group.every((one) => one.marker || known.has(`${one.key}\n${one.version}`));
    return isPurgeMark(key) || (key.startsWith(HINTS) && !selectors.has(selectorOfHintKey(key)));
  };
  for (const folder of [BACKUPS, EVENTS, HINTS]) {
    for await (const group of groups(keyed(versions.list(place.prefix + folder, call)))) {
      const top = group.find(({ latest }) => latest);
      const key = top?.key.slice(place.prefix.length) ?? '';
      if (!top?.marker || !isOld(top.modified) || !mayGo(key, group)) continue;
      for (const { version, size } of group) await remover.add(key, size, into, version);
    }
  }
  await remover.flush();
}

async function* keyed(versions: AsyncIterable<ObjectVersion>): AsyncGenerator<ObjectVersion & Keyed> {
  for await (const version of versions) yield { ...version, k: version.key };
}
