import { expect, test } from 'vitest';
import { overlaps } from '../../src/storage/overlap.js';

test.each([
  ['s3://b/t', 's3://b/t', true],
  ['s3://b/t', 's3a://b/t/', true],
  ['s3n://b//t', 's3://b/t/x/y', true],
  ['s3://b/t', 's3://b/t_2', false],
  ['s3://b/t', 's3://b', true],
  ['s3://b/t', 's3://c/t', false],
  ['s3://b/t', 's3://bt', false],
  ['s3://b/T', 's3://b/t', false],
  ['file:///x/y', '/x', true],
  ['file:/x/y', 'file:///x/z', false],
  ['file:///x', 's3://x/x', false],
  ['file:///', '/anything', true],
])('%s and %s: %s', (a, b, expected) => {
  expect(overlaps(a, b)).toBe(expected);
  expect(overlaps(b, a)).toBe(expected);
});
