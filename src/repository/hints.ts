import { isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions, ListPage, ObjectInfo } from '../storage/port.js';
import type { Backup, Commit, CommittedTable } from './commit.js';
import { type Damage, hurts, readDamage } from './damage.js';
import { type BackupState, readState } from './events.js';
import { hintKey, hintMark, hintPrefix, isHintMark, selectorOfHintKey, tableKey } from './keys.js';
import { backupSelectors, findCommit } from './load.js';
import { Moment } from './moment.js';
import type { RepositoryPlace } from './place.js';
import { withRepairs } from './repairs.js';

/** A table by its name. */
export interface TableName {
  /** Identity of its catalog. */
  readonly catalog: string;
  /** `database.table` */
  readonly table: string;
}

/** A table by what it is. */
export interface TableIdentity extends TableName {
  readonly uuid: string | undefined;
}

export interface Base {
  readonly commit: Backup;
  readonly table: CommittedTable;
  /** v of the time rule: store time, ms, at which it was seen undeleted, and the moment of that look. */
  readonly seen: number;
  readonly moment: Moment;
  /** What a check found damaged of it; nothing of that is reused. */
  readonly damage?: Damage;
}

/** What a check found damaged of the table in its base; undefined when nothing. */
export function damageOf({ commit, table, damage }: Base): Damage | undefined {
  return damage && hurts(damage, commit.tables.indexOf(table)) ? damage : undefined;
}

/** A hint without a mark beside it, and when that was seen. */
interface HintLook {
  /** Key without the repository's prefix. */
  readonly hint: string;
  /** Store time, ms. */
  readonly seen: number;
  readonly moment: Moment;
}

type IsTable = (table: CommittedTable) => boolean;

/** Finds the newest undeleted backups of tables in one mode. Backups of many tables are read once. */
export class Bases {
  readonly #place: RepositoryPlace;
  readonly #mode: Commit['mode'];
  readonly #options: CallOptions;
  readonly #known = new Map<string, Promise<Omit<Base, 'table'> | undefined>>();

  constructor(place: RepositoryPlace, mode: Commit['mode'], options: CallOptions = {}) {
    this.#place = place;
    this.#mode = mode;
    this.#options = options;
  }

