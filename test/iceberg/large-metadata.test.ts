import { expect, test } from 'vitest';
import { findMentions } from '../../src/iceberg/mentions.js';
import { readMetadata } from '../../src/iceberg/metadata.js';
import { abstractPath, concretePath } from '../../src/iceberg/paths.js';
import { rewriteMetadata } from '../../src/iceberg/rewrite-metadata.js';

const SNAPSHOTS = 12_000;
const FIRST_ID = 9_007_199_254_740_993n;

function largeMetadata(): Buffer {
  const summary = Array.from({ length: 100 }, (_, i) => `"key-${i}":"a value of some length ${i}"`).join(',');
  const snapshots = Array.from(
    { length: SNAPSHOTS },
    (_, i) =>
      `{"sequence-number":${i},"snapshot-id":${FIRST_ID + BigInt(i)},"timestamp-ms":${i},"summary":{${summary}},"manifest-list":"s3://b/t/metadata/snap-${i}.avro"}`,
  );
  const head = '"format-version":2,"location":"s3://b/t","last-updated-ms":1,"current-schema-id":0,"schemas":[{"schema-id":0}]';
  return Buffer.from(`{${head},"current-snapshot-id":${FIRST_ID},"snapshots":[${snapshots.join(',')}]}`);
}

test('a file of 45 MB is read and rewritten in little more memory than its bytes', { timeout: 120_000 }, () => {
  const bytes = largeMetadata();
  expect(bytes.length).toBeGreaterThan(45_000_000);
  const before = process.memoryUsage();

  const table = readMetadata(bytes, 'x');
  expect(table.snapshots).toHaveLength(SNAPSHOTS);
  expect(table.snapshots.at(-1)?.id).toBe(FIRST_ID + BigInt(SNAPSHOTS - 1));
  const abstract = rewriteMetadata(bytes, 'x', { path: (path) => abstractPath(path, 's3://b/t') });
  expect(abstract.bytes.includes('s3://b')).toBe(false);
  const concrete = rewriteMetadata(abstract.bytes, 'x', { path: (path) => concretePath(path, 's3://b/t') });
  expect(concrete.bytes.equals(bytes)).toBe(true);
  expect(findMentions(bytes, 'x', 's3://b/t')).toEqual([]);

  const after = process.memoryUsage();
  // Two results of 45 MB are alive; an object model of the document would need several hundred more.
  expect(after.heapUsed - before.heapUsed).toBeLessThan(150_000_000);
  expect(after.external - before.external).toBeLessThan(150_000_000);
});
