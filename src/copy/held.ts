import { BcnError, isCode } from '../errors.js';
import { type Backup, type CommittedTable, identityOf, summarise } from '../repository/commit.js';
import { type Base, Bases, damageOf } from '../repository/hints.js';
import { healthOf, readEvents } from '../repository/history.js';
import { readBackups } from '../repository/load.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Root } from '../repository/root.js';
import type { BackupSummary, TableSummary } from '../repository/summary.js';
import type { CallOptions } from '../storage/port.js';
import type { CopyDeps } from './options.js';

/** A backup whose objects a copy may reuse, and where it lies; with --dry-run also in the source, since it is copied by then. */
export interface HeldBase {
  readonly place: RepositoryPlace;
  readonly found: Base;
}

/** … with its ROOT. */
export interface UsableBase extends HeldBase {
  readonly root: Root;
}

/** A base cannot be read. */
export class DamagedBase extends Error {
  constructor(
    readonly base: HeldBase,
    override readonly cause: BcnError,
  ) {
    super(cause.message);
  }
}

/** What is read of a base. Throws DamagedBase. */
export async function reading<T>(base: HeldBase, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isCode(error, 'corrupt') ? new DamagedBase(base, error) : error;
  }
}

interface Candidate extends Pick<BackupSummary, 'selector' | 'when' | 'mode'> {
  readonly place: RepositoryPlace;
}

/** What the destination holds: of each backup its name and of what it is a copy, of each table its backups. */
export class Held {
  readonly #copies = new Map<string, Pick<BackupSummary, 'selector' | 'id'>>();
  readonly #deleted = new Set<string>();
  /** By `keyOf`, oldest first. */
  readonly #tables = new Map<string, Candidate[]>();

  /** Reads every record of a destination; one that cannot be read is named by a warning. Empty when the repository is still to be made. */
  static async read({ to, report }: CopyDeps, call: CallOptions): Promise<Held> {
    const held = new Held();
    const events = await readEvents(to, call);
    for await (const { backup } of readBackups(to, call)) {
      if (backup instanceof BcnError) report.warn(backup.message, { object: backup.object });
      else if (healthOf(events.get(backup.id)).deleted) held.#deleted.add(identityOf(backup));
      else held.add(summarise(backup), to);
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

  /** Whether the destination had it, and somebody deleted it there; until it is pruned. */
  wasDeleted(backup: Pick<Backup, 'id' | 'origin'>): boolean {
    return this.#deleted.has(identityOf(backup));
  }

  /** The undeleted backups of this table next to this moment: the newest that is not newer, and the oldest that is (format, "Copy" 3). */
  async bases(
    table: CommittedTable,
    { when, mode }: Pick<Backup, 'when' | 'mode'>,
    call: CallOptions,
  ): Promise<readonly HeldBase[]> {
    const key = keyOf(identifying(table));
    const candidates = (this.#tables.get(key) ?? []).filter((one) => one.mode === mode);
    const older = candidates.filter((one) => one.when <= when);
    const sides = [older.toReversed(), candidates.slice(older.length)];
    const found: HeldBase[] = [];
    for (const side of sides) found.push(...(await first(side, key, call)));
    return found;
  }
}

/** The first of these that is there, undeleted, readable, and whole as far as checks have said. */
async function first(candidates: readonly Candidate[], key: string, call: CallOptions): Promise<readonly HeldBase[]> {
  for (const { selector, mode, place } of candidates) {
    const found = await new Bases(place, mode, call).at(selector, (table) => keyOf(identifying(table)) === key);
    if (found && !damageOf(found)) return [{ place, found }];
  }
  return [];
}

type Identifying = Pick<TableSummary, 'uuid' | 'catalog' | 'table'>;

/** A table is the one with its uuid; without one, the one of its name. */
const keyOf = ({ uuid, catalog, table }: Identifying): string => uuid ?? `${catalog}\n${table}`;

const identifying = ({ uuid, catalog, identifier }: CommittedTable): Identifying => ({
  uuid,
  catalog: catalog.identity,
  table: identifier.join('.'),
});