  /**
   * By the hints of its name: one page of LIST and a GET of the backup; where a mark lies beside its hint, a LIST of its events, too. undefined: there is none, or hints are missing.
   */
  async byName({ catalog, table }: TableName): Promise<Base | undefined> {
    const prefix = hintPrefix(tableKey(catalog, table));
    const isTable: IsTable = (one) => one.catalog.identity === catalog && one.identifier.join('.') === table;
    const moment = new Moment();
    const pages = this.#place.store.list(this.#place.prefix + prefix, this.#options)[Symbol.asyncIterator]();
    try {
      const { value: page } = await pages.next();
      for (const [i, { key }] of ((page as ListPage | undefined)?.objects ?? []).entries()) {
        if (isHintMark(key)) continue;
        const isMarked = (next: ObjectInfo | undefined) =>
          next !== undefined && isHintMark(next.key) && next.key.startsWith(`${key}!`);
        let next = page.objects[i + 1];
        // Only at the very end of a full page does it cost a request.
        if (!next) next = ((await pages.next()).value as ListPage | undefined)?.objects[0];
        const look = isMarked(next) ? undefined : { hint: key.slice(this.#place.prefix.length), seen: page.date, moment };
        const base = await this.#find(selectorOfHintKey(key), isTable, look);
        if (base) return base;
      }
    } finally {
      await pages.return?.();
    }
    return undefined;
  }

  /** By reading every backup: what hints do not know, as after a table was renamed. */
  async search(identity: TableIdentity): Promise<Base | undefined> {
    let newest: Base | undefined;
    const read = (selector: string) => this.#find(selector, (table) => isSameTable(table, identity));
    for await (const base of parallel(backupSelectors(this.#place, this.#options), read, 16)) {
      if (base && (!newest || base.commit.when > newest.commit.when)) newest = base;
    }
    return newest;
  }

  /** The backup of this name or selector, if it holds such a table and can be a base. */
  at(selector: string, isTable: IsTable): Promise<Base | undefined> {
    return this.#find(selector, isTable);
  }

  async #find(selector: string, isTable: IsTable, look?: HintLook): Promise<Base | undefined> {
    const known = this.#known.get(selector) ?? this.#read(selector, look);
    this.#known.set(selector, known);
    const found = await known;
    const table = found?.commit.tables.find(isTable);
    return found && table && { ...found, table };
  }

  async #read(selector: string, look?: HintLook): Promise<Omit<Base, 'table'> | undefined> {
    // Before the record is read: its events, and marks beside its hints, may be gone some time after it.
    const moment = look?.moment ?? new Moment();
    const commit = await findCommit(this.#place, selector, this.#options).catch((error: unknown) => {
      // A backup that cannot be read is no base; it is for verify to report.
      if (isCode(error, 'corrupt', 'repository-too-new')) return undefined;
      throw error;
    });
    if (commit?.mode !== this.#mode) return undefined;
    // A name that was purged and is used again has hints of both.
    if (look && hintsOf(commit).includes(look.hint)) return { commit, seen: look.seen, moment };
    const state = await readState(this.#place, commit.id, this.#options);
    if (state.deleted) return undefined;
    const damage = await readDamage(this.#place, state, this.#options);
    const repaired = await this.#repaired(commit, state);
    return repaired && { commit: repaired, seen: state.seen, moment, ...(damage && { damage }) };
  }

  async #repaired(commit: Backup, state: BackupState): Promise<Backup | undefined> {
    return withRepairs(this.#place, commit, state, this.#options).catch((error: unknown) => {
      if (isCode(error, 'corrupt')) return undefined;
      throw error;
    });
  }
}

const hintOf = ({ catalog, table }: TableName, { when, selector }: Pick<Backup, 'selector' | 'when'>): string =>
  hintKey(tableKey(catalog, table), Date.parse(when), selector);

const hintsOf = (backup: Backup): string[] =>
  backup.tables.map(({ catalog, identifier }) => hintOf({ catalog: catalog.identity, table: identifier.join('.') }, backup));

const PARALLEL = 16;

/**
 * Marks the hints of a backup, before an event is created that keeps it from being a base as it is (`deleted`, `damaged`, `repaired`): who sees no mark need not look for events.
 */
export async function markHints(place: RepositoryPlace, backup: HintedBackup, options: CallOptions = {}): Promise<void> {
  const mark = (name: TableName) =>
    createOnce(place.store, place.prefix + hintMark(hintOf(name, backup)), Buffer.alloc(0), options);
  for await (const _ of parallel(backup.tables, mark, PARALLEL));
}

/** What hints tell of a backup. */
export interface HintedBackup extends Pick<Backup, 'selector' | 'when'> {
  readonly tables: readonly TableName[];
}

/** As `markHints` wants it. */
export const hinted = ({ selector, when, tables }: Backup): HintedBackup => ({
  ...{ selector, when },
  tables: tables.map(({ catalog, identifier }) => ({ catalog: catalog.identity, table: identifier.join('.') })),
});

/** Best effort: a hint that cannot be written costs the next backup a few requests. */
export async function writeHint(
  place: RepositoryPlace,
  name: TableName,
  backup: Pick<Backup, 'selector' | 'when'>,
): Promise<void> {
  await createOnce(place.store, place.prefix + hintOf(name, backup), Buffer.alloc(0)).catch(() => undefined);
}

/** Whether a backup got as far as its hint. */
export async function hasHint(
  place: RepositoryPlace,
  name: TableName,
  backup: Pick<Backup, 'selector' | 'when'>,
  options: CallOptions = {},
): Promise<boolean> {
  try {
    await place.store.get(place.prefix + hintOf(name, backup), options);
    return true;
  } catch (error) {
    if (isCode(error, 'object-not-found')) return false;
    throw error;
  }
}

function isSameTable(table: CommittedTable, identity: TableIdentity): boolean {
  if (table.uuid !== null || identity.uuid !== undefined) return table.uuid === identity.uuid;
  return table.catalog.identity === identity.catalog && table.identifier.join('.') === identity.table;
}
