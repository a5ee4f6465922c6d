import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import type { ObjectStore } from '../../../src/storage/port.js';
import { all, failure, type StorageFixture, sha256 } from './tools.js';

/** Creating, uploading, copying, deleting. */
export function writes(fixture: () => StorageFixture): void {
  let f: StorageFixture;
  let store: ObjectStore;
  beforeAll(() => {
    f = fixture();
    store = f.store;
  });
  const fresh = () => `${f.prefix}${randomUUID()}/`;

  describe('reading and writing', () => {
    test('create, get, read and list agree on bytes, size and date', async () => {
      const key = `${fresh()}x.bin`;
      const bytes = randomBytes(100_000);
      const made = await store.create(key, bytes);
      expect(made.sum).toEqual({ alg: 'sha256', value: sha256(bytes), kind: 'full' });
      const got = await store.get(key);
      expect(got.bytes.equals(bytes)).toBe(true);
      expect({ key: got.key, size: got.size }).toEqual({ key, size: 100_000 });
      expect((await buffer(await store.read(key))).equals(bytes)).toBe(true);
      const [info] = await all(store, key);
      expect(info).toMatchObject({ key, size: 100_000 });
      for (const date of [made.date, got.date, info?.modified ?? 0]) expect(Math.abs(date - got.date)).toBeLessThan(60_000);
    });

    test('zero-byte objects', async () => {
      const p = fresh();
      await store.create(`${p}created`, Buffer.alloc(0));
      await store.upload(`${p}uploaded`, Readable.from([]), 0);
      await store.copy({ store, key: `${p}created`, size: 0 }, `${p}copied`);
      for (const key of ['created', 'uploaded', 'copied']) {
        expect((await store.get(p + key)).size).toBe(0);
        expect((await buffer(await store.read(p + key))).length).toBe(0);
      }
      expect((await all(store, p)).map(({ size }) => size)).toEqual([0, 0, 0]);
    });

    test('create never overwrites, whatever is there', async () => {
      const p = fresh();
      await store.create(`${p}a`, Buffer.from('one'));
      await store.upload(`${p}b`, Readable.from([Buffer.from('one')]), 3);
      for (const key of [`${p}a`, `${p}b`]) {
        const error = await failure(store.create(key, Buffer.from('two')), 'object-exists');
        expect(error.object).toBe(`${store.uri}/${key}`);
        expect((await store.get(key)).bytes.toString()).toBe('one');
      }
    });

    test('ten creates of one key at once: exactly one wins (where the store can), and the bytes of a winner stay', async () => {
      for (let round = 0; round < 3; round++) {
        const key = `${fresh()}contended`;
        const bodies = Array.from({ length: 10 }, (_, i) => Buffer.alloc(20_000, i));
        const results = await Promise.allSettled(bodies.map((bytes) => store.create(key, bytes)));
        const won = results.flatMap((r, i) => (r.status === 'fulfilled' ? [i] : []));
        if (f.lacks?.compareAndSwap) expect(won.length).toBeGreaterThan(0);
        else expect(won).toHaveLength(1);
        for (const r of results) if (r.status === 'rejected') expect(r.reason).toMatchObject({ code: 'object-exists' });
        const { bytes } = await store.get(key);
        expect(won.filter((i) => bytes.equals(bodies[i] as Buffer))).toHaveLength(1);
      }
    });

    test('probeCreate tells whether it can, and leaves nothing', async () => {
      const p = fresh();
      for (let i = 0; i < 2; i++) expect(await store.probeCreate(`${p}probe é/`)).toBe(!f.lacks?.compareAndSwap);
      expect(await all(store, p)).toEqual([]);
      const signal = AbortSignal.abort();
      const error = await failure(store.probeCreate(p, { signal }), 'interrupted');
      expect(error.object).toBe(`${store.uri}/${p}`);
      if (f.noBucket) await failure(f.noBucket.probeCreate(p), 'bucket-not-found');
    });

    test('upload replaces, in one piece', async () => {
      const key = `${fresh()}up`;
      await store.upload(key, Readable.from([Buffer.from('old')]), 3);
      const bytes = randomBytes(300_000);
      const made = await store.upload(key, Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]), bytes.length);
      expect(made.sum).toEqual({ alg: 'sha256', value: sha256(bytes), kind: 'full' });
      expect((await store.get(key)).bytes.equals(bytes)).toBe(true);
    });

    test.each([
      ['fewer bytes', 9],
      ['more bytes', 11],
      ['none', 0],
    ])('upload of %s than announced is corrupt and leaves nothing', async (_name, length) => {
      const p = fresh();
      const body = Readable.from([Buffer.alloc(length)]);
      const error = await failure(store.upload(`${p}bad`, body, 10), 'corrupt');
      expect(error.object).toBe(`${store.uri}/${p}bad`);
      expect(await all(store, p)).toEqual([]);
      expect(await store.abortUploads(p)).toBe(0);
      expect(body.destroyed).toBe(true);
    });

    test('upload of a source that breaks off leaves nothing and gives its error', async () => {
      const p = fresh();
      const cause = new BcnError('storage-unavailable', 'The source broke off.', { object: 'memory://source/x' });
      const body = Readable.from(
        (function* () {
          yield Buffer.alloc(5);
          throw cause;
        })(),
      );
      const error = await failure(store.upload(`${p}bad`, body, 10), 'storage-unavailable');
      expect(error.object).toBe('memory://source/x');
      expect(await all(store, p)).toEqual([]);
    });
  });

  describe('copying', () => {
    test('copies within and across stores of one service, and leaves the source alone', async () => {
      const p = fresh();
      const bytes = randomBytes(50_000);
      await store.create(`${p}from`, bytes);
      for (const target of [store, f.sibling]) {
        const made = await target.copy({ store, key: `${p}from`, size: bytes.length }, `${p}to/a`);
        if (made.sum?.alg === 'sha256' && made.sum.kind === 'full') expect(made.sum.value).toBe(sha256(bytes));
        expect((await target.get(`${p}to/a`)).bytes.equals(bytes)).toBe(true);
      }
      expect((await store.get(`${p}from`)).bytes.equals(bytes)).toBe(true);
    });

    test('a missing source is named, not the target', async () => {
      const p = fresh();
      const error = await failure(store.copy({ store, key: `${p}none`, size: 3 }, `${p}to`), 'object-not-found');
      expect(error.object).toBe(`${store.uri}/${p}none`);
      expect(await all(store, p)).toEqual([]);
    });
  });

  describe('deleting', () => {
    test('deletes what is there, ignores what is not', async () => {
      const p = fresh();
      await Promise.all(['a', 'b', 'c/d'].map((key) => store.create(p + key, Buffer.from('x'))));
      await store.delete([`${p}a`, `${p}c/d`, `${p}none`, `${p}b/x`]);
      expect((await all(store, p)).map(({ key }) => key)).toEqual([`${p}b`]);
      await store.delete([]);
      await store.create(`${p}a`, Buffer.from('again'));
    });

    test('more than one request holds', async () => {
      const p = fresh();
      const keys = Array.from({ length: 1100 }, (_, i) => `${p}${i}`);
      await store.create(keys[1099] as string, Buffer.from('x'));
      await store.delete(keys);
      expect(await all(store, p)).toEqual([]);
    });

    test('abortUploads of nothing is 0', async () => {
      expect(await store.abortUploads(fresh())).toBe(0);
    });
  });
}
