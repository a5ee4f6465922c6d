import { BcnError, isCode } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import type { BackupState } from './events.js';
import type { RepositoryPlace } from './place.js';

/** An object that a check found damaged or missing, as a `damaged` event names it (format, "Verify and repair"). */
export interface DamagedObject {
  /** Without the repository's prefix; of a `reference` backup's file the URI in its source. */
  readonly key: string;
  readonly message: string;
  /** Places in the COMMIT's `tables`. */
  readonly tables: readonly number[];
}

/** What a `damaged` event says. */
export interface Damage {
  readonly objects: readonly DamagedObject[];
  /** How many more there were. */
  readonly more: number;
}

/** A `damaged` event names no more objects than this. */
const NAMED = 1000;

/** What an event says of so much damage. */
export function describeDamage(objects: readonly DamagedObject[], total: number): Damage {
  const named = objects.slice(0, NAMED);
  return { objects: named, more: total - named.length };
}

/** Says nothing of what is damaged, so that all may be. */
const UNKNOWN: Damage = { objects: [], more: 1 };

/** What the last check found damaged; undefined when nothing, or it is repaired. An event that cannot be read may name anything. */
export async function readDamage(
  place: RepositoryPlace,
  { damage }: Pick<BackupState, 'damage'>,
  options: CallOptions = {},
): Promise<Damage | undefined> {
  if (damage === undefined) return undefined;
  try {
    const said = JSON.parse((await place.store.get(damage, options)).bytes.toString('utf8')) as Partial<Damage> | null;
    return isDamage(said) ? said : UNKNOWN;
  } catch (error) {
    if (error instanceof SyntaxError || isCode(error, 'object-not-found')) return UNKNOWN;
    throw error;
  }
}

function isDamage(said: Partial<Damage> | null): said is Damage {
  return (
    Array.isArray(said?.objects) &&
    typeof said.more === 'number' &&
    said.objects.every(({ key, tables }: Partial<DamagedObject>) => typeof key === 'string' && Array.isArray(tables))
  );
}

/** Whether the table at this place of the COMMIT may be damaged. */
export const hurts = ({ objects, more }: Damage, table: number): boolean =>
  more > 0 || objects.some(({ tables }) => tables.includes(table));

/** Why a damaged table is not restored. */
export function damagedTable(name: string, table: string, { objects, more }: Damage, index: number): BcnError {
  const own = objects.filter(({ tables }) => tables.includes(index));
  const [first] = own;
  const count = own.length + more;
  const what = first ? `${first.message}${count > 1 ? ` (and ${count - 1} more)` : ''}` : 'what, its record does not say';
  return new BcnError('corrupt', `A check found ${table} in the backup "${name}" damaged: ${what}`, {
    table,
    ...(first && { object: first.key }),
    hint: `While the source has what is damaged: bcn verify ${name} --repair. Another backup may be whole: bcn list. All that is whole of this one comes back with --allow-damaged.`,
  });
}
