import { expect, test } from 'vitest';
import { MemoryService, MemoryStore } from '../../../src/storage/memory/memory-store.js';
import { storageConformance } from '../../conformance/storage.js';

storageConformance('memory', async () => {
  const service = new MemoryService();
  const store = new MemoryStore('one', { service, pageSize: 7 });
  return { store, sibling: new MemoryStore('two', { service, pageSize: 7 }), prefix: 'p/' };
});

test('stores of one service and name hold the same objects, others do not', async () => {
  const service = new MemoryService();
  const a = new MemoryStore('a', { service });
  await a.create('k', Buffer.from('x'));
  expect((await new MemoryStore('a', { service }).get('k')).size).toBe(1);
  await expect(new MemoryStore('a').get('k')).rejects.toMatchObject({ code: 'object-not-found' });
  expect(new MemoryStore('b', { service }).service).toBe(a.service);
  expect(new MemoryStore('a').service).not.toBe(a.service);
  await expect(new MemoryStore('a').copy({ store: a, key: 'k', size: 1 }, 'k')).rejects.toMatchObject({ code: 'unexpected' });
});

test('the clock dates every answer', async () => {
  let now = 1_800_000_000_000;
  const store = new MemoryStore('a', { clock: () => now });
  expect((await store.create('k', Buffer.from('x'))).date).toBe(now);
  now += 5000;
  expect(await store.get('k')).toMatchObject({ modified: now - 5000, date: now });
  for await (const page of store.list('')) expect(page).toMatchObject({ date: now });
});

test('bytes handed in or out are copies', async () => {
  const store = new MemoryStore('a');
  const bytes = Buffer.from('abc');
  await store.create('k', bytes);
  bytes[0] = 0;
  (await store.get('k')).bytes[1] = 0;
  expect((await store.get('k')).bytes.toString()).toBe('abc');
});
