import { JsonObject } from '../../iceberg/json/object.js';
import type { TableMetadata } from '../../iceberg/metadata.js';
import { isObject, parseObject } from './types.js';

/** Iceberg's `iceberg.hive.table-property-max-size`: longer JSON is left out of the parameters, as its HiveCatalog does. Characters. */
const MAX_JSON = 32_672;

/** Properties that would say something false, or that the entry itself sets. */
const NOT_COPIED = new Set([
  'external',
  'table_type',
  'metadata_location',
  'previous_metadata_location',
  'storage_handler',
  'column_stats_accurate',
  'transient_lastddltime',
  'hive.metastore.table.owner',
]);

/** The totals of a snapshot's summary that Hive knows under other names. */
const STATISTICS = [
  ['numFiles', 'total-data-files'],
  ['numRows', 'total-records'],
  ['totalSize', 'total-files-size'],
] as const;

/**
 * Parameters of the Hive entry for this metadata (HMSTablePropertyHelper of Iceberg 1.11): all table properties, then what HiveCatalog derives.
 * The metastore consumes DO_NOT_UPDATE_STATS: without it, it would add totals of its own that are wrong for Iceberg.
 */
export function tableParameters(
  metadata: TableMetadata,
  metadataLocation: string,
  storageHandler: string | undefined,
): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [key, value] of metadata.properties) {
    if (!NOT_COPIED.has(key.toLowerCase())) parameters.set(key === 'gc.enabled' ? 'external.table.purge' : key, value);
  }
  if (metadata.tableUuid !== undefined) parameters.set('uuid', metadata.tableUuid);
  parameters.set('EXTERNAL', 'TRUE').set('table_type', 'ICEBERG').set('metadata_location', metadataLocation);
  if (storageHandler !== undefined) parameters.set('storage_handler', storageHandler);
  setSnapshot(parameters, metadata);
  setJson(parameters, 'current-schema', minify(metadata.currentSchemaJson));
  setJson(parameters, 'default-partition-spec', partitionSpec(metadata.defaultSpecJson));
  setJson(parameters, 'default-sort-order', sortOrder(metadata.defaultSortOrderJson));
  return parameters.set('DO_NOT_UPDATE_STATS', 'true');
}

function setSnapshot(parameters: Map<string, string>, metadata: TableMetadata): void {
  parameters.set('snapshot-count', String(metadata.snapshots.length));
  const current = metadata.snapshots.find(({ id }) => id === metadata.currentSnapshotId);
  if (current === undefined) return;
  parameters.set('current-snapshot-id', String(current.id));
  parameters.set('current-snapshot-timestamp-ms', String(current.timestampMs));
  if (metadata.currentSummaryJson === undefined) return;
  const summary = summaryOf(metadata.currentSummaryJson);
  setJson(parameters, 'current-snapshot-summary', JSON.stringify(Object.fromEntries(summary)));
  for (const [name, total] of STATISTICS) {
    const value = summary.get(total);
    if (value !== undefined) parameters.set(name, value);
  }
}

/** Java keeps `operation` apart from the rest of a summary, and reads every value as text. */
function summaryOf(json: string): ReadonlyMap<string, string> {
  const object = JsonObject.parse(Buffer.from(json), 'snapshot summary');
  const summary = new Map<string, string>();
  for (const key of object.keys()) {
    const raw = object.raw(key);
    if (key !== 'operation' && raw !== undefined) summary.set(key, raw.startsWith('"') ? (object.string(key) ?? '') : raw);
  }
  return summary;
}

function setJson(parameters: Map<string, string>, key: string, json: string | undefined): void {
  if (json !== undefined && json.length <= MAX_JSON) parameters.set(key, json);
  else parameters.delete(key);
}

/** undefined for an unpartitioned table. v1 files may hold the bare list of fields, which is spec 0. */
function partitionSpec(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  const compact = minify(json);
  const spec = compact.startsWith('[') ? `{"spec-id":0,"fields":${compact}}` : compact;
  const { fields } = parseObject(spec, 'partition spec');
  const partitioned = Array.isArray(fields) && fields.some((field) => isObject(field) && field.transform !== 'void');
  return partitioned ? spec : undefined;
}

function sortOrder(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  const { fields } = parseObject(json, 'sort order');
  return Array.isArray(fields) && fields.length > 0 ? minify(json) : undefined;
}

/** JSON without white space between tokens; every token as it was spelt. */
export function minify(json: string): string {
  return json.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\r\n]+/g, '$1');
}
