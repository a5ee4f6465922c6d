import { isCode } from '../errors.js';
import { parseEvent, writeEvent } from '../repository/events.js';
import { commitKey, EVENTS, eventsPrefix, HINTS, isEventKey, isHint, purgeMark, selectorOfHintKey } from '../repository/keys.js';
import { isCommitted } from '../repository/load.js';
import { Moment, promptly } from '../repository/moment.js';
import type { RepositoryPlace } from '../repository/place.js';
import { listBelow } from '../repository/runs.js';
import type { Standing, Standings } from '../repository/standing.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions, ObjectInfo } from '../storage/port.js';
import type { Amount, PruneDeps } from './options.js';
import type { Remover } from './remove.js';

/** How often the COMMIT is looked at again because the process slept between the look and its DELETE. */
const LOOKS = 5;

/**
 * Removes the COMMIT of a purged backup. An event beside it says so first: it keeps the events there for another grace, so that nobody who has just read the COMMIT finds
 * none and takes the backup for undeleted. One by name lies under a key that a new backup may take as soon as another prune has removed it: a mark says that this DELETE
 * is under way, and it is sent only for the backup that was judged (format, "Prune" 4). False when it is still there.
 */
export async function removeCommit(
  { repository: place }: PruneDeps,
  backup: Pick<Standing, 'selector' | 'id' | 'state'>,
  remover: Remover,
  into: Amount,
  call: CallOptions,
): Promise<boolean> {
  const { selector, id, state } = backup;
  const byName = !selector.includes('@');
  for (let look = 0; look < LOOKS; look++) {
    const moment = new Moment();
    if (byName) await createOnce(place.store, place.prefix + purgeMark(selector, id), Buffer.alloc(0), call);
    await writeEvent(place, id, 'purged', { next: state.next, random: !byName }, call);
    if (!(await isCommitted(place, backup, call))) return true;
    if (!moment.isFresh()) continue;
    try {
      await promptly((prompt) => place.store.delete([place.prefix + commitKey(selector)], prompt), call);
      into.objects++;
      return true;
    } catch (error) {
      if (!isCode(error, 'retention-locked')) throw error;
      remover.lock({ key: commitKey(selector), size: 0 });
      return false;
    }
  }
  return false;
}

/**
 * Step 6: events, hints and marks of what is gone, and `verified` events that a later one has made stale, as far as they are older than the grace. `gone`: backups whose COMMIT
 * was just removed.
 */
export async function sweepRecords(
  { repository: place }: PruneDeps,
  { backups, unreadable, states, marks }: Standings,
  gone: ReadonlySet<string>,
  isOld: (time: number | undefined) => boolean,
  remover: Remover,
  into: Amount,
  call: CallOptions,
): Promise<void> {
  const there = [...backups, ...unreadable].filter(({ id }) => id === undefined || !gone.has(id));
  const ids = new Set(there.flatMap(({ id }) => id ?? []));
  for (const [id, { newest }] of states) {
    // An event comes after its COMMIT: where that is not listed, an event that is old has outlived it.
    if (ids.has(id) || gone.has(id) || !isOld(newest)) continue;
    for await (const object of listBelow(place, eventsPrefix(id), call))
      if (isEventKey(object.key)) await remover.add(object.key, object.size, into);
  }
  const selectors = new Set(there.map(({ selector }) => selector));
  for await (const { key, size, modified } of listBelow(place, HINTS, call)) {
    if (isHint(key) && !selectors.has(selectorOfHintKey(key)) && isOld(modified)) await remover.add(key, size, into);
  }
  for (const { key, modified } of marks) if (isOld(modified)) await remover.add(key, 0, into);
  for await (const { key, size } of staleChecks(place, ids, isOld, call)) await remover.add(key, size, into);
  await remover.flush();
}

/** `verified` events of these backups that are old and not the newest of their backup: a check each night must not leave an object each night. */
async function* staleChecks(
  place: RepositoryPlace,
  ids: ReadonlySet<string>,
  isOld: (time: number | undefined) => boolean,
  call: CallOptions,
): AsyncGenerator<ObjectInfo> {
  let earlier: ObjectInfo | undefined;
  let of = '';
  for await (const object of listBelow(place, EVENTS, call)) {
    const event = parseEvent({ ...place, prefix: '' }, object);
    if (event?.kind !== 'verified' || !ids.has(event.id)) continue;
    // The order of keys is that of numbers, as long as they have as many digits; an older one that stays does no harm.
    if (earlier && of === event.id && isOld(earlier.modified)) yield earlier;
    earlier = object;
    of = event.id;
  }
}
