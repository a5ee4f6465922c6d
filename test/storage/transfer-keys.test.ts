import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileStore } from '../../src/storage/file/file-store.js';
import { byteCompare } from '../../src/storage/location.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { ObjectStore } from '../../src/storage/port.js';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { transfer } from '../../src/storage/transfer.js';
import { STRANGE } from '../conformance/storage-parts/keys.js';
import { all, sha256 } from '../conformance/storage-parts/tools.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from './s3/service.js';

interface Place {
  readonly name: string;
  readonly store: ObjectStore;
  readonly prefix: string;
}

describeWith(['s3', 'versitygw'], 'strange keys on their way through every kind of store', (lab) => {
  let folder: string;
  let places: readonly Place[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bcn-streaming-'));
    const second = { ...lab, s3: lab.versitygw };
    const prefix = `${randomUUID()}/`;
    places = [
      { name: 'memory', store: new MemoryStore('streaming'), prefix },
      { name: 'MinIO', store: createS3Store(labConfig(lab), await freshBucket(lab)), prefix },
      { name: 'versitygw', store: createS3Store(labConfig(second), await freshBucket(second)), prefix },
      { name: 'file', store: new FileStore(), prefix: `${folder.slice(1)}/` },
      { name: 'MinIO again', store: createS3Store(labConfig(lab), await freshBucket(lab)), prefix },
    ];
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('each arrives under its own name, with its bytes and their sha256', { timeout: 60_000 }, async () => {
    const long = ['k'.repeat(200), 'é'.repeat(100), '\u{1F600}'.repeat(50)].join('/');
    const bodies = new Map([...STRANGE, long].map((key) => [key, randomBytes(1 + key.length * 100)]));
    const [first] = places as [Place];
    for (const [key, bytes] of bodies) await first.store.create(first.prefix + key, bytes);
    let before = first;
    for (const place of places.slice(1)) {
      for (const [key, bytes] of bodies) {
        const source = { store: before.store, key: before.prefix + key, size: bytes.length };
        const made = await transfer(source, { store: place.store, key: place.prefix + key });
        expect([made.serverSide, made.sum?.value], `${place.name}: ${key}`).toEqual([false, sha256(bytes)]);
      }
      const listed = (await all(place.store, place.prefix)).map(({ key }) => key.slice(place.prefix.length));
      expect(listed, place.name).toEqual([...bodies.keys()].sort(byteCompare));
      before = place;
    }
    for (const [key, bytes] of bodies) expect((await before.store.get(before.prefix + key)).bytes.equals(bytes)).toBe(true);
  });
});
