import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FaultyStore } from '../../src/storage/decorators/fault.js';
import { MeteredStore } from '../../src/storage/decorators/meter.js';
import { FileStore } from '../../src/storage/file/file-store.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import { transfer } from '../../src/storage/transfer.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from './s3/service.js';

const bytes = Buffer.alloc(200_000, 'bcn');

test('server-side between stores of one service, decorated or not', async () => {
  const service = new MemoryService();
  const from = new MeteredStore(new FaultyStore(new MemoryStore('a', { service }), {}));
  const to = new MeteredStore(new MemoryStore('b', { service }));
  await from.create('x', bytes);
  expect(await transfer({ store: from, key: 'x', size: bytes.length }, { store: to, key: 'y' })).toMatchObject({
    serverSide: true,
  });
  expect(to.usage().bytes).toEqual({ get: 0, put: 0, copy: bytes.length });
  expect(from.usage().calls.read).toBe(0);
});

test('through this process otherwise, with the sum of what was written', async () => {
  const root = await mkdtemp(join(tmpdir(), 'bcn-transfer-'));
  const from = new MeteredStore(new MemoryStore('a'));
  const to = new MeteredStore(new FileStore());
  const made = await from.create('x', bytes);
  const target = { store: to, key: `${root.slice(1)}/y` };
  const result = await transfer({ store: from, key: 'x', size: bytes.length }, target);
  expect(result).toMatchObject({ serverSide: false, sum: made.sum });
  expect(from.usage().bytes.get).toBe(bytes.length);
  expect(to.usage().bytes.put).toBe(bytes.length);
  for (const size of [bytes.length - 1, bytes.length + 1]) {
    const wrong = { store: to, key: `${root.slice(1)}/wrong` };
    await expect(transfer({ store: from, key: 'x', size }, wrong)).rejects.toMatchObject({ code: 'corrupt' });
  }
  await expect(transfer({ store: from, key: 'none', size: 1 }, target)).rejects.toMatchObject({ object: 'memory://a/none' });
  expect(await readdir(root)).toEqual(['y']);
  await rm(root, { recursive: true });
});

describeWith(['s3'], 'transfer with S3', (lab) => {
  test('files to S3 and back, and between two identities', async () => {
    const { createS3Store } = await import('../../src/storage/s3/s3-store.js');
    const bucket = await freshBucket(lab);
    const s3 = createS3Store(labConfig(lab), bucket);
    const elsewhere = createS3Store({ ...labConfig(lab), label: 'another service' }, bucket);
    const root = await mkdtemp(join(tmpdir(), 'bcn-transfer-'));
    const files = new FileStore();
    const key = `${root.slice(1)}/x`;
    await files.create(key, bytes);
    const up = await transfer({ store: files, key, size: bytes.length }, { store: s3, key: 'x' });
    const across = await transfer({ store: s3, key: 'x', size: bytes.length }, { store: elsewhere, key: 'y' });
    const down = await transfer({ store: elsewhere, key: 'y', size: bytes.length }, { store: files, key: `${key}2` });
    expect([up, across, down].map(({ serverSide, sum }) => [serverSide, sum])).toEqual(Array(3).fill([false, up.sum]));
    expect((await files.get(`${key}2`)).bytes.equals(bytes)).toBe(true);
    await rm(root, { recursive: true });
  });
});
