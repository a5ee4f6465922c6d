/** The facts bcn needs of a metadata.json file. Everything else stays in the bytes (rewrite-metadata.ts). Spec: "Table Metadata Fields". */
import { gunzipSync } from 'node:zlib';
import { BcnError } from '../errors.js';
import { JsonObject } from './json/object.js';

/** Table metadata as bcn needs it: facts, not a model. int64 are bigint, everything else stays in the bytes. */
export interface TableMetadata {
  readonly formatVersion: number;
  /** Absent in some v1 tables. */
  readonly tableUuid: string | undefined;
  /** Exactly as spelt, with any trailing slash. */
  readonly location: string;
  readonly lastUpdatedMs: bigint;
  readonly lastSequenceNumber: bigint;
  /** undefined when there is none (absent, null or -1). */
  readonly currentSnapshotId: bigint | undefined;
  readonly snapshots: readonly Snapshot[];
  readonly refs: readonly SnapshotRef[];
  /** In file order; a duplicate key's last value wins, as in JSON parsers. */
  readonly properties: ReadonlyMap<string, string>;
  readonly metadataLog: readonly string[];
  /** Entries of `statistics`, then of `partition-statistics`. */
  readonly statistics: readonly StatisticsFile[];
  /** Number of entries of `encryption-keys`. */
  readonly encryptionKeys: number;
  /** Raw JSON text of the current schema, default spec and default sort order (undefined where the file has none); v1 files fall back to `schema` and `partition-spec`. */
  readonly currentSchemaJson: string;
  readonly defaultSpecJson: string | undefined;
  readonly defaultSortOrderJson: string | undefined;
  /** Raw JSON of the current snapshot's summary. */
  readonly currentSummaryJson: string | undefined;
  readonly counts: { readonly schemas: number; readonly specs: number; readonly sortOrders: number };
}

export interface Snapshot {
  readonly id: bigint;
  readonly parentId: bigint | undefined;
  readonly timestampMs: bigint;
  /** Absent only in v1 snapshots that list their manifests in place. */
  readonly manifestList: string | undefined;
  /** v1 only; else empty. */
  readonly manifests: readonly string[];
  readonly keyId: string | undefined;
}

/** A file of statistics that a snapshot has beside its data (spec: "Table Statistics", "Partition Statistics"). */
export interface StatisticsFile {
  readonly path: string;
  readonly snapshotId: bigint | undefined;
  /** Bytes, as recorded. */
  readonly size: bigint | undefined;
  /** True when the file is encrypted. */
  readonly keyMetadata: boolean;
}

export interface SnapshotRef {
  readonly name: string;
  readonly type: string;
  readonly snapshotId: bigint;
}

/** Newest format version that bcn understands. */
const NEWEST_FORMAT = 3;
const MAX_INFLATED = 2 ** 31 - 1;

/**
 * The JSON of a metadata file that may be gzip, told by its first bytes: names do not always say so.
 *
 * @throws BcnError `corrupt` when the gzip data is damaged or cut; `unsupported` when it inflates to 2 GiB or more.
 */
export function inflateMetadata(bytes: Buffer, name: string): { readonly bytes: Buffer; readonly gzip: boolean } {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { bytes, gzip: false };
  try {
    return { bytes: gunzipSync(bytes, { maxOutputLength: MAX_INFLATED }), gzip: true };
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const what = tooLarge ? 'inflates to 2 GiB or more' : `is damaged gzip data: ${(cause as Error).message}`;
    throw new BcnError(tooLarge ? 'unsupported' : 'corrupt', `${name} ${what}`, {
      object: name,
      hint: 'Compare the file with an earlier metadata file of the table.',
      cause,
    });
  }
}

/**
 * Reads the JSON of a metadata file, format versions 1 to 3. Of a newer version only `formatVersion`, `tableUuid` and
 * `location` (else '') are read, so that the caller can refuse it by name.
 *
 * @param bytes after `inflateMetadata`
 * @param name URI of the file, for errors
 * @throws BcnError `corrupt` for anything that is not a table's metadata, naming the field or byte; `unsupported` for ids written as floats.
 */
