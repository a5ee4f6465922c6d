import { isCode } from '../errors.js';
import type { Damage } from '../repository/damage.js';
import { type EventKind, readState, writeEvent } from '../repository/events.js';
import { hinted, markHints } from '../repository/hints.js';
import { commitsByRun, type RepositoryRecord } from '../repository/record.js';
import type { CheckContext } from './context.js';
import type { Target } from './targets.js';

/** How much of the content was read, as a `verified` event says it. */
type Read = 'lengths' | 'some' | 'data';

/**
 * Creates the events that say what a check found. `refused`: these keys may not; nothing, or not all, was recorded.
 *
 * @param others backups that were not checked and need something damaged
 */
export async function recordChecks(
  targets: readonly Target[],
  others: readonly Target[],
  record: RepositoryRecord,
  context: CheckContext,
): Promise<'all' | 'refused'> {
  const { read } = context.options;
  const extent: Read = read === 'none' ? 'lengths' : read === 'all' ? 'data' : 'some';
  const write = async (target: Target, kind: EventKind, says: object) => {
    if (kind !== 'verified') await markHints(context.deps.repository, hinted(target.backup), context.call);
    const { next } = await readState(context.deps.repository, target.backup.id, context.call);
    const random = commitsByRun(record);
    await writeEvent(context.deps.repository, target.backup.id, kind, { next, random }, context.call, says);
  };
  try {
    for (const target of targets) {
      if (target.problems > 0) await recordDamage(target, target.damage, write);
      else {
        // What was damaged has been read again, and somebody has brought it back.
        if (target.known) await write(target, 'repaired', { roots: target.roots });
        await write(target, 'verified', { read: extent });
      }
    }
    for (const target of others) await recordDamage(target, joined(target.known, target.damage), write);
    return 'all';
  } catch (error) {
    if (!isCode(error, 'storage-auth')) throw error;
    return 'refused';
  }
}

type Write = (target: Target, kind: EventKind, says: object) => Promise<void>;

async function recordDamage(target: Target, damage: Damage, write: Write): Promise<void> {
  if (target.known && same(target.known, damage)) return;
  await write(target, 'damaged', damage);
}

const keysOf = ({ objects, more }: Damage) => JSON.stringify([more, objects.map(({ key }) => key).sort()]);
const same = (a: Damage, b: Damage): boolean => keysOf(a) === keysOf(b);

/** What is known of a backup that was not checked itself: nothing of it is repaired. */
function joined(known: Damage | undefined, found: Damage): Damage {
  if (!known) return found;
  const keys = new Set(known.objects.map(({ key }) => key));
  const objects = [...known.objects, ...found.objects.filter(({ key }) => !keys.has(key))];
  return { objects: objects.slice(0, 1000), more: known.more + found.more + Math.max(0, objects.length - 1000) };
}
