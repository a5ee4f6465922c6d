import { BcnError, isCode } from '../errors.js';
import type { Backup } from '../repository/commit.js';
import { type Damage, type DamagedObject, describeDamage, readDamage } from '../repository/damage.js';
import type { BackupState } from '../repository/events.js';
import { NO_EVENTS, readStates } from '../repository/events.js';
import { commitKey } from '../repository/keys.js';
import { resolveBackup } from '../repository/latest.js';
import { readBackups } from '../repository/load.js';
import type { RepositoryPlace } from '../repository/place.js';
import { type RepairedRoots, readRepair } from '../repository/repairs.js';
import type { CallOptions } from '../storage/port.js';

/** How many damaged objects are remembered of a backup: one more than an event names. */
const REMEMBERED = 1001;

/** A backup that is checked, or that shares what was. */
export class Target {
  readonly selector: string;
  /** As committed, with the ROOTs of its last repair. */
  readonly backup: Backup;
  readonly state: BackupState;
  /** What an earlier check found. */
  readonly known: Damage | undefined;
  /** Of earlier repairs. */
  readonly roots: RepairedRoots;
  problems = 0;
  readonly #objects: DamagedObject[] = [];

  constructor(backup: Backup, state: BackupState, known: Damage | undefined, roots: RepairedRoots) {
    this.selector = backup.selector;
    this.backup = { ...backup, tables: backup.tables.map((table, n) => ({ ...table, root: roots[n] ?? table.root })) };
    this.state = state;
    this.known = known;
    this.roots = backup.tables.map((_, n) => roots[n] ?? null);
  }

  found(object: DamagedObject): void {
    const last = this.#objects.at(-1);
    if (last?.key === object.key && last.message === object.message) return;
    this.problems++;
    if (this.#objects.length < REMEMBERED) this.#objects.push(object);
  }

  get damage(): Damage {
    return describeDamage(this.#objects, this.problems);
  }
}

/** Opens one backup. An event that says of a repair what cannot be read is a problem of its own: the COMMIT's ROOTs count then. */
export async function openTarget(
  place: RepositoryPlace,
  backup: Backup,
  state: BackupState,
  call: CallOptions,
): Promise<{ readonly target: Target; readonly error?: BcnError }> {
  const known = await readDamage(place, state, call);
  const last = state.repairs?.at(-1);
  try {
    return { target: new Target(backup, state, known, last === undefined ? [] : await readRepair(place, last, call)) };
  } catch (error) {
    if (!isCode(error, 'corrupt')) throw error;
    return { target: new Target(backup, state, known, []), error };
  }
}

export interface Targets {
  readonly targets: readonly { readonly target: Target; readonly error?: BcnError }[];
  /** Records that cannot be read. */
  readonly unreadable: readonly { readonly selector: string; readonly key: string; readonly error: BcnError }[];
}

/** The backups of these names, each once, or all that are not deleted. Throws what `resolveBackup` throws for a name. */
export async function findTargets(place: RepositoryPlace, names: readonly string[] | 'all', call: CallOptions): Promise<Targets> {
  if (names === 'all') return allTargets(place, call);
  const targets = new Map<string, Targets['targets'][number]>();
  for (const name of names) {
    const { state, ...backup } = await resolveBackup(place, name, { ...call, asCommitted: true });
    if (!targets.has(backup.id)) targets.set(backup.id, await openTarget(place, backup, state, call));
  }
  return { targets: [...targets.values()], unreadable: [] };
}

async function allTargets(place: RepositoryPlace, call: CallOptions): Promise<Targets> {
  const { states } = await readStates(place, call);
  const targets: Targets['targets'][number][] = [];
  const unreadable: Targets['unreadable'][number][] = [];
  for await (const { selector, backup } of readBackups(place, call)) {
    if (backup instanceof BcnError) unreadable.push({ selector, key: commitKey(selector), error: backup });
    else {
      const state = states.get(backup.id) ?? NO_EVENTS;
      if (!state.deleted) targets.push(await openTarget(place, backup, state, call));
    }
  }
  return { targets, unreadable };
}
