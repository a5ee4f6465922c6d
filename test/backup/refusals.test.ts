import { describe, expect, test } from 'vitest';
import { Refusals } from '../../src/backup/refusals.js';
import { BcnError } from '../../src/errors.js';

/** Why the path is refused, or undefined. */
function reason(path: string, location: string): string | undefined {
  const refusals = new Refusals();
  refusals.checkPath(path, location);
  try {
    refusals.throwIfAny('db.t');
    return undefined;
  } catch (error) {
    if (error instanceof BcnError && error.code === 'unsupported') return error.message;
    throw error;
  }
}

test.each([
  ['s3://b/t/data/x', 's3://b/t'],
  ['s3://b/t/data/x', 's3://b/t/'],
  ['s3a://b/x', 's3a://b'],
  ['hdfs://nn/t/x', 'hdfs://nn/t'],
])('%s is a file of %s', (path, location) => {
  expect(reason(path, location)).toBeUndefined();
});

describe('refused, with the reason', () => {
  test.each([
    ['s3a://b/t/data/x', 's3://b/t'],
    ['s3://b/t/data/x', 's3n://b/t/'],
    ['S3://b/x', 's3a://b'],
    ['file:/w/t/x', 'file:///w/t'],
    ['/w/t/x', 'file:/w/t'],
    ['file://localhost/w/t/x', '/w/t'],
  ])('%s is a file of %s in another spelling', (path, location) => {
    expect(reason(path, location)).toContain(`files of its location in another spelling (the location is ${location}): ${path}`);
  });

  test.each([
    ['s3a://b/t2/x', 's3://b/t'],
    ['s3a://b/t', 's3://b/t'],
    ['s3a://c/t/x', 's3://b/t'],
    ['s3://b/T/x', 's3://b/t'],
    ['/b/t/x', 's3://b/t'],
    ['hdfs://nn/t/x', 's3://b/t'],
    ['s3://b/t/x', 'hdfs://nn/t'],
    ['data/x', 's3://b/t'],
    ['', 's3://b/t'],
  ])('%j lies outside %s', (path, location) => {
    expect(reason(path, location)).toContain(`files outside the table location ${location}: ${path}`);
  });
});

test('both reasons are told, each with its own files', () => {
  const refusals = new Refusals();
  for (const path of ['s3a://b/t/1', 's3://c/2', 's3a://b/t/3']) refusals.checkPath(path, 's3://b/t');
  expect(() => refusals.throwIfAny('db.t')).toThrow(
    /another spelling \(the location is s3:\/\/b\/t\): s3a:\/\/b\/t\/1, s3a:\/\/b\/t\/3; files outside .*: s3:\/\/c\/2$/,
  );
});
