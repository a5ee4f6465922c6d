import type { RawEntry } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import { describeOrder, describeSpec } from '../iceberg/ordering.js';
import { concretePath } from '../iceberg/paths.js';
import { readSchema, type TableSchema } from '../iceberg/schema.js';
import { readSnapshotFacts, type SnapshotFacts } from '../iceberg/snapshot-facts.js';
import { type Backup, type CommittedTable, type Requirement, summarise } from '../repository/commit.js';
import { type BackupEvent, healthOf, readEvents } from '../repository/history.js';
import { missingFiles } from '../repository/inventory.js';
import { resolveBackup } from '../repository/latest.js';
import type { ListedBackup } from '../repository/list.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { CallOptions } from '../storage/port.js';
import type { ContentAmounts } from './amounts.js';
import { currentContent } from './current.js';
import { masked, maskedValue } from './mask.js';
import { placesOfTable, type TablePlaceFacts } from './places.js';
import { readBackedTable } from './table.js';

/** All facts of a backup. */
export interface ShownBackup {
  readonly backup: ListedBackup;
  readonly events: readonly BackupEvent[];
  readonly tables: readonly ShownTable[];
}

/** What the backup's record does not say of a table; of one whose backup is damaged, why nothing more is known. */
export interface ShownTable {
  /** `database.table` */
  readonly table: string;
  readonly facts?: TableFacts;
  readonly error?: BcnError;
}

export interface TableFacts {
  /** In the order of the metadata. */
  readonly snapshots: readonly SnapshotFacts[];
  /** The current one. */
  readonly schema: TableSchema;
  /** The default partition spec; empty = unpartitioned. */
  readonly partitioning: readonly string[];
  /** The default sort order; empty = unsorted. */
  readonly order: readonly string[];
  /** Without values that may be secrets. */
  readonly properties: Readonly<Record<string, string>>;
  readonly places: readonly TablePlaceFacts[];
  /** What the current snapshot holds. */
  readonly content: ContentAmounts;
  readonly requires: readonly Requirement[];
  /** Live files that the source lacked when the backup was made, by their source paths. */
  readonly missing: readonly { readonly path: string; readonly size: number }[];
  /** Endpoint that the files were read from. */
  readonly source: string;
  /** The catalog's entry for people, without what may be a secret. */
  readonly entry: Readonly<Record<string, unknown>>;
}

/**
 * Reads a backup's record, its events and of each table the metadata. A table whose metadata is damaged is named as such; throws what keeps it from looking at the
 * record: `usage`, `backup-not-found`, `corrupt`, …
 */
export async function showBackup(place: RepositoryPlace, name: string, call: CallOptions = {}): Promise<ShownBackup> {
  const backup = await resolveBackup(place, name, call);
  const events = (await readEvents(place, { ...call, of: backup.id })).get(backup.id) ?? [];
  const { deleted: _, ...state } = healthOf(events);
  const tables: ShownTable[] = [];
  for (const table of backup.tables) tables.push(await showTable(place, backup, table, call));
  return { backup: { ...summarise(backup), ...state }, events, tables };
}

async function showTable(place: RepositoryPlace, backup: Backup, table: CommittedTable, call: CallOptions): Promise<ShownTable> {
  const name = table.identifier.join('.');
  try {
    return { table: name, facts: await readFacts(place, table, call) };
  } catch (error) {
    if (!isCode(error, 'corrupt', 'unsupported')) throw error;
    const hint = `See all damage: bcn verify ${backup.selector}`;
    return {
      table: name,
      error: new BcnError(error.code, error.message, { object: error.object, table: name, cause: error, hint }),
    };
  }
}

async function readFacts(place: RepositoryPlace, table: CommittedTable, call: CallOptions): Promise<TableFacts> {
  const backed = await readBackedTable(place, table, call);
  const { root, bytes, metadata } = backed;
  const name = root.metadataLocation;
  const schema = readSchema(metadata.currentSchemaJson, name);
  return {
    snapshots: readSnapshotFacts(bytes, name),
    schema,
    partitioning: describeSpec(metadata.defaultSpecJson, schema, name),
    order: describeOrder(metadata.defaultSortOrderJson, schema, name),
    properties: Object.fromEntries([...metadata.properties].map(([key, value]) => [key, masked(key, value)])),
    places: await placesOfTable(place, table, root, call),
    content: await currentContent(place, backed, call),
    requires: table.requires ?? [],
    missing: (await missingFiles(place, root.manifests, call)).map(({ path, size }) => ({
      path: concretePath(path, root.location),
      size,
    })),
    source: table.source,
    entry: entryFacts(table.entry),
  };
}

/** What the adapter says for people of its entry, else what of it is no binary struct. */
function entryFacts({ type, summary, ...rest }: RawEntry): Readonly<Record<string, unknown>> {
  const shown = typeof summary === 'object' && summary !== null ? summary : rest;
  return { type, ...(maskedValue('', shown) as object) };
}
