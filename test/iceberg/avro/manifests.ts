import type { Json, Value } from './support.js';

/** Schemas and records of manifests and manifest lists, as several writers shape them. */

const nullable = (type: Json): Json => ['null', type];
const field = (id: number, name: string, type: Json): Json => ({ name, type, 'field-id': id });
export const boundsType = (key: number, value: number): Json => ({
  type: 'array',
  logicalType: 'map',
  items: { type: 'record', name: `k${key}_v${value}`, fields: [field(key, 'key', 'int'), field(value, 'value', 'bytes')] },
});

export const LOWER = field(125, 'lower_bounds', nullable(boundsType(126, 127)));
export const UPPER = field(128, 'upper_bounds', nullable(boundsType(129, 130)));
const PARTITION = field(102, 'partition', { type: 'record', name: 'r102', fields: [] });
const PATH = field(100, 'file_path', 'string');
const CONTENT = field(134, 'content', 'int');
const REFERENCED = field(143, 'referenced_data_file', nullable('string'));
const REST = [field(101, 'file_format', 'string'), field(103, 'record_count', 'long'), field(104, 'file_size_in_bytes', 'long')];

export const V2_FIELDS: readonly Json[] = [CONTENT, PATH, REST[0] as Json, PARTITION, ...REST.slice(1), LOWER, UPPER, REFERENCED];
/** `content` after the bounds, 143 before 142 and before the path. */
export const DUCKDB_FIELDS: readonly Json[] = [
  REFERENCED,
  ...REST,
  UPPER,
  LOWER,
  PATH,
  PARTITION,
  field(140, 'sort_order_id', nullable('int')),
  CONTENT,
  field(142, 'first_row_id', nullable('long')),
];
export const V1_FIELDS: readonly Json[] = [
  PATH,
  REST[0] as Json,
  PARTITION,
  ...REST.slice(1),
  field(105, 'block_size_in_bytes', 'long'),
  LOWER,
  UPPER,
];

export function manifestSchema(dataFile: readonly Json[] = V2_FIELDS, v1 = false): Json {
  const sequence = v1
    ? [field(1, 'snapshot_id', 'long')]
    : [
        field(1, 'snapshot_id', nullable('long')),
        field(3, 'sequence_number', nullable('long')),
        field(4, 'file_sequence_number', nullable('long')),
      ];
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [field(0, 'status', 'int'), ...sequence, field(2, 'data_file', { type: 'record', name: 'r2', fields: dataFile })],
  };
}

export function entry(dataFile: { readonly [key: string]: Value } = {}, outer: { readonly [key: string]: Value } = {}): Value {
  return {
    status: 1,
    snapshot_id: 3051729675574597004n,
    sequence_number: null,
    ...outer,
    data_file: {
      content: 0,
      file_path: 's3://src/t/data/a.parquet',
      file_format: 'PARQUET',
      partition: {},
      record_count: 7,
      file_size_in_bytes: 1234,
      block_size_in_bytes: 67108864,
      ...dataFile,
    },
  };
}

const counts = (names: readonly string[], from: number, type: Json) => names.map((name, i) => field(from + i, name, type));

export const LIST_V2: Json = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    field(500, 'manifest_path', 'string'),
    field(501, 'manifest_length', 'long'),
    field(502, 'partition_spec_id', 'int'),
    field(517, 'content', 'int'),
    field(515, 'sequence_number', 'long'),
    field(516, 'min_sequence_number', 'long'),
    field(503, 'added_snapshot_id', 'long'),
    ...counts(['added_files_count', 'existing_files_count', 'deleted_files_count'], 504, 'int'),
    ...counts(['added_rows_count', 'existing_rows_count', 'deleted_rows_count'], 512, 'long'),
    field(519, 'key_metadata', nullable('bytes')),
    field(520, 'first_row_id', nullable('long')),
  ],
};

/** Version 1: another order, nullable counts, no sequence numbers; here with length before path. */
export const LIST_V1: Json = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    field(501, 'manifest_length', 'long'),
    field(500, 'manifest_path', 'string'),
    field(502, 'partition_spec_id', 'int'),
    field(503, 'added_snapshot_id', nullable('long')),
    ...counts(['added_data_files_count', 'existing_data_files_count', 'deleted_data_files_count'], 504, nullable('int')),
  ],
};

export function listEntry(more: { readonly [key: string]: Value } = {}): Value {
  return {
    manifest_path: 's3://src/t/metadata/m0.avro',
    manifest_length: 6000,
    partition_spec_id: 0,
    content: 0,
    sequence_number: 2,
    min_sequence_number: 1,
    added_snapshot_id: 9223372036854775807n,
    added_files_count: 1,
    existing_files_count: 2,
    deleted_files_count: 3,
    added_rows_count: 10,
    existing_rows_count: 20,
    deleted_rows_count: 30,
    ...more,
  };
}
