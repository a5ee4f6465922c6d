import { BcnError } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import { readState, writeEvent } from './events.js';
import { type HintedBackup, markHints } from './hints.js';
import { Moment, promptly } from './moment.js';
import { placeUri, type RepositoryPlace } from './place.js';
import { commitsByRun, type RepositoryRecord } from './record.js';

/** How often others may write an event of the same backup in between. */
const TRIES = 10;

/** Deletes a backup by an event. `already`: it was deleted before. */
export async function markDeleted(
  place: RepositoryPlace,
  backup: HintedBackup & { readonly id: string },
  record: RepositoryRecord,
  call: CallOptions = {},
): Promise<'done' | 'already'> {
  for (let written = 0; written < TRIES; written++) {
    const { deleted, next } = await readState(place, backup.id, call);
    if (deleted) return written > 0 ? 'done' : 'already';
    if (written === 0) await markHints(place, backup, call);
    await writeEvent(place, backup.id, 'deleted', { next, random: commitsByRun(record) }, call);
  }
  throw others(place);
}

/**
 * Takes a delete back by an event, within G/2 of it by the store's clock. `already`: it is not deleted. Throws `backup-not-found` when it is too late:
 * prune may be taking its files. `dryRun`: only says whether it would.
 */
export async function markUndeleted(
  place: RepositoryPlace,
  backup: { readonly id: string; readonly name: string },
  record: RepositoryRecord,
  { dryRun = false, ...call }: CallOptions & { readonly dryRun?: boolean } = {},
): Promise<'done' | 'already'> {
  let written = 0;
  for (let look = 0; look < TRIES; look++) {
    const moment = new Moment();
    const { deleted, since = 0, seen, next } = await readState(place, backup.id, call);
    if (!deleted) return written > 0 ? 'done' : 'already';
    if (seen > since + record.grace_ms / 2) throw tooLate(place, backup.name, since, record);
    if (dryRun) return 'done';
    if (!moment.isFresh()) continue;
    const random = commitsByRun(record);
    await promptly((prompt) => writeEvent(place, backup.id, 'undeleted', { next, random }, prompt), call);
    written++;
  }
  throw others(place);
}

const HOUR = 3_600_000;

function tooLate(place: RepositoryPlace, name: string, since: number, record: RepositoryRecord): BcnError {
  const when = new Date(since).toISOString();
  const hours = Math.round(record.grace_ms / 2 / HOUR);
  return new BcnError(
    'backup-not-found',
    `The backup "${name}" in ${placeUri(place)} was deleted at ${when}, more than ${hours} hours ago: too late to take it back, since prune may be removing its files`,
    { hint: 'Until it is pruned its files can be read below runs/ (specs/02-repository-format.md). Other backups: bcn list' },
  );
}

function others(place: RepositoryPlace): BcnError {
  return new BcnError('busy', `Others keep deleting and undeleting the same backup in ${placeUri(place)}`, { retryable: true });
}
