import { isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import { type Damage, describeDamage } from '../repository/damage.js';
import { type EventKind, writeEvent } from '../repository/events.js';
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
  const { deps, call } = context;
  const write: Write = async ({ backup, state }, kind, says, more = 0) => {
    if (kind !== 'verified') await markHints(deps.repository, hinted(backup), call);
    // Where others have written events meanwhile, the next free number is found.
    const at = { next: state.next + more, random: commitsByRun(record) };
    await writeEvent(deps.repository, backup.id, kind, at, call, says);
  };
  const recordOne = async (target: Target) => {
    if (target.problems > 0) return recordDamage(target, target.damage, write);
    // What was damaged has been read again, and somebody has brought it back.
    if (target.known) await write(target, 'repaired', { roots: target.roots });
    await write(target, 'verified', { read: extent }, target.known ? 1 : 0);
  };
  try {
    for await (const _ of parallel(targets, recordOne, PARALLEL));
    for (const target of others) await recordDamage(target, joined(target.known, target.damage), write);
    return 'all';
  } catch (error) {
    if (!isCode(error, 'storage-auth')) throw error;
    return 'refused';
  }
}

type Write = (target: Target, kind: EventKind, says: object, more?: number) => Promise<void>;

const PARALLEL = 8;

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
  return describeDamage(objects, objects.length + known.more + found.more);
}
