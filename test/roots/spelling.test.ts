import { expect, test } from 'vitest';
import { isSpelling, spelledRoot } from '../../src/roots/spelling.js';

test.each([
  ['s3a://b/t/data/f', 's3://b/t', 's3a://b/t'],
  ['S3N://b/t/f', 's3://b/t/', 'S3N://b/t'],
  ['s3a://b/t', 's3://b/t', 's3a://b/t'],
  ['s3a://b/t/', 's3://b/t', 's3a://b/t'],
  ['s3a://b/t//f', 's3://b/t', 's3a://b/t'],
  ['s3://b/t/f', 's3://b/t', 's3://b/t'],
  ['s3a://b/x/f', 's3://b', 's3a://b'],
  ['s3a://b/t2/f', 's3://b/t', undefined],
  ['s3a://B/t/f', 's3://b/t', undefined],
  ['s3a://b//t/f', 's3://b/t', undefined],
  ['s3a://b/a%20b/f', 's3://b/a b', undefined],
  ['file:/wh/t/f', 'file:///wh/t', 'file:/wh/t'],
  ['/wh/t/f', 'file:///wh/t/', '/wh/t'],
  ['file://localhost/wh/t/f', '/wh/t', 'file://localhost/wh/t'],
  ['file:////wh//t//f', '/wh/t', 'file:////wh//t'],
  ['/wh/t/f', 'file:///wh//t', '/wh/t'],
  ['/wh/tt/f', 'file:///wh/t', undefined],
  ['/wh', 'file:///wh/t', undefined],
  ['s3://wh/t/f', 'file:///wh/t', undefined],
  ['memory://b/t/f', 's3://b/t', undefined],
  ['hdfs://nn/wh/t/f', 'hdfs://nn/wh/t', undefined],
  ['wh/t/f', '/wh/t', undefined],
])('%s lies in %s as %s', (path, root, expected) => {
  expect(spelledRoot(path, root)).toBe(expected);
});

test('isSpelling is about the root itself', () => {
  expect(isSpelling('s3a://b/t/', 's3://b/t')).toBe(true);
  expect(isSpelling('s3a://b/t/x', 's3://b/t')).toBe(false);
  expect(isSpelling('s3://b', 's3://b/t')).toBe(false);
});
