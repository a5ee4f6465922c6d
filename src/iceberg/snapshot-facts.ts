/** What a metadata.json file says of its snapshots, for people (Iceberg specification, "Snapshots"). */
import { JsonObject } from './json/object.js';

export interface SnapshotFacts {
  readonly id: bigint;
  readonly parentId: bigint | undefined;
  readonly timestampMs: bigint;
  /** `append`, `overwrite`, `replace`, `delete`; undefined in some v1 tables. */
  readonly operation: string | undefined;
}

/**
 * In the order of the file.
 *
 * @param bytes after `inflateMetadata`
 * @throws BcnError `corrupt`
 */
export function readSnapshotFacts(bytes: Buffer, name: string): readonly SnapshotFacts[] {
  const snapshots: SnapshotFacts[] = [];
  JsonObject.parse(bytes, name).eachObject('snapshots', (item) =>
    snapshots.push({
      id: item.require('snapshot-id', item.int64),
      parentId: item.int64('parent-snapshot-id'),
      timestampMs: item.require('timestamp-ms', item.int64),
      operation: item.object('summary')?.string('operation'),
    }),
  );
  return snapshots;
}
