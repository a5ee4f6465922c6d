import { expect, test } from 'vitest';
import { PathRange } from '../../../src/iceberg/deletes/path-range.js';

test('the smallest and the largest path by bytes', () => {
  const range = new PathRange();
  expect(range.bounds).toBeUndefined();
  range.add('m');
  expect(range.bounds).toEqual({ lower: 'm', upper: 'm' });
  for (const path of ['\u{1f600}', '\u{fffd}', 'b', 'c', 'b', '\u{1f600}']) range.add(path);
  expect(range.bounds).toEqual({ lower: 'b', upper: '\u{1f600}' });
});
