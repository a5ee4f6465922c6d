import { BcnError } from '../errors.js';
import { storeTime } from '../repository/clock.js';
import type { StoredObject } from '../repository/commit.js';
import { readState, writeEvent } from '../repository/events.js';
import { hinted, markHints } from '../repository/hints.js';
import { commitKey } from '../repository/keys.js';
import { isCommitted } from '../repository/load.js';
import { Moment, promptly } from '../repository/moment.js';
import { placeUri } from '../repository/place.js';
import { commitsByRun, type RepositoryRecord } from '../repository/record.js';
import type { Target } from '../verify/targets.js';
import type { MendContext } from './root.js';

/** How often the backup is looked at again because the look itself took too long. */
const LOOKS = 5;

/**
 * Says by an event which ROOTs stand in the place of those that the COMMIT names, under the time rule of a COMMIT: the backup is the base, and what the repair wrote is its run's. Nothing is said
 * when it would change nothing. Throws `backup-not-found` when the backup was deleted meanwhile, `storage-unavailable` when this process slept so long that what it wrote may be gone.
 */
export async function publish(
  target: Target,
  roots: readonly (StoredObject | null)[],
  record: RepositoryRecord,
  { deps, run, call }: MendContext,
): Promise<void> {
  if (roots.every((root, n) => root === (target.roots[n] ?? null))) return;
  const { repository: place } = deps;
  const object = `${placeUri(place)}/${commitKey(target.selector)}`;
  await markHints(place, hinted(target.backup), call);
  for (let look = 0; look < LOOKS; look++) {
    const moment = new Moment();
    const { deleted, next, seen } = await readState(place, target.backup.id, call);
    if (deleted || !(await isCommitted(place, target.backup, call)))
      throw new BcnError('backup-not-found', `The backup "${target.selector}" was deleted while it was repaired`, {
        object,
        hint: 'Take it back, within half of the grace, then repair it again: bcn undelete',
      });
    const now = await storeTime(place, call);
    if (!run.lease.holds(now, record.grace_ms)) break;
    if (!moment.isFresh() || now > seen + record.grace_ms / 2) continue;
    const random = commitsByRun(record);
    await promptly((prompt) => writeEvent(place, target.backup.id, 'repaired', { next, random }, prompt, { roots }), call);
    return;
  }
  throw new BcnError(
    'storage-unavailable',
    `The repair of "${target.selector}" came to a halt for so long that what it had written may be gone`,
    {
      object,
      hint: 'Run the same command again; it begins anew.',
    },
  );
}
