import { BcnError, isCode } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import type { Backup, StoredObject } from './commit.js';
import type { BackupState } from './events.js';
import type { RepositoryPlace } from './place.js';

/** For each table of a COMMIT, in its order, the ROOT that stands in the place of the COMMIT's; null = none does (format, "Verify and repair"). */
export type RepairedRoots = readonly (StoredObject | null)[];

/** The backup as its repairs have left it: with the ROOTs of its last `repaired` event. Throws `corrupt` when that cannot be read. One GET, for a repaired backup only. */
export async function withRepairs<B extends Pick<Backup, 'tables'>>(
  place: RepositoryPlace,
  backup: B,
  { repairs = [] }: Pick<BackupState, 'repairs'>,
  options: CallOptions = {},
): Promise<B> {
  const last = repairs.at(-1);
  if (last === undefined) return backup;
  const roots = await readRepair(place, last, options);
  return { ...backup, tables: backup.tables.map((table, n) => ({ ...table, root: roots[n] ?? table.root })) };
}

/** What a `repaired` event says. Throws `corrupt`. */
export async function readRepair(place: RepositoryPlace, key: string, options: CallOptions = {}): Promise<RepairedRoots> {
  const object = `${place.store.uri}/${key}`;
  const damaged = (why: string, cause?: unknown) =>
    new BcnError('corrupt', `The record of a repair ${object} ${why}`, {
      object,
      cause,
      hint: 'Repair the backup again: bcn verify NAME --repair',
    });
  let said: { readonly roots?: unknown } | null;
  try {
    said = JSON.parse((await place.store.get(key, options)).bytes.toString('utf8')) as typeof said;
  } catch (cause) {
    if (isCode(cause, 'object-not-found')) throw damaged('is missing', cause);
    if (cause instanceof SyntaxError) throw damaged('is not JSON', cause);
    throw cause;
  }
  const { roots } = said ?? {};
  if (!Array.isArray(roots) || !roots.every(isRoot)) throw damaged('does not name its roots');
  return roots;
}

function isRoot(root: unknown): root is StoredObject | null {
  if (root === null) return true;
  const { key, length, sha256 } = (root ?? {}) as Partial<StoredObject>;
  return (
    typeof key === 'string' && key.startsWith('runs/') && Number.isSafeInteger(length) && /^[0-9a-f]{64}$/.test(sha256 ?? '')
  );
}
