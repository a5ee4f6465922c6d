/** Lays a table down exactly as it is told, with every liberty that writers take. */
import { randomUUID } from 'node:crypto';
import { LIST_V1, LIST_V2, listEntry, manifestSchema, V1_FIELDS, V2_FIELDS } from '../iceberg/avro/manifests.js';
import { file, type Json, packerOf, type Value } from '../iceberg/avro/support.js';
import { type Document, stringify } from '../support/json.js';
import type { World } from '../support/world.js';

type Fields = { readonly [name: string]: Value };

/** An entry of a manifest and its file. */
export interface Piece {
  /** Absolute. */
  readonly path: string;
  /** Absent: the file is gone, or another piece has it. */
  readonly bytes?: Buffer;
  /** Default: 1, added. */
  readonly status?: number;
  /** Fields of the entry: `snapshot_id`, `sequence_number`, … */
  readonly entry?: Fields;
  /** Fields of the data file. */
  readonly data?: Fields;
}

/** A manifest; the same object in several snapshots is one file. */
export interface ManifestSpec {
  readonly pieces: readonly Piece[];
  /** Fields of its entry in manifest lists. */
  readonly list?: Fields;
  /** Pairs of its header. */
  readonly meta?: Readonly<Record<string, string>>;
  /** Fields of `data_file`; default: those of version 2 and 3. */
  readonly fields?: readonly Json[];
  readonly v1?: boolean;
  readonly codec?: string;
  readonly pack?: (data: Buffer) => Buffer;
}

export interface SnapshotSpec {
  readonly id: bigint;
  readonly manifests: readonly ManifestSpec[];
  /** Schema of its manifest list; `embedded`: it has none. */
  readonly list?: Json | 'embedded';
  /** Members of the snapshot. */
  readonly more?: { readonly [name: string]: Document };
}

export interface TableSpec {
  readonly location?: string;
  readonly formatVersion?: 1 | 2 | 3;
  readonly snapshots: readonly SnapshotSpec[];
  readonly properties?: Readonly<Record<string, string>>;
  /** Members of the metadata. */
  readonly more?: { readonly [name: string]: Document };
  readonly folder?: string;
}

const nullable = (id: number, name: string, type: Json): Json => ({ name, type: ['null', type], 'field-id': id });
const sizes: Json = {
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
};

/** All that is of interest here, of every version. */
const FIELDS: readonly Json[] = [
  ...V2_FIELDS,
  nullable(108, 'column_sizes', sizes),
  nullable(132, 'split_offsets', { type: 'array', items: 'long' }),
  nullable(135, 'equality_ids', { type: 'array', items: 'int' }),
  nullable(140, 'sort_order_id', 'int'),
  nullable(142, 'first_row_id', 'long'),
  nullable(144, 'content_offset', 'long'),
  nullable(145, 'content_size_in_bytes', 'long'),
];

/** Where tables lie. */
export const LOCATION = 'memory://src/db/t';
export const at = (name: string): string => `${LOCATION}/data/${name}`;

/** A data file of these rows; each is a word of its own in the whole table. */
export function data(path: string, rows: readonly string[], more: Partial<Piece> = {}): Piece {
  return { path, bytes: Buffer.from(JSON.stringify(rows)), ...more };
}

