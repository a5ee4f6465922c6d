import { randomUUID } from 'node:crypto';
import { entry, LIST_V2, listEntry, manifestSchema, V2_FIELDS } from '../iceberg/avro/manifests.js';
import { file, type Json, type Value } from '../iceberg/avro/support.js';
import { puffin, vector } from '../iceberg/puffin/support.js';
import { type Document, stringify } from './json.js';

/** A file as one entry of a manifest names it. */
export interface FreeFile {
  /** Exactly as the entry spells it. */
  readonly path: string;
  readonly size: number;
  /** 0 data (default), 1 position deletes and deletion vectors, 2 equality deletes. */
  readonly content?: 0 | 1 | 2;
  readonly format?: string;
  /** 0 existing, 1 added (default), 2 deleted. */
  readonly status?: 0 | 1 | 2;
  readonly referenced?: string;
  /** Path bounds, under the id of `file_path`. */
  readonly bounds?: readonly [lower: string, upper: string];
  readonly blob?: { readonly offset: number; readonly size: number };
  readonly records?: number;
}

export interface FreeManifest {
  readonly path: string;
  readonly length: number;
  readonly content: 0 | 1;
}

interface FreeSnapshot {
  readonly id: number;
  readonly list: string;
}

const nullable = (type: Json): Json => ['null', type];
const FIELDS: readonly Json[] = [
  ...V2_FIELDS,
  {
    name: 'column_sizes',
    'field-id': 108,
    type: nullable({
      type: 'array',
      logicalType: 'map',
      items: {
        type: 'record',
        name: 'k117_v118',
        fields: [
          { name: 'key', type: 'int', 'field-id': 117 },
          { name: 'value', type: 'long', 'field-id': 118 },
        ],
      },
    }),
  },
  { name: 'split_offsets', 'field-id': 132, type: nullable({ type: 'array', items: 'long', 'element-id': 133 }) },
  { name: 'content_offset', 'field-id': 144, type: nullable('long') },
  { name: 'content_size_in_bytes', 'field-id': 145, type: nullable('long') },
];

const FILE_PATH = 2147483546;

/** Where such a table is written: a store that takes every URI, and a catalog. */
interface FreeWorld {
  put(uri: string, bytes: Buffer | string): Promise<void>;
  publish(table: FreeTable): void;
}

/** A table whose files lie where the test says and are spelt as it says: nothing is derived from its location but the place of its metadata. */
export class FreeTable {
  /** Set anew, it is the table's from the next `write` on: ALTER TABLE … SET LOCATION. */
  location: string;
  readonly #world: FreeWorld;
  readonly #uuid = randomUUID();
  readonly #properties: Readonly<Record<string, string>>;
  readonly #snapshots: FreeSnapshot[] = [];
  statistics: { readonly path: string; readonly size: number; readonly snapshot: number }[] = [];
  metadataLocation = '';
  #names = 0;

  constructor(world: FreeWorld, location = 's3://b/t', properties: Readonly<Record<string, string>> = {}) {
    this.#world = world;
    this.location = location;
    this.#properties = properties;
  }

  /** Writes an object and names it as data, unless `more` says otherwise. */
  async put(path: string, bytes: Buffer | string, more: Partial<FreeFile> = {}): Promise<FreeFile> {
    const content = Buffer.from(bytes as string);
    await this.#world.put(path, content);
    return { path, size: content.length, ...more };
  }

  /** Position deletes in Avro of these rows, which must be sorted. */
  putDeletes(path: string, rows: readonly (readonly [string, number])[], more: Partial<FreeFile> = {}): Promise<FreeFile> {
    return this.put(path, avroDeletes(rows), { content: 1, format: 'AVRO', records: rows.length, ...more });
  }

  /** A file of deletion vectors, one entry for each; every vector has a bitmap of its own. */
  async putVectors(path: string, dataFiles: readonly string[]): Promise<readonly FreeFile[]> {
    const blobs = dataFiles.map((_, n) => vector(Buffer.from([1, 0, 0, 0, 0, 0, 0, n])));
    const at = (n: number) => 4 + blobs.slice(0, n).reduce((sum, { length }) => sum + length, 0);
    const payload = JSON.stringify({
      blobs: blobs.map(({ length }, n) => ({
        type: 'deletion-vector-v1',
        fields: [2147483645],
        'snapshot-id': -1,
        'sequence-number': -1,
        offset: at(n),
        length,
        properties: { 'referenced-data-file': dataFiles[n], cardinality: '1' },
      })),
    });
    const bytes = puffin({ body: Buffer.concat(blobs), payload });
    await this.#world.put(path, bytes);
    return dataFiles.map((referenced, n) => ({
      path,
      size: bytes.length,
      content: 1,
      format: 'PUFFIN',
      referenced,
      blob: { offset: at(n), size: blobs[n]?.length ?? 0 },
      records: 1,
    }));
  }

