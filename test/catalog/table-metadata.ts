import type { TableMetadata } from '../../src/iceberg/metadata.js';

const SCHEMA = `{
  "type": "struct", "schema-id": 1, "fields": [
    {"id": 1, "name": "id", "required": true, "type": "long", "doc": "the key, with \\"quotes\\" and  two spaces"},
    {"id": 2, "name": "when", "required": false, "type": "timestamptz"}
  ]
}`;

/** Metadata as bcn knows it: format 2, two columns, one snapshot, unless said otherwise. */
export function tableMetadata(changes: Partial<TableMetadata> = {}): TableMetadata {
  return {
    formatVersion: 2,
    tableUuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    location: 's3a://warehouse/db/t',
    lastUpdatedMs: 1_763_683_200_000n,
    lastSequenceNumber: 34n,
    currentSnapshotId: 9_223_372_036_854_775_807n,
    snapshots: [
      {
        id: 9_223_372_036_854_775_807n,
        parentId: undefined,
        timestampMs: 1_763_683_199_123n,
        manifestList: 's3a://warehouse/db/t/metadata/snap-1.avro',
        manifests: [],
        keyId: undefined,
      },
    ],
    refs: [{ name: 'main', type: 'branch', snapshotId: 9_223_372_036_854_775_807n }],
    properties: new Map([['write.format.default', 'parquet']]),
    metadataLog: [],
    statistics: [],
    encryptionKeys: 0,
    currentSchemaJson: SCHEMA,
    defaultSpecJson: '{"spec-id": 0, "fields": []}',
    defaultSortOrderJson: '{"order-id": 0, "fields": []}',
    currentSummaryJson:
      '{"operation": "append", "total-data-files": "3", "total-records": "9007199254740993", "total-files-size": "12"}',
    counts: { schemas: 1, specs: 1, sortOrders: 1 },
    ...changes,
  };
}
