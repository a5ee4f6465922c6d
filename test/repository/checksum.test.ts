import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isComputable, Summer } from '../../src/repository/checksum.js';
import type { Checksum } from '../../src/storage/port.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

const BYTES = someBytes('content', 200_000);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const crc = (bytes: Buffer) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(bytes));
  return out;
};

/** Bit by bit, as the specifications define them: reflected, all ones before and after. */
function bitwise(polynomial: bigint, bits: number): (bytes: Buffer) => Buffer {
  const ones = (1n << BigInt(bits)) - 1n;
  const table = Array.from({ length: 256 }, (_, byte) => {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    return value;
  });
  return (bytes) => {
    let value = ones;
    for (const byte of bytes) value = (value >> 8n) ^ (table[Number((value ^ BigInt(byte)) & 0xffn)] as bigint);
    return Buffer.from((value ^ ones).toString(16).padStart(bits / 4, '0'), 'hex');
  };
}
const crc32c = bitwise(0x82f63b78n, 32);
const crc64nvme = bitwise(0x9a6c9329ac4bc9b5n, 64);

/** S3's `-<number of parts>` is left out, as the port wants it. */
function composite(digest: (bytes: Buffer) => Buffer, partSize: number): string {
  const digests: Buffer[] = [];
  for (let at = 0; at < BYTES.length; at += partSize) digests.push(digest(BYTES.subarray(at, at + partSize)));
  return digest(Buffer.concat(digests)).toString('base64');
}

const SUMS: readonly Checksum[] = [
  { alg: 'sha256', kind: 'full', value: sha256(BYTES).toString('base64') },
  { alg: 'crc32', kind: 'full', value: crc(BYTES).toString('base64') },
  { alg: 'sha256', kind: 'composite', partSize: 65_536, value: composite(sha256, 65_536) },
  // The parts end with the file.
  { alg: 'sha256', kind: 'composite', partSize: 50_000, value: composite(sha256, 50_000) },
  { alg: 'crc32', kind: 'composite', partSize: 70_001, value: composite(crc, 70_001) },
  { alg: 'crc32c', kind: 'full', value: crc32c(BYTES).toString('base64') },
  { alg: 'crc32c', kind: 'composite', partSize: 65_536, value: composite(crc32c, 65_536) },
  { alg: 'crc64nvme', kind: 'full', value: crc64nvme(BYTES).toString('base64') },
];

async function backedUp(sum: Checksum): Promise<World> {
  const world = await World.open();
  const table = await world.table();
  await table.append([BYTES]);
  world.publish(table);
  class Sums extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      return op === 'copy' ? ({ ...result, sum } as T) : result;
    }
  }
  await world.backup({}, new Sums());
  return world;
}

describe.each(SUMS.map((sum) => [`${sum.alg} ${sum.kind} ${sum.partSize ?? ''}`, sum] as const))('%s', (_, sum) => {
  test('as S3 defines it', async () => {
    const world = await backedUp(sum);
    expect(await world.verify()).toMatchObject({ problems: [], checked: { withoutChecksum: 0, bytesRead: 200_000 } });
  });

  test('finds a flipped byte', async () => {
    const world = await backedUp(sum);
    const key = (await world.keys('repo')).find((candidate) => candidate.includes('/data/')) as string;
    const bad = Buffer.from(BYTES);
    bad[199_999] = (bad[199_999] as number) ^ 1;
    await world.put(world.uri('repo', key), bad);
    expect((await world.verify()).problems).toMatchObject([{ object: world.uri('repo', key) }]);
  });
});

test.each([
  ['crc32', 'y/Q5Jg=='],
  ['crc32c', '4waSgw=='],
  ['crc64nvme', 'rosUhgp5mIg='],
  ['sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
] as const)('the check value of %s, of "123456789" in any pieces, again and again', async (alg, value) => {
  for (const cut of [0, 4, 9]) {
    const sum = await Summer.open({ alg, kind: 'full', value: '' });
    sum.update(Buffer.from('123456789').subarray(0, cut));
    sum.update(Buffer.from('123456789').subarray(cut));
    expect(sum.digest()).toBe(value);
  }
});

test('an algorithm that cannot be computed here counts as no checksum', async () => {
  const later = { alg: 'blake3', kind: 'full', value: 'AAAAAAAAAAA=' } as unknown as Checksum;
  expect(isComputable(later)).toBe(false);
  expect(isComputable(null)).toBe(false);
  const world = await backedUp(later);
  expect(await world.verify()).toMatchObject({ problems: [], checked: { withoutChecksum: 1 } });
});
