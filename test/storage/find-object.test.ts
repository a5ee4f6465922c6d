import { expect, test, vi } from 'vitest';
import { MeteredStore } from '../../src/storage/decorators/meter.js';
import { findObject } from '../../src/storage/find-object.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { ListPage } from '../../src/storage/port.js';

async function storeOf(...keys: readonly string[]): Promise<MeteredStore> {
  const store = new MeteredStore(new MemoryStore('m', { pageSize: 2 }));
  for (const [size, key] of keys.entries()) await store.create(key, Buffer.alloc(size));
  return store;
}

test('this key exactly, in one page, whatever begins like it', async () => {
  const store = await storeOf('a', 'a!', 'a/b', 'a/c', 'a0', 'aa', 'b');
  expect(await findObject(store, 'a')).toMatchObject({ key: 'a', size: 0 });
  expect(await findObject(store, 'aa')).toMatchObject({ key: 'aa', size: 5 });
  expect(store.usage().calls.list).toBe(2);
});

test('none, though others begin so: they are not read through', async () => {
  const store = await storeOf('a/1', 'a/2', 'a/3', 'a/4', 'a/5');
  expect(await findObject(store, 'a')).toBeUndefined();
  expect(store.usage().calls.list).toBe(1);
  expect(await findObject(store, 'x')).toBeUndefined();
});

test('empty pages do not end the search', async () => {
  const store = new MemoryStore('m');
  const page = (...keys: readonly string[]): ListPage => ({
    objects: keys.map((key) => ({ key, size: 7 })),
    prefixes: [],
    date: 0,
  });
  store.list = async function* () {
    yield page();
    yield page();
    yield page('a', 'a/b');
  };
  expect(await findObject(store, 'a')).toEqual({ key: 'a', size: 7 });
});

test('the signal goes along, and errors pass', async () => {
  const store = new MemoryStore('m');
  const list = vi.spyOn(store, 'list');
  const signal = AbortSignal.abort();
  await expect(findObject(store, 'a', { signal })).rejects.toMatchObject({ code: 'interrupted' });
  expect(list.mock.calls).toEqual([['a', { signal }]]);
});
