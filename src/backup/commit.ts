import { BcnError, isCode } from '../errors.js';
import { type Backup, type Commit, encodeCommit } from '../repository/commit.js';
import { readDeletion } from '../repository/events.js';
import type { Base } from '../repository/hints.js';
import { commitKey, runSelector } from '../repository/keys.js';
import { findCommit, findNamesakes, isCommitted } from '../repository/load.js';
import { Moment, promptly } from '../repository/moment.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { assertNotPurging, lookAtName } from '../repository/purge-marks.js';
import { commitsByRun, type RepositoryRecord } from '../repository/record.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';
import type { Lease } from './lease.js';

/** How often the base is looked at again because the look itself took longer than G/2. */
const LOOKS = 5;

/** Bases were deleted while this backup was made; plan their tables again without them. */
export class BaseDeleted extends Error {
  constructor(readonly ids: ReadonlySet<string>) {
    super(`deleted meanwhile: ${[...ids].join(', ')}`);
  }
}

/** A COMMIT to be; a copy brings the moment of its origin. */
export type Draft = Omit<Commit, 'id' | 'when'> & Partial<Pick<Commit, 'when'>>;

/**
 * Makes the backup visible under the time rule (format, "Backup" 10 and 11): the name, then the bases are looked at right before, and the commit follows within G/2 of that and of this run's
 * last write by the store's clock, and at once by this machine's. `lease`: undefined when nothing of the run is part of the backup; then bases that were seen a moment ago are not looked at
 * again. Throws BaseDeleted; `backup-exists` when the name went to somebody else meanwhile; `busy` while an earlier backup of the name is being pruned; `storage-unavailable` when this
 * process slept so long that its own objects may be gone, or when no look is recent enough.
 */
export async function commitBackup(
  place: RepositoryPlace,
  draft: Draft,
  reused: readonly Base[],
  lease: Lease | undefined,
  record: RepositoryRecord,
  call: CallOptions,
): Promise<Backup> {
  const grace = record.grace_ms;
  const byRun = commitsByRun(record);
  const bases = [...new Map(reused.map((base) => [base.commit.id, base])).values()];
  for (let look = 0; look < LOOKS; look++) {
    const moment = new Moment();
    const namesakes = byRun ? await findNamesakes(place, draft.name, true, call) : [];
    if (namesakes.length > 0) return ownOrTaken(place, draft, namesakes.find(({ run }) => run === draft.run) ?? namesakes[0]);
    const isSeen = !lease && look === 0 && bases.every((base) => base.moment.isFresh());
    const looks = isSeen ? bases : await lookAtBases(place, bases, call);
    // The name and behind it its marks: one that is not there yet belongs to a DELETE that will find another backup, or none.
    const name = await lookAtName(place, draft.name, call);
    if (name.taken && !byRun) return ownOrTaken(place, draft, await findCommit(place, draft.name, call));
    if (!byRun) assertNotPurging(place, draft.name, name, grace);
    if (lease && !lease.holds(name.now, grace)) throw sleptTooLong(draft.name);
    const fresh = isSeen ? bases.every((base) => base.moment.isFresh()) : moment.isFresh();
    if (!fresh || looks.some(({ seen }) => name.now > seen + grace / 2)) continue;
    return create(place, { ...draft, when: draft.when ?? new Date(name.now).toISOString() }, byRun, call);
  }
  throw new BcnError(
    'storage-unavailable',
    `${LOOKS} looks at the repository before the commit of "${draft.name}" were out of date on arrival`,
    {
      object: commitKey(draft.name),
      hint: 'The store or this machine is extremely slow, or its clock jumps. Run the same command again.',
    },
  );
}

/** When each base was seen undeleted. Throws BaseDeleted for those that are not. */
async function lookAtBases(place: RepositoryPlace, bases: readonly Base[], call: CallOptions) {
  const look = async ({ commit }: Base) => {
    const { deleted, seen } = await readDeletion(place, commit.id, call);
    // No event says nothing once the COMMIT is gone.
    return { id: commit.id, seen, deleted: deleted || !(await isCommitted(place, commit, call)) };
  };
  const looks = await Promise.all(bases.map(look));
  const gone = looks.filter(({ deleted }) => deleted).map(({ id }) => id);
  if (gone.length > 0) throw new BaseDeleted(new Set(gone));
  return looks;
}

async function create(place: RepositoryPlace, draft: Omit<Commit, 'id'>, byRun: boolean, call: CallOptions): Promise<Backup> {
  const { id, bytes } = encodeCommit(draft);
  const selector = byRun ? runSelector(draft.name, draft.run, id) : draft.name;
  try {
    await promptly((prompt) => createOnce(place.store, place.prefix + commitKey(selector), bytes, prompt), call);
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

export function sleptTooLong(name: string): BcnError {
  return new BcnError(
    'storage-unavailable',
    `The backup "${name}" came to a halt before its last step for so long that what it had written may be gone`,
    {
      object: commitKey(name),
      hint: 'Run the same command again; it begins anew.',
    },
  );
}

export function nameTaken(place: RepositoryPlace, name: string, taken: Backup | undefined, deleted = false): BcnError {
  const what = taken ? ` (of ${taken.tables.map(({ identifier }) => identifier.join('.')).join(', ')}, made ${taken.when})` : '';
  const object = `${placeUri(place)}/${commitKey(taken?.selector ?? name)}`;
  if (deleted) {
    return new BcnError('backup-exists', `The name "${name}" in ${placeUri(place)} still belongs to a deleted backup${what}`, {
      object,
      hint: 'Choose another --backup-name. This one is free again when the grace is over and bcn prune has removed that backup.',
    });
  }
  return new BcnError('backup-exists', `There is already a backup "${name}" in ${placeUri(place)}${what}`, {
    object,
    hint: `Backups are never overwritten: choose another --backup-name. See it: bcn show ${taken?.selector ?? name}`,
  });
}