  async manifest(files: readonly FreeFile[], path = `${this.#metadata()}/m${this.#names++}.avro`): Promise<FreeManifest> {
    const bytes = file({
      schema: manifestSchema(FIELDS),
      blocks: files.length === 0 ? [] : [files.map(record)],
      codec: 'deflate',
    });
    await this.#world.put(path, bytes);
    return { path, length: bytes.length, content: files.some(({ content = 0 }) => content !== 0) ? 1 : 0 };
  }

  /** A snapshot of exactly these manifests. Returns its id. */
  async commit(manifests: readonly FreeManifest[], list = `${this.#metadata()}/snap-${this.#names++}.avro`): Promise<number> {
    const records: Value[] = manifests.map(({ path, length, content }) =>
      listEntry({ manifest_path: path, manifest_length: length, content, added_snapshot_id: 1 }),
    );
    await this.#world.put(list, file({ schema: LIST_V2, blocks: records.length === 0 ? [] : [records] }));
    const id = this.#snapshots.length + 1;
    this.#snapshots.push({ id, list });
    await this.write();
    return id;
  }

  /** A new metadata.json of the table as it is, published as `db.t`. */
  async write(): Promise<void> {
    this.metadataLocation = `${this.#metadata()}/0000${this.#names}-${randomUUID()}.metadata.json`;
    this.#names++;
    await this.#world.put(this.metadataLocation, stringify(this.#document() as Document));
    this.#world.publish(this);
  }

  #metadata(): string {
    return this.#properties['write.metadata.path'] ?? `${this.location.replace(/\/+$/, '')}/metadata`;
  }

  #document(): Record<string, unknown> {
    const current = this.#snapshots.at(-1)?.id ?? -1;
    return {
      'format-version': 3,
      'table-uuid': this.#uuid,
      location: this.location,
      'last-sequence-number': this.#snapshots.length,
      'last-updated-ms': 1_800_000_000_000,
      'last-column-id': 1,
      'current-schema-id': 0,
      schemas: [{ type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'id', required: false, type: 'long' }] }],
      'default-spec-id': 0,
      'partition-specs': [{ 'spec-id': 0, fields: [] }],
      'last-partition-id': 999,
      'default-sort-order-id': 0,
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      'next-row-id': 0,
      properties: this.#properties,
      'current-snapshot-id': current,
      refs: current === -1 ? {} : { main: { 'snapshot-id': current, type: 'branch' } },
      snapshots: this.#snapshots.map(({ id, list }) => ({
        'snapshot-id': id,
        ...(id > 1 ? { 'parent-snapshot-id': id - 1 } : {}),
        'sequence-number': id,
        'timestamp-ms': 1_700_000_000_000 + id,
        summary: { operation: 'append' },
        'manifest-list': list,
        'schema-id': 0,
      })),
      statistics: this.statistics.map(({ path, size, snapshot }) => ({
        'snapshot-id': snapshot,
        'statistics-path': path,
        'file-size-in-bytes': size,
        'file-footer-size-in-bytes': 0,
        'blob-metadata': [],
      })),
    };
  }
}

function record(named: FreeFile): Value {
  const { path, size, content = 0, format = 'PARQUET', status = 1, referenced = null, bounds, blob, records = 9 } = named;
  const bound = (path: string | undefined) => (path === undefined ? null : [{ key: FILE_PATH, value: Buffer.from(path) }]);
  return entry(
    {
      content,
      file_path: path,
      file_format: format,
      record_count: records,
      file_size_in_bytes: size,
      lower_bounds: bound(bounds?.[0]),
      upper_bounds: bound(bounds?.[1]),
      referenced_data_file: referenced,
      column_sizes: content === 1 && blob === undefined ? [{ key: FILE_PATH, value: 77 }] : null,
      split_offsets: content === 1 && blob === undefined ? [4] : null,
      content_offset: blob?.offset ?? null,
      content_size_in_bytes: blob?.size ?? null,
    },
    { status, snapshot_id: 1, sequence_number: status === 1 ? null : 1 },
  );
}

/** An Avro file of position deletes. */
export function avroDeletes(rows: readonly (readonly [path: string, pos: number])[], codec = 'deflate'): Buffer {
  const schema: Json = {
    type: 'record',
    name: 'table',
    fields: [
      { name: 'file_path', type: 'string', 'field-id': FILE_PATH },
      { name: 'pos', type: 'long', 'field-id': 2147483545 },
    ],
  };
  const records: Value[] = rows.map(([file_path, pos]) => ({ file_path, pos }));
  return file({ schema, blocks: records.length === 0 ? [] : [records], codec });
}
