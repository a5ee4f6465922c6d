import { describe, expect, test } from 'vitest';
import { copyUri, repositoryUri, warehouseBucket } from '../../src/config/places.js';

test('--to is read like BACKUP_BUCKET, and never empty', () => {
  expect(copyUri('bucket/a/')).toEqual({ value: 's3://bucket/a', origin: '--to' });
  expect(copyUri('file:///b/../c').value).toBe('file:///c');
  expect(() => copyUri('/folder')).toThrow(expect.objectContaining({ code: 'config', message: expect.stringContaining('--to') }));
  expect(() => copyUri('')).toThrow(expect.objectContaining({ code: 'usage' }));
});

describe('BACKUP_BUCKET', () => {
  test.each([
    [undefined, 's3://iceberg'],
    ['', 's3://iceberg'],
    ['my-bucket', 's3://my-bucket'],
    ['my_bucket', 's3://my_bucket'],
    ['bucket/prefix', 's3://bucket/prefix'],
    ['bucket/a/b/', 's3://bucket/a/b'],
    ['s3://bucket', 's3://bucket'],
    ['s3a://bucket/x/', 's3://bucket/x'],
    ['s3://bucket/with space%20', 's3://bucket/with space%20'],
    ['file:///backups', 'file:///backups'],
    ['file:///backups/', 'file:///backups'],
    ['file:///a/../b/./c', 'file:///b/c'],
  ])('%s is %s', (value, uri) => {
    expect(repositoryUri({ BACKUP_BUCKET: value }).value).toBe(uri);
  });

  test.each([
    '/backups',
    './backups',
    'file://host/x',
    'file:///',
    'gs://bucket',
    'http://bucket/x',
    'b',
    '-bucket',
    'a//b',
    's3://',
    's3://bucket//x',
    'bucket?x',
    'bucket#x',
    's3:bucket',
  ])('%s is refused', (value) => {
    expect(() => repositoryUri({ BACKUP_BUCKET: value })).toThrow(expect.objectContaining({ code: 'config', exit: 2 }));
  });

  test('what may hold a password is not repeated', () => {
    expect(() => repositoryUri({ BACKUP_BUCKET: 's3://key:hunter22@bucket' })).toThrow(/^BACKUP_BUCKET is no place .*not shown/);
  });

  test('it knows where it came from', () => {
    expect(repositoryUri({}).origin).toBe('default');
    expect(repositoryUri({ BACKUP_BUCKET: 'abc' }).origin).toBe('BACKUP_BUCKET');
  });
});

describe('WAREHOUSE_BUCKET', () => {
  test.each([
    [undefined, 'warehouse'],
    ['lake', 'lake'],
    ['s3://lake/', 'lake'],
    ['lake/tables', 'lake/tables'],
  ])('%s is %s', (value, bucket) => {
    expect(warehouseBucket({ WAREHOUSE_BUCKET: value }).value).toBe(bucket);
  });

  test.each(['file:///x', '/x', 'a b', 'lake?', 'lake//x'])('%s is refused', (value) => {
    expect(() => warehouseBucket({ WAREHOUSE_BUCKET: value })).toThrow(expect.objectContaining({ code: 'config' }));
  });
});
