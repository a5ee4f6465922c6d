import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteCompare, parseLocation } from '../../src/storage/location.js';

describe('parseLocation', () => {
  test.each([
    ['s3://b/k', 's3', 'b', 'k'],
    ['s3a://b/k', 's3', 'b', 'k'],
    ['s3n://b/k', 's3', 'b', 'k'],
    ['S3://B/k', 's3', 'B', 'k'],
    ['s3://b', 's3', 'b', ''],
    ['s3://b/', 's3', 'b', ''],
    ['s3://b//k//', 's3', 'b', '/k//'],
    ['s3://b/a%20b+c d?e#f&g', 's3', 'b', 'a%20b+c d?e#f&g'],
    ['s3://b/a/../b/./c', 's3', 'b', 'a/../b/./c'],
    ['s3://b/x\ny', 's3', 'b', 'x\ny'],
    ['s3://b/s3://c/d', 's3', 'b', 's3://c/d'],
    ['file:///a/b', 'file', '', 'a/b'],
    ['file:/a/b', 'file', '', 'a/b'],
    ['file://localhost/a', 'file', '', 'a'],
    ['file:////a', 'file', '', '/a'],
    ['file://', 'file', '', ''],
    ['/a/b c%20:d', 'file', '', 'a/b c%20:d'],
    ['/', 'file', '', ''],
    ['//a', 'file', '', '/a'],
    ['memory://m/x/y', 'memory', 'm', 'x/y'],
  ])('%j', (uri, scheme, bucket, key) => {
    expect(parseLocation(uri)).toEqual({ scheme, bucket, key });
  });

  test.each([
    '',
    'a/b',
    'hdfs://nn:8020/x',
    'abfss://c@a/x',
    's3:/b/k',
    's3:b',
    's3://',
    's3:///k',
    'file://host/x',
    'file:x',
    'C:\\x',
    './x',
  ])('%j is refused', (uri) => {
    expect(() => parseLocation(uri)).toThrow(
      expect.objectContaining({ code: 'config', object: uri, hint: expect.stringMatching(/./) }),
    );
  });
});

test('byteCompare orders as UTF-8 bytes do', () => {
  expect(byteCompare('\u{1F600}', '\uFFFD')).toBeGreaterThan(0);
  expect('\u{1F600}' < '\uFFFD').toBe(true);
  const text = fc.string({
    unit: fc.constantFrom(
      'a',
      'b',
      '/',
      '-',
      '0',
      'é',
      '\uD7FF',
      '\uE000',
      '\uFFFD',
      '\uFFFF',
      '\u{10000}',
      '\u{1F600}',
      '\u{10FFFF}',
    ),
  });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(byteCompare(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 2000 },
  );
});
