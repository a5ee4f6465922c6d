import { describe, expect, test } from 'vitest';
import { Refusals } from '../../src/backup/refusals.js';
import { BcnError } from '../../src/errors.js';
import type { ManifestEntry } from '../../src/iceberg/manifest.js';

/** Why the path is refused, or undefined. */
function reason(path: string): string | undefined {
  const refusals = new Refusals();
  refusals.checkPath(path);
  try {
    refusals.throwIfAny('db.t');
    return undefined;
  } catch (error) {
    if (error instanceof BcnError && error.code === 'unsupported') return error.message;
    throw error;
  }
}

test.each(['s3://b/t/data/x', 's3a://b/x', 'S3://b/x', 'file:/w/t/x', 'file:///w/t/x', '/w/t/x', 'file://localhost/w/t/x'])(
  '%s can be read',
  (path) => {
    expect(reason(path)).toBeUndefined();
  },
);

describe('refused, with the reason', () => {
  test.each(['hdfs://nn/t/x', 'gs://b/t/x', 'abfss://c@a.dfs.core.windows.net/x', 's3:/b/x', 'file://host/x'])('%s', (path) => {
    expect(reason(path)).toContain(`files where bcn cannot read: ${path}`);
  });

  test.each(['data/x', '', 'a:b'])('%j', (path) => {
    expect(reason(path)).toContain(`files whose path is not absolute: ${path}`);
  });

  test('both are told, each with its own files', () => {
    const refusals = new Refusals();
    for (const path of ['hdfs://nn/1', 'x/2', 'hdfs://nn/3']) refusals.checkPath(path);
    expect(() => refusals.throwIfAny('db.t')).toThrow(
      /files where bcn cannot read: hdfs:\/\/nn\/1, hdfs:\/\/nn\/3; files whose path is not absolute: x\/2$/,
    );
  });

  test('a deleted file need not be anywhere that bcn reads, but its path must be one', () => {
    const entry = (path: string) => ({ status: 2, path }) as ManifestEntry;
    const refusals = new Refusals();
    refusals.checkEntry(entry('hdfs://nn/gone'));
    refusals.throwIfAny('db.t');
    refusals.checkEntry(entry('gone'));
    expect(() => refusals.throwIfAny('db.t')).toThrow(/not absolute: gone$/);
  });
});
