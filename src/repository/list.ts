import { BcnError } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import { summarise } from './commit.js';
import { type BackupHealth, healthOf, readEvents } from './history.js';
import { type BackupObject, readBackups } from './load.js';
import { placeUri, type RepositoryPlace } from './place.js';
import { readRecord } from './record.js';
import type { BackupSummary } from './summary.js';

export interface ListFilter {
  /** Which tables to show, by `database.table`; a backup without one of them is left out. */
  readonly table?: (table: string) => boolean;
  /** The earliest moment, ms, given the store's time; undefined = from the beginning. */
  readonly since?: (now: number) => number;
}

/** What `bcn list` shows. */
export interface BackupList {
  /** Those that are not deleted, oldest first, with the tables that were asked for. */
  readonly backups: readonly ListedBackup[];
  /** Records that cannot be read, in the order of their names; whether they are deleted, and of which table, is not known. */
  readonly damaged: readonly DamagedRecord[];
}

export interface ListedBackup extends BackupSummary, Omit<BackupHealth, 'deleted'> {
  /** Until when all of it is under retention, ISO 8601; null = something is not, undefined = nobody asked. */
  readonly lockedUntil?: string | null;
}

export interface DamagedRecord {
  readonly selector: string;
  /** URI */
  readonly object: string;
  readonly message: string;
  /** When its object was written, by the store, ISO 8601; null = the store does not tell. */
  readonly written: string | null;
}

/** A COMMIT is written right after its `when` was taken, by the same clock; that clock may err by less than this (format, G/8). */
const CLOCK_ERROR_MS = 24 * 3_600_000;

/**
 * All backups. A record that is damaged or of a later format does not hide the others. Throws `repository-not-found`, and
 * `corrupt` or `repository-too-new` when the repository's own record is so.
 */
export async function listBackups(
  place: RepositoryPlace,
  options: CallOptions = {},
  { table, since = () => Number.NEGATIVE_INFINITY }: ListFilter = {},
): Promise<BackupList> {
  await readRecord(place, options);
  const events = await readEvents(place, options);
  const backups: ListedBackup[] = [];
  const damaged: DamagedRecord[] = [];
  const recent = ({ modified, seen }: BackupObject) => modified === undefined || modified + CLOCK_ERROR_MS >= since(seen);
  for await (const { backup, selector, modified, seen } of readBackups(place, options, recent)) {
    if (backup instanceof BcnError) {
      const written = modified === undefined ? null : new Date(modified).toISOString();
      if (modified === undefined || modified >= since(seen))
        damaged.push({ selector, object: backup.object ?? placeUri(place), message: backup.message, written });
      continue;
    }
    const { deleted, ...state } = healthOf(events.get(backup.id));
    if (deleted || Date.parse(backup.when) < since(seen)) continue;
    const whole = summarise(backup);
    const tables = table ? whole.tables.filter((one) => table(one.table)) : whole.tables;
    if (tables.length > 0) backups.push({ ...whole, tables, ...state });
  }
  backups.sort((a, b) => (a.when < b.when ? -1 : a.when > b.when ? 1 : 0));
  return { backups, damaged };
}