/** Writes a table into the source and puts it into the catalog as `db.t`. Returns its metadata file. */
export async function lay(world: World, spec: TableSpec): Promise<string> {
  const { location = LOCATION, formatVersion = 2, snapshots } = spec;
  const metadata = spec.folder ?? `${location.replace(/\/+$/, '')}/metadata`;
  const written = new Map<ManifestSpec, { readonly path: string; readonly length: number }>();
  const put = async (uri: string, bytes: Buffer) => {
    await world.put(uri, bytes);
    return { path: uri, length: bytes.length };
  };
  const manifest = async (one: ManifestSpec) => {
    const known = written.get(one);
    if (known) return known;
    for (const { path, bytes } of one.pieces) if (bytes) await put(path, bytes);
    const made = await put(`${metadata}/${randomUUID()}-m0.avro`, manifestBytes(one, formatVersion));
    written.set(one, made);
    return made;
  };
  const documents: Document[] = [];
  for (const [n, { id, manifests, list, more }] of snapshots.entries()) {
    const entries: Value[] = [];
    const paths: string[] = [];
    for (const one of manifests) {
      const { path, length } = await manifest(one);
      const content = one.pieces.some((piece) => (piece.data?.content ?? 0) !== 0) ? 1 : 0;
      entries.push(listEntry({ manifest_path: path, manifest_length: length, content, added_snapshot_id: id, ...one.list }));
      paths.push(path);
    }
    const name = `${metadata}/snap-${id}-1-${randomUUID()}.avro`;
    const schema = list ?? (formatVersion === 1 ? LIST_V1 : LIST_V2);
    if (list !== 'embedded') await put(name, file({ schema: schema as Json, blocks: [entries], codec: 'deflate' }));
    documents.push({
      'snapshot-id': id,
      ...(n > 0 && { 'parent-snapshot-id': (snapshots[n - 1] as SnapshotSpec).id }),
      ...(formatVersion > 1 && { 'sequence-number': n + 1 }),
      'timestamp-ms': 1000 + n,
      summary: { operation: 'append' },
      ...(list === 'embedded' ? { manifests: paths } : { 'manifest-list': name }),
      ...more,
    });
  }
  const uri = `${metadata}/00007-${randomUUID()}.metadata.json`;
  await put(uri, Buffer.from(stringify(document(spec, location, formatVersion, documents))));
  world.tables.set('db.t', { metadataLocation: uri, location });
  return uri;
}

function manifestBytes({ pieces, meta, fields, v1 = false, codec = 'deflate', pack }: ManifestSpec, version: number): Buffer {
  const records = pieces.map(({ path, bytes, status = 1, entry = {}, data: more = {} }) => ({
    status,
    snapshot_id: null,
    sequence_number: null,
    file_sequence_number: null,
    ...entry,
    data_file: {
      content: 0,
      file_path: path,
      file_format: 'PARQUET',
      partition: {},
      record_count: 1,
      file_size_in_bytes: bytes?.length ?? 1,
      block_size_in_bytes: 67_108_864,
      ...more,
    },
  }));
  return file({
    schema: manifestSchema(fields ?? (v1 ? V1_FIELDS : FIELDS), v1),
    blocks: records.length === 0 ? [] : [records],
    codec,
    pack: pack ?? packerOf(codec),
    meta: { schema: '{"type":"struct","fields":[]}', 'partition-spec': '[]', 'format-version': `${v1 ? 1 : version}`, ...meta },
  });
}

function document(spec: TableSpec, location: string, version: number, snapshots: readonly Document[]): Document {
  const schema = { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'word', required: false, type: 'string' }] };
  const current = spec.snapshots.at(-1)?.id ?? -1n;
  return {
    'format-version': version,
    'table-uuid': randomUUID(),
    location,
    ...(version > 1 && { 'last-sequence-number': snapshots.length }),
    'last-updated-ms': 9000,
    'last-column-id': 1,
    ...(version === 1 && { schema, 'partition-spec': [] }),
    'current-schema-id': 0,
    schemas: [schema],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'last-partition-id': 999,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    ...(version === 3 && { 'next-row-id': 1000 }),
    properties: spec.properties ?? {},
    'current-snapshot-id': current,
    ...(current > 0n && { refs: { main: { 'snapshot-id': current, type: 'branch' } } }),
    snapshots,
    'snapshot-log': spec.snapshots.map(({ id }, n) => ({ 'timestamp-ms': 1000 + n, 'snapshot-id': id })),
    'metadata-log': [],
    ...spec.more,
  };
}

/** Both bounds of the paths in a position-delete file, as a writer records them. */
export function pathBounds(lower: string, upper = lower, id = 2147483546): Fields {
  return { lower_bounds: [{ key: id, value: Buffer.from(lower) }], upper_bounds: [{ key: id, value: Buffer.from(upper) }] };
}