export function readMetadata(bytes: Buffer, name: string): TableMetadata {
  const root = JsonObject.parse(bytes, name);
  const formatVersion = Number(root.require('format-version', root.int64));
  if (formatVersion < 1) root.fail(`format-version is ${formatVersion}`);
  const tableUuid = root.string('table-uuid');
  if (formatVersion > NEWEST_FORMAT) return { ...NOTHING, formatVersion, tableUuid, location: root.string('location') ?? '' };

  const current = root.int64('current-snapshot-id');
  const currentSnapshotId = current === -1n ? undefined : current;
  const snapshots = readSnapshots(root, currentSnapshotId);
  const schemas = readChoice(root, 'schemas', 'schema-id', 'current-schema-id', root.object('schema')?.text);
  root.count('partition-spec'); // refuses anything but an array
  const specs = readChoice(root, 'partition-specs', 'spec-id', 'default-spec-id', root.raw('partition-spec'));
  const orders = readChoice(root, 'sort-orders', 'order-id', 'default-sort-order-id');
  return {
    formatVersion,
    tableUuid,
    location: root.require('location', root.string) || root.fail('location is empty'),
    lastUpdatedMs: root.require('last-updated-ms', root.int64),
    lastSequenceNumber: root.int64('last-sequence-number') ?? 0n,
    currentSnapshotId,
    snapshots: snapshots.all,
    refs: readRefs(root, currentSnapshotId),
    properties: readProperties(root),
    metadataLog: readMetadataLog(root),
    statistics: [...readStatistics(root, 'statistics'), ...readStatistics(root, 'partition-statistics')],
    encryptionKeys: root.count('encryption-keys'),
    currentSchemaJson: schemas.chosen ?? root.fail('there is no schema'),
    defaultSpecJson: specs.chosen,
    defaultSortOrderJson: orders.chosen,
    currentSummaryJson: snapshots.currentSummary,
    counts: { schemas: schemas.count, specs: specs.count, sortOrders: orders.count },
  };
}

const NOTHING = {
  lastUpdatedMs: 0n,
  lastSequenceNumber: 0n,
  currentSnapshotId: undefined,
  snapshots: [],
  refs: [],
  properties: new Map<string, string>(),
  metadataLog: [],
  statistics: [],
  encryptionKeys: 0,
  currentSchemaJson: '',
  defaultSpecJson: undefined,
  defaultSortOrderJson: undefined,
  currentSummaryJson: undefined,
  counts: { schemas: 0, specs: 0, sortOrders: 0 },
} as const;

/** Repeated ids are kept as they are: the last one's summary counts. */
function readSnapshots(root: JsonObject, currentId: bigint | undefined) {
  const all: Snapshot[] = [];
  let currentFound = false;
  let currentSummary: string | undefined;
  root.eachObject('snapshots', (item) => {
    const snapshot = readSnapshot(item);
    all.push(snapshot);
    if (snapshot.id !== currentId) return;
    currentFound = true;
    currentSummary = item.object('summary')?.text;
  });
  if (currentId !== undefined && !currentFound) root.fail(`current-snapshot-id ${currentId} is not among the snapshots`);
  return { all, currentSummary };
}

/** As Java's SnapshotParser: `manifests` counts only where there is no `manifest-list`, and one of them must be there. */
function readSnapshot(item: JsonObject): Snapshot {
  const manifestList = item.string('manifest-list');
  return {
    id: item.require('snapshot-id', item.int64),
    parentId: item.int64('parent-snapshot-id'),
    timestampMs: item.require('timestamp-ms', item.int64),
    manifestList,
    manifests: manifestList === undefined ? item.require('manifests', item.strings) : [],
    keyId: item.string('key-id'),
  };
}

/** Without `refs` (v1, early v2) the current snapshot is the head of main. */
function readRefs(root: JsonObject, currentId: bigint | undefined): readonly SnapshotRef[] {
  const refs = root.object('refs');
  if (refs === undefined) return currentId === undefined ? [] : [{ name: 'main', type: 'branch', snapshotId: currentId }];
  return refs.keys().map((name) => {
    const ref = refs.require(name, refs.object);
    return { name, type: ref.require('type', ref.string), snapshotId: ref.require('snapshot-id', ref.int64) };
  });
}

function readProperties(root: JsonObject): ReadonlyMap<string, string> {
  const properties = root.object('properties');
  return new Map(properties?.keys().map((key) => [key, properties.require(key, properties.string)]));
}

function readMetadataLog(root: JsonObject): readonly string[] {
  const files: string[] = [];
  root.eachObject('metadata-log', (item) => files.push(item.require('metadata-file', item.string)));
  return files;
}

function readStatistics(root: JsonObject, list: 'statistics' | 'partition-statistics'): readonly StatisticsFile[] {
  const files: StatisticsFile[] = [];
  root.eachObject(list, (item) =>
    files.push({
      path: item.require('statistics-path', item.string),
      snapshotId: item.int64('snapshot-id'),
      size: item.int64('file-size-in-bytes'),
      keyMetadata: item.has('key-metadata'),
    }),
  );
  return files;
}

/** The text of the item of `list` that `chosenId` names; a v1 file may have only one, not in a list. */
function readChoice(root: JsonObject, list: string, itemId: string, chosenId: string, only?: string) {
  const id = root.int64(chosenId);
  let chosen: string | undefined;
  const count = root.eachObject(list, (item) => {
    if (item.require(itemId, item.int64) === id) chosen = item.text;
  });
  if (count > 0 && id !== undefined) {
    return { count, chosen: chosen ?? root.fail(`${chosenId} ${id} is not among the ${list}`) };
  }
  return { count: count > 0 || only === undefined ? count : 1, chosen: only };
}
