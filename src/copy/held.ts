import { isCode } from '../errors.js';
import { type Backup, type CommittedTable, identityOf } from '../repository/commit.js';
import { readDeletion } from '../repository/events.js';
import type { Base } from '../repository/hints.js';
import { listBackups } from '../repository/list.js';
import { findCommit } from '../repository/load.js';
import { Moment } from '../repository/moment.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { BackupSummary, TableSummary } from '../repository/summary.js';
import type { CallOptions } from '../storage/port.js';
import type { CopyDeps } from './options.js';

/** A backup whose objects a copy may reuse, and where it lies; with --dry-run also in the source, since it is copied by then. */
export interface HeldBase {
  readonly place: RepositoryPlace;
  readonly found: Base;
}

interface Candidate extends Pick<BackupSummary, 'selector' | 'when' | 'mode'> {
  readonly place: RepositoryPlace;
}

/** What the destination holds: of each backup its name and of what it is a copy, of each table its backups. */
export class Held {
  readonly #copies = new Map<string, Pick<BackupSummary, 'selector' | 'id'>>();
  /** By `keyOf`, oldest first. */
  readonly #tables = new Map<string, Candidate[]>();

  /** Reads every record of a destination; one that cannot be read is named by a warning. Empty when the repository is still to be made. */
  static async read({ to, report }: CopyDeps, call: CallOptions): Promise<Held> {
    const held = new Held();
    try {
      const { backups, damaged } = await listBackups(to, call);
      for (const backup of backups) held.add(backup, to);
      for (const { object, message } of damaged) report.warn(message, { object });
    } catch (error) {
      if (!isCode(error, 'repository-not-found')) throw error;
    }
    return held;
  }

  /** `place`: where it lies. */
  add(backup: BackupSummary, place: RepositoryPlace): void {
    this.#copies.set(identityOf(backup), backup);
    for (const table of backup.tables) {
      const key = keyOf(table);
      const candidates = this.#tables.get(key) ?? [];
      this.#tables.set(key, candidates);
      const { selector, when, mode } = backup;
      const after = candidates.findIndex((other) => other.when > when);
      candidates.splice(after === -1 ? candidates.length : after, 0, { selector, when, mode, place });
    }
  }

  /** The backup of the destination that is the same as this one. */
  copyOf(backup: Pick<Backup, 'id' | 'origin'>): Pick<BackupSummary, 'selector' | 'id'> | undefined {
    return this.#copies.get(identityOf(backup));
  }

  /** The undeleted backup of this table that shares the most with one of this moment: the newest that is not newer, else the oldest (format, "Copy" 3). */
  async base(
    table: CommittedTable,
    { when, mode }: Pick<Backup, 'when' | 'mode'>,
    call: CallOptions,
  ): Promise<HeldBase | undefined> {
    const key = keyOf(identifying(table));
    const candidates = (this.#tables.get(key) ?? []).filter((one) => one.mode === mode);
    const older = candidates.filter((one) => one.when <= when).reverse();
    for (const { selector, place } of [...older, ...candidates.slice(older.length)]) {
      // Before the record is read: its events may be gone some time after it.
      const moment = new Moment();
      const commit = await findCommit(place, selector, call).catch((error: unknown) => {
        if (isCode(error, 'corrupt', 'repository-too-new')) return undefined;
        throw error;
      });
      const same = commit?.tables.find((one) => keyOf(identifying(one)) === key);
      if (!commit || !same) continue;
      const { deleted, seen } = await readDeletion(place, commit.id, call);
      if (!deleted) return { place, found: { commit, table: same, seen, moment } };
    }
    return undefined;
  }
}

type Identifying = Pick<TableSummary, 'uuid' | 'catalog' | 'table'>;

/** A table is the one with its uuid; without one, the one of its name. */
const keyOf = ({ uuid, catalog, table }: Identifying): string => uuid ?? `${catalog}\n${table}`;

const identifying = ({ uuid, catalog, identifier }: CommittedTable): Identifying => ({
  uuid,
  catalog: catalog.identity,
  table: identifier.join('.'),
});
