import { isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';
import type { Backup, Commit, CommittedTable } from './commit.js';
import { readDeletion } from './events.js';
import { hintKey, hintPrefix, selectorOfHintKey, tableKey } from './keys.js';
import { backupSelectors, findCommit } from './load.js';
import type { RepositoryPlace } from './place.js';

/** Which table a base is looked for. */
export interface TableIdentity {
  readonly catalog: string;
  /** `database.table` */
  readonly table: string;
  readonly uuid: string | undefined;
}

export interface Base {
  readonly commit: Backup;
  readonly table: CommittedTable;
  /** v of the time rule: store time at which it was seen undeleted. */
  readonly seen: number;
}

/** The newest undeleted backup of a table in this mode: by hint, else by reading every backup. */
export async function findBase(
  place: RepositoryPlace,
  identity: TableIdentity,
  mode: Commit['mode'],
  options: CallOptions = {},
): Promise<Base | undefined> {
  const prefix = hintPrefix(tableKey(identity.uuid, identity.catalog, identity.table));
  for await (const page of place.store.list(place.prefix + prefix, options)) {
    for (const { key } of page.objects) {
      const base = await asBase(place, selectorOfHintKey(key), identity, mode, options);
      if (base) return base;
    }
    break;
  }
  let newest: Base | undefined;
  const read = (selector: string) => asBase(place, selector, identity, mode, options);
  for await (const base of parallel(backupSelectors(place, options), read, 16)) {
    if (base && (!newest || base.commit.when > newest.commit.when)) newest = base;
  }
  return newest;
}

/** Best effort: a hint that cannot be written costs the next backup a few requests. */
export async function writeHint(
  place: RepositoryPlace,
  identity: TableIdentity,
  backup: Pick<Backup, 'selector' | 'when'>,
): Promise<void> {
  const key = hintKey(tableKey(identity.uuid, identity.catalog, identity.table), Date.parse(backup.when), backup.selector);
  await createOnce(place.store, place.prefix + key, Buffer.alloc(0)).catch(() => undefined);
}

async function asBase(
  place: RepositoryPlace,
  selector: string,
  identity: TableIdentity,
  mode: Commit['mode'],
  options: CallOptions,
): Promise<Base | undefined> {
  const commit = await findCommit(place, selector, options).catch((error: unknown) => {
    // A backup that cannot be read is no base; it is for verify to report.
    if (isCode(error, 'corrupt', 'repository-too-new')) return undefined;
    throw error;
  });
  const table = commit?.tables.find((candidate) => isSameTable(candidate, identity));
  if (!commit || !table || commit.mode !== mode) return undefined;
  const { deleted, seen } = await readDeletion(place, commit.id, options);
  return deleted ? undefined : { commit, table, seen };
}

function isSameTable(table: CommittedTable, identity: TableIdentity): boolean {
  if (table.uuid !== null || identity.uuid !== undefined) return table.uuid === identity.uuid;
  return table.catalog.identity === identity.catalog && table.identifier.join('.') === identity.table;
}
