import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import { FaultyStore, Mortality, SimulatedCrash } from '../../../src/storage/decorators/fault.js';
import { MemoryService, MemoryStore } from '../../../src/storage/memory/memory-store.js';
import { storageConformance } from '../../conformance/storage.js';
import { all } from '../../conformance/storage-parts/tools.js';

storageConformance('memory without faults', async () => {
  const service = new MemoryService();
  const make = (name: string) => new FaultyStore(new MemoryStore(name, { service, pageSize: 7 }), {});
  return { store: make('one'), sibling: make('two'), prefix: 'p/' };
});

const bytes = Buffer.from('x');

test('rules choose by operation, key and count', async () => {
  const store = new FaultyStore(new MemoryStore('m'), {
    rules: [
      { op: 'create', key: /^a/, nth: 2, times: 2 },
      { op: '*', key: 'dead', times: 99, error: new BcnError('storage-auth', 'no', {}) },
    ],
  });
  await store.create('a1', bytes);
  for (const key of ['a2', 'a3'])
    await expect(store.create(key, bytes)).rejects.toMatchObject({ code: 'storage-unavailable', object: `memory://m/${key}` });
  await store.create('a2', bytes);
  await store.create('b', bytes);
  await expect(store.get('dead')).rejects.toMatchObject({ code: 'storage-auth' });
  await expect(store.delete(['b', 'dead'])).rejects.toMatchObject({ code: 'storage-auth' });
  expect((await all(store, '')).map(({ key }) => key)).toEqual(['a1', 'a2', 'b']);
});

test('after: the operation is done, its answer is lost', async () => {
  const store = new FaultyStore(new MemoryStore('m'), { rules: [{ op: 'create', after: true }] });
  await expect(store.create('a', bytes)).rejects.toMatchObject({ code: 'storage-unavailable' });
  expect((await store.get('a')).size).toBe(1);
});

test('a probe is an operation like others', async () => {
  const store = new FaultyStore(new MemoryStore('m'), { rules: [{ op: 'probeCreate', key: 'p/' }] });
  await expect(store.probeCreate('p/')).rejects.toMatchObject({ code: 'storage-unavailable', object: 'memory://m/p/' });
  expect(await store.probeCreate('p/')).toBe(true);
});

test('delayMs delays, and fails only with an error', async () => {
  const rules = [
    { op: 'get', delayMs: 50 },
    { op: 'create', delayMs: 50, error: new Error('late') },
  ] as const;
  const memory = new MemoryStore('m');
  await memory.create('a', bytes);
  const store = new FaultyStore(memory, { rules });
  const begin = performance.now();
  await store.get('a');
  await expect(store.create('b', bytes)).rejects.toThrow('late');
  expect(performance.now() - begin).toBeGreaterThan(95);
});

test('a failed upload destroys its body', async () => {
  const store = new FaultyStore(new MemoryStore('m'), { rules: [{ op: 'upload' }] });
  const body = Readable.from([bytes]);
  await expect(store.upload('a', body, 1)).rejects.toThrow();
  expect(body.destroyed).toBe(true);
});

test('death after n operations of all the stores of a process', async () => {
  const mortality = new Mortality(3);
  const memory = new MemoryStore('m');
  const a = new FaultyStore(memory, { mortality });
  const b = new FaultyStore(new MemoryStore('n'), { mortality });
  await a.create('1', bytes);
  await b.create('2', bytes);
  await a.create('3', bytes);
  expect(mortality.dead).toBe(false);
  await expect(a.create('4', bytes)).rejects.toThrow(SimulatedCrash);
  await expect(b.get('2')).rejects.toThrow(SimulatedCrash);
  await expect(all(a, '')).rejects.toThrow(SimulatedCrash);
  expect(mortality).toMatchObject({ dead: true, ops: 3 });
  expect((await all(memory, '')).length).toBe(2);
});

test('death while operations are under way: they reach the store, their answers are lost', async () => {
  const mortality = new Mortality();
  const memory = new MemoryStore('m');
  const store = new FaultyStore(memory, { mortality, rules: [{ op: 'create', delayMs: 30 }] });
  const running = store.create('a', bytes);
  mortality.kill();
  await expect(running).rejects.toThrow(SimulatedCrash);
  expect((await memory.get('a')).size).toBe(1);
});

test('the pages of a listing are operations', async () => {
  const mortality = new Mortality();
  const memory = new MemoryStore('m', { pageSize: 1 });
  for (const key of ['a', 'b', 'c']) await memory.create(key, bytes);
  const store = new FaultyStore(memory, { mortality });
  await all(store, '');
  expect(mortality.ops).toBe(3);
});
