import { items, type JsonMembers, parseJson } from '../../corpus/json.js';
import { type Document, stringify } from '../../support/json.js';

/** A snapshot: its id, its parent's, and more members. */
export function snapshot(id: bigint, parent?: bigint, more: Readonly<Record<string, Document>> = {}): Document {
  return {
    'snapshot-id': id,
    ...(parent === undefined ? {} : { 'parent-snapshot-id': parent }),
    'sequence-number': 1,
    'timestamp-ms': 1_700_000_000_000,
    'manifest-list': `s3://b/t/metadata/snap-${id}.avro`,
    summary: { operation: 'append' },
    ...more,
  };
}

export const branch = (id: bigint, more: Readonly<Record<string, Document>> = {}): Document => ({
  'snapshot-id': id,
  type: 'branch',
  ...more,
});

export const log = (...ids: readonly bigint[]): Document =>
  ids.map((id, n) => ({ 'timestamp-ms': 1_700_000_000_000 + n, 'snapshot-id': id }));

/** The text of a metadata file, pretty-printed, with these members replaced or added. */
export function table(more: Readonly<Record<string, Document>>): Buffer {
  return Buffer.from(
    stringify({
      'format-version': 2,
      'table-uuid': '9c12d441-03fe-4693-9a96-a0705ddf69c1',
      location: 's3://b/t',
      'last-sequence-number': 9007199254740993n,
      'last-updated-ms': 1_700_000_009_999n,
      'last-column-id': 3,
      'current-schema-id': 0,
      schemas: [{ type: 'struct', 'schema-id': 0, fields: [] }],
      'default-spec-id': 0,
      'partition-specs': [{ 'spec-id': 0, fields: [] }],
      'last-partition-id': 999,
      'default-sort-order-id': 0,
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      ...more,
    }),
  );
}

export const A = 9007199254740993n;
export const B = 9223372036854775807n;
export const C = 3051729675574597004n;
export const D = 4n;

/** Ids in a member of the result, as text. */
export function idsIn(bytes: Buffer, member: string): readonly string[] {
  return items((parseJson(bytes.toString()) as JsonMembers).get(member)).map((item) => String(item.get('snapshot-id')).slice(1));
}

export function refsIn(bytes: Buffer): readonly string[] {
  return ((parseJson(bytes.toString()) as JsonMembers).get('refs') as JsonMembers).members.map(([name]) => name);
}

export const ids = (...all: readonly bigint[]) => all.map(String);

/** A line A, B, C with main at C. */
export const line = (more: Readonly<Record<string, Document>> = {}) =>
  table({
    'current-snapshot-id': C,
    snapshots: [snapshot(A), snapshot(B, A), snapshot(C, B)],
    'snapshot-log': log(A, B, C),
    refs: { main: branch(C) },
    ...more,
  });
