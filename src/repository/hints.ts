import { isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';
import type { Commit, CommittedTable } from './commit.js';
import { readDeletion } from './events.js';
import { hintKey, hintPrefix, nameOfHintKey, tableKey } from './keys.js';
import { backupNames, findCommit } from './load.js';
import type { RepositoryPlace } from './place.js';

/** Which table a base is looked for. */
export interface TableIdentity {
  readonly catalog: string;
  /** `database.table` */
  readonly table: string;
  readonly uuid: string | undefined;
}

export interface Base {
  readonly commit: Commit;
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
      const base = await asBase(place, nameOfHintKey(key), identity, mode, options);
      if (base) return base;
    }
    break;
  }
  let newest: Base | undefined;
  const read = (name: string) => asBase(place, name, identity, mode, options);
  for await (const base of parallel(backupNames(place, options), read, 16)) {
    if (base && (!newest || base.commit.when > newest.commit.when)) newest = base;
  }
  return newest;
}

/** Best effort: a hint that cannot be written costs the next backup a few requests. */
export async function writeHint(
  place: RepositoryPlace,
  identity: TableIdentity,
  commit: Pick<Commit, 'name' | 'when'>,
): Promise<void> {
  const key = hintKey(tableKey(identity.uuid, identity.catalog, identity.table), Date.parse(commit.when), commit.name);
  await createOnce(place.store, place.prefix + key, Buffer.alloc(0)).catch(() => undefined);
}

async function asBase(
  place: RepositoryPlace,
  name: string,
  identity: TableIdentity,
  mode: Commit['mode'],
  options: CallOptions,
): Promise<Base | undefined> {
  const commit = await findCommit(place, name, options).catch((error: unknown) => {
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
