import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { MeteredStore } from '../../../src/storage/decorators/meter.js';
import { MemoryService, MemoryStore } from '../../../src/storage/memory/memory-store.js';
import { storageConformance } from '../../conformance/storage.js';
import { all } from '../../conformance/storage-parts/tools.js';

storageConformance('metered memory', async () => {
  const service = new MemoryService();
  const make = (name: string) => new MeteredStore(new MemoryStore(name, { service, pageSize: 7 }));
  return { store: make('one'), sibling: make('two'), prefix: 'p/' };
});

test('counts calls, requests, bytes and objects', async () => {
  const store = new MeteredStore(new MemoryStore('m', { pageSize: 2 }));
  await store.create('a', Buffer.alloc(10));
  await store.upload('b', Readable.from([Buffer.alloc(3), Buffer.alloc(4)]), 7);
  await store.copy({ store, key: 'a', size: 10 }, 'c');
  await store.get('a');
  await buffer(await store.read('b'));
  await all(store, '');
  await store.delete(['a', 'b']);
  await expect(store.get('a')).rejects.toThrow();
  await expect(store.create('c', Buffer.alloc(100))).rejects.toThrow();
  expect(store.usage()).toEqual({
    calls: { get: 2, read: 1, create: 2, probeCreate: 0, upload: 1, copy: 1, list: 2, delete: 1, abortUploads: 0 },
    requests: { get: 3, put: 3, copy: 1, list: 2, delete: 1 },
    bytes: { get: 17, put: 17, copy: 10 },
    objects: { list: 3, delete: 2 },
  });
});

test('a range counts its own bytes', async () => {
  const store = new MeteredStore(new MemoryStore('m'));
  await store.create('a', Buffer.alloc(1000));
  await buffer(await store.read('a', { range: { start: 100, end: 130 } }));
  await expect(store.read('a', { range: { start: 1000, end: 1001 } })).rejects.toMatchObject({ code: 'corrupt' });
  expect(store.usage()).toMatchObject({ calls: { read: 2 }, bytes: { get: 30 } });
});

test('a probe is passed on and is one call; its objects are the adapter’s own', async () => {
  const memory = new MemoryStore('m');
  const answers = [true, false];
  memory.probeCreate = async (prefix) => prefix === 'p/' && answers.shift() === true;
  const store = new MeteredStore(memory);
  expect([await store.probeCreate('p/'), await store.probeCreate('p/')]).toEqual([true, false]);
  expect(store.usage()).toMatchObject({ calls: { probeCreate: 2 }, requests: { put: 0 }, bytes: { put: 0 } });
});

test('a snapshot does not change', async () => {
  const store = new MeteredStore(new MemoryStore('m'));
  const before = store.usage();
  await store.create('a', Buffer.alloc(1));
  expect(before.calls.create).toBe(0);
  expect(before.bytes.put).toBe(0);
});

test('a stream that is not read to its end counts what was read, and closes its source', async () => {
  const memory = new MemoryStore('m');
  await memory.create('a', Buffer.alloc(10 << 20));
  const store = new MeteredStore(memory);
  const stream = await store.read('a');
  for await (const _chunk of stream) break;
  expect(stream.destroyed).toBe(true);
  expect(store.usage().bytes.get).toBeLessThan(5 << 20);
});
