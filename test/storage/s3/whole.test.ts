import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { wholeSum } from '../../../src/storage/s3/whole.js';

const bytes = Buffer.from('123456789');
const sha256 = createHash('sha256').update(bytes).digest('base64');

test.each([
  { alg: 'sha256', value: sha256 },
  // The check value of CRC-32: cbf43926.
  { alg: 'crc32', value: Buffer.from('cbf43926', 'hex').toString('base64') },
] as const)('$alg over pieces', ({ alg, value }) => {
  const [right, wrong] = [wholeSum({ alg, value, kind: 'full' }), wholeSum({ alg, value, kind: 'full' })];
  for (const at of [0, 4, 5]) right?.update(bytes.subarray(at, at === 0 ? 4 : at === 4 ? 5 : 9));
  expect(right?.holds()).toBe(true);
  wrong?.update(bytes.subarray(1));
  expect(wrong?.holds()).toBe(false);
});

test('nothing to compare with', () => {
  expect(wholeSum(undefined)).toBeUndefined();
  expect(wholeSum({ alg: 'sha256', value: sha256, kind: 'composite' })).toBeUndefined();
  expect(wholeSum({ alg: 'crc64nvme', value: 'AAAAAAAAAAA=', kind: 'full' })).toBeUndefined();
});
