import { randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import type { ObjectStore } from '../../../src/storage/port.js';
import { all, failure, type StorageFixture } from './tools.js';

/** What is missing, and interruptions. */
export function errors(fixture: () => StorageFixture): void {
  let f: StorageFixture;
  let store: ObjectStore;
  beforeAll(() => {
    f = fixture();
    store = f.store;
  });
  const fresh = () => `${f.prefix}${randomUUID()}/`;

  describe('errors', () => {
    test('a missing object', async () => {
      const key = `${fresh()}none`;
      for (const call of [() => store.get(key), () => store.read(key)]) {
        const error = await failure(call(), 'object-not-found');
        expect(error.object).toBe(`${store.uri}/${key}`);
      }
    });

    test('a missing bucket', async () => {
      const none = f.noBucket;
      if (!none) return;
      const key = 'x';
      const p = fresh();
      const source = { store, key: `${p}a`, size: 1 };
      await store.create(source.key, Buffer.from('x'));
      const calls = [
        () => none.get(key),
        () => none.read(key),
        () => none.create(key, Buffer.from('x')),
        () => none.upload(key, Readable.from([Buffer.from('x')]), 1),
        () => none.copy(source, key),
        () => store.copy({ store: none, key, size: 1 }, `${p}to`),
        () => all(none, ''),
        () => none.delete([key]),
      ];
      for (const call of calls) {
        const error = await failure(call(), 'bucket-not-found');
        expect(error.message).toContain(none.uri.replace('s3://', ''));
        expect(error.object).toBe(none.uri);
      }
    });

    test('an aborted signal ends every call before anything happens', async () => {
      const p = fresh();
      const signal = AbortSignal.abort();
      const source = { store, key: `${p}a`, size: 1 };
      await store.create(source.key, Buffer.from('x'));
      const body = Readable.from([Buffer.from('x')]);
      const calls = [
        () => store.get(source.key, { signal }),
        () => store.read(source.key, { signal }),
        () => store.create(`${p}b`, Buffer.from('x'), { signal }),
        () => store.upload(`${p}b`, body, 1, { signal }),
        () => store.copy(source, `${p}b`, { signal }),
        () => all(store, p, { signal }),
        () => store.delete([source.key], { signal }),
        () => store.abortUploads(p, { signal }),
      ];
      for (const call of calls) await failure(call(), 'interrupted');
      expect(body.destroyed).toBe(true);
      expect((await all(store, p)).map(({ key }) => key)).toEqual([source.key]);
    });

    test('a signal aborted in the middle of an upload: interrupted, the reason kept, nothing left', async () => {
      const p = fresh();
      const stop = new AbortController();
      const reason = new BcnError('interrupted', 'Terminated.', { exit: 143 });
      const body = new PassThrough();
      body.write(Buffer.alloc(1000));
      setTimeout(() => stop.abort(reason), 20);
      const error = await failure(store.upload(`${p}b`, body, 5000, { signal: stop.signal }), 'interrupted');
      expect(error.exit).toBe(143);
      expect(body.destroyed).toBe(true);
      expect(await all(store, p)).toEqual([]);
      expect(await store.abortUploads(p)).toBe(0);
    });
  });
}
