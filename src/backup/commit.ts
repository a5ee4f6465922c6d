import { BcnError, isCode } from '../errors.js';
import { storeTime } from '../repository/clock.js';
import { type Backup, type Commit, encodeCommit } from '../repository/commit.js';
import { readDeletion } from '../repository/events.js';
import type { Base } from '../repository/hints.js';
import { commitKey, runSelector } from '../repository/keys.js';
import { findCommit, findNamesakes } from '../repository/load.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { commitsByRun, type RepositoryRecord } from '../repository/record.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';

/** How often the base is looked at again because the look itself took longer than G/2. */
const LOOKS = 5;

/** Bases were deleted while this backup was made; plan their tables again without them. */
export class BaseDeleted extends Error {
  constructor(readonly ids: ReadonlySet<string>) {
    super(`deleted meanwhile: ${[...ids].join(', ')}`);
  }
}

/** What the time rule asks about a table: the base it reuses, and w, +Infinity where nothing was written. */
export interface Reuse {
  readonly base: Base | undefined;
  readonly written: number;
}

/**
 * Makes the backup visible under the time rule (format, "Backup" 10 and 11): the bases are looked at right before, and the commit follows within G/2 of that and of this run's
 * last write by the store's clock. Throws BaseDeleted; `backup-exists` when the name went to somebody else meanwhile; `storage-unavailable` when this process
 * slept so long that its own objects may be gone, or when no look at the base is recent enough. Where backups lie by run, the name is looked for right before, since the key does
 * not tell.
 */
export async function commitBackup(
  place: RepositoryPlace,
  draft: Omit<Commit, 'id' | 'when'>,
  tables: readonly Reuse[],
  record: RepositoryRecord,
  call: CallOptions,
): Promise<Backup> {
  const grace = record.grace_ms;
  const byRun = commitsByRun(record);
  // The newest write keeps the whole run alive.
  const writes = tables.map(({ written }) => written).filter(Number.isFinite);
  const written = writes.length > 0 ? Math.max(...writes) : Number.POSITIVE_INFINITY;
  const bases = new Map(tables.flatMap(({ base }) => (base ? [[base.commit.id, base] as const] : [])));
  const seen = [...bases.values()].map((base) => base.seen);
  // Nothing was written that could be gone, and all bases were seen a moment ago: another look would tell no more.
  if (!byRun && writes.length === 0 && seen.length > 0 && seen.every(({ ms, now }) => now <= ms + grace / 2))
    return create(place, { ...draft, when: new Date(Math.max(...seen.map(({ now }) => now))).toISOString() }, byRun, call);
  for (let look = 0; look < LOOKS; look++) {
    const namesakes = byRun ? await findNamesakes(place, draft.name, true, call) : [];
    if (namesakes.length > 0) return ownOrTaken(place, draft, namesakes.find(({ run }) => run === draft.run) ?? namesakes[0]);
    const looks = await lookAtBases(place, [...bases.keys()], call);
    const deleted = looks.filter((one) => one.deleted).map(({ id }) => id);
    if (deleted.length > 0) throw new BaseDeleted(new Set(deleted));
    const now = await storeTime(place, call);
    if (now > written + grace / 2) throw sleptTooLong(draft.name);
    if (looks.some((one) => now > one.seen + grace / 2)) continue;
    return create(place, { ...draft, when: new Date(now).toISOString() }, byRun, call);
  }
  throw new BcnError(
    'storage-unavailable',
    `${LOOKS} looks at the base of the backup "${draft.name}" were out of date on arrival`,
    {
      object: commitKey(draft.name),
      hint: 'The store or this machine is extremely slow, or its clock jumps. Run the same command again.',
    },
  );
}

async function lookAtBases(place: RepositoryPlace, ids: readonly string[], call: CallOptions) {
  return Promise.all(ids.map(async (id) => ({ id, ...(await readDeletion(place, id, call)) })));
}

async function create(place: RepositoryPlace, draft: Omit<Commit, 'id'>, byRun: boolean, call: CallOptions): Promise<Backup> {
  const { id, bytes } = encodeCommit(draft);
  const selector = byRun ? runSelector(draft.name, draft.run, id) : draft.name;
  try {
    await createOnce(place.store, place.prefix + commitKey(selector), bytes, call);
    return { id, ...draft, selector };
  } catch (error) {
    if (!isCode(error, 'object-exists')) throw error;
    return ownOrTaken(place, draft, await findCommit(place, selector, call));
  }
}

/** The backup that has the name already, when another process that continued this very run was faster; else throws `backup-exists`. */
function ownOrTaken(place: RepositoryPlace, draft: Pick<Commit, 'name' | 'run'>, winner: Backup | undefined): Backup {
  if (winner?.run === draft.run) return winner;
  throw nameTaken(place, draft.name, winner);
}

function sleptTooLong(name: string): BcnError {
  return new BcnError(
    'storage-unavailable',
    `The backup "${name}" came to a halt before its last step for so long that what it had written may be gone`,
    {
      object: commitKey(name),
      hint: 'Run the same command again; it begins anew.',
    },
  );
}

export function nameTaken(place: RepositoryPlace, name: string, taken: Backup | undefined): BcnError {
  const what = taken ? ` (of ${taken.tables.map(({ identifier }) => identifier.join('.')).join(', ')}, made ${taken.when})` : '';
  return new BcnError('backup-exists', `There is already a backup "${name}" in ${placeUri(place)}${what}`, {
    object: `${placeUri(place)}/${commitKey(taken?.selector ?? name)}`,
    hint: `Backups are never overwritten: choose another --backup-name. See it: bcn show ${taken?.selector ?? name}`,
  });
}
