import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Checksum } from '../../src/storage/port.js';
import { isComputable, Summer } from '../../src/verify/checksum.js';

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7) % 251));
const sha = (data: Buffer) => createHash('sha256').update(data).digest();

function digest(sum: Omit<Checksum, 'value'>, chunk: number): string {
  const summer = new Summer({ ...sum, value: '' });
  for (let at = 0; at < bytes.length; at += chunk) summer.update(bytes.subarray(at, at + chunk));
  return summer.digest();
}

test.each([1, 7, 300, 1000])('a full checksum does not depend on chunks of %i bytes', (chunk) => {
  expect(digest({ alg: 'sha256', kind: 'full' }, chunk)).toBe(sha(bytes).toString('base64'));
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  expect(digest({ alg: 'crc32', kind: 'full' }, chunk)).toBe(crc.toString('base64'));
});

test.each([1, 7, 300, 1000])('a composite one is the checksum of the checksums of its parts, in chunks of %i bytes', (chunk) => {
  const parts = Buffer.concat([sha(bytes.subarray(0, 400)), sha(bytes.subarray(400, 800)), sha(bytes.subarray(800))]);
  expect(digest({ alg: 'sha256', kind: 'composite', partSize: 400 }, chunk)).toBe(sha(parts).toString('base64'));
  const even = Buffer.concat([sha(bytes.subarray(0, 500)), sha(bytes.subarray(500))]);
  expect(digest({ alg: 'sha256', kind: 'composite', partSize: 500 }, chunk)).toBe(sha(even).toString('base64'));
});

test('what bcn cannot compute counts as without a checksum', () => {
  expect(isComputable(null)).toBe(false);
  expect(isComputable({ alg: 'crc64nvme', value: '', kind: 'full' })).toBe(false);
  expect(isComputable({ alg: 'sha256', value: '', kind: 'composite' })).toBe(false);
});
