import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { createOnce } from '../../src/storage/create-once.js';
import { type FaultRule, FaultyStore } from '../../src/storage/decorators/fault.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';

const mine = Buffer.from('mine');
const lost = new BcnError('storage-unavailable', 'lost', { object: 'x', hint: 'x' });
const faulty = (rules: readonly FaultRule[]) => {
  const memory = new MemoryStore('m');
  return { memory, store: new FaultyStore(memory, { rules }) };
};

test('a free key is created, the same bytes are there already, others are not touched', async () => {
  const store = new MemoryStore('m');
  expect((await createOnce(store, 'k', mine)).outcome).toBe('created');
  expect((await createOnce(store, 'k', mine)).outcome).toBe('already');
  await expect(createOnce(store, 'k', Buffer.from('other'))).rejects.toMatchObject({
    code: 'object-exists',
    object: 'memory://m/k',
  });
  expect((await store.get('k')).bytes).toEqual(mine);
});

test('a lost answer is settled by what is stored', async () => {
  const { store } = faulty([{ op: 'create', after: true, error: lost }]);
  expect((await createOnce(store, 'k', mine)).outcome).toBe('already');
});

test('the store time of the write, also when its answer was lost', async () => {
  let now = 1000;
  const store = new MemoryStore('m', { clock: () => now++ });
  expect(await createOnce(store, 'k', mine)).toEqual({ outcome: 'created', date: 1000 });
  now = 5000;
  expect(await createOnce(store, 'k', mine)).toEqual({ outcome: 'already', date: 1000 });
});

test('a lost answer of a request that a rival won is object-exists', async () => {
  const { memory, store } = faulty([{ op: 'create', error: lost }]);
  await memory.create('k', Buffer.from('theirs'));
  await expect(createOnce(store, 'k', mine)).rejects.toMatchObject({ code: 'object-exists' });
});

test('an outcome that cannot be read stays unknown', async () => {
  await expect(createOnce(faulty([{ op: 'create', error: lost }]).store, 'k', mine)).rejects.toBe(lost);
  const blind = faulty([{ op: 'create', after: true, error: lost }, { op: 'get' }]);
  await expect(createOnce(blind.store, 'k', mine)).rejects.toBe(lost);
});

test('a key that is freed between the two requests is tried again', async () => {
  const exists = new BcnError('object-exists', 'there', { object: 'x' });
  expect((await createOnce(faulty([{ op: 'create', error: exists }]).store, 'k', mine)).outcome).toBe('created');
  await expect(createOnce(faulty([{ op: 'create', error: exists, times: 99 }]).store, 'k', mine)).rejects.toBe(exists);
});

test('other errors pass', async () => {
  const denied = new BcnError('storage-auth', 'denied', { object: 'x' });
  await expect(createOnce(faulty([{ op: 'create', error: denied }]).store, 'k', mine)).rejects.toBe(denied);
  await expect(createOnce(new MemoryStore('m'), 'k', mine, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'interrupted',
  });
});
