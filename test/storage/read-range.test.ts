import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import { readRange } from '../../src/storage/read-range.js';

async function storeWith(bytes: Buffer): Promise<MemoryStore> {
  const store = new MemoryStore('m');
  await store.create('k', bytes);
  return store;
}

test('exactly these bytes', async () => {
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
  const store = await storeWith(bytes);
  for (const [start, end] of [
    [0, 1],
    [3, 170_000],
    [199_999, 200_000],
    [0, 200_000],
  ] as const)
    expect((await readRange(store, 'k', start, end)).equals(bytes.subarray(start, end))).toBe(true);
});

test.each([
  [5, 11],
  [0, 11],
  [10, 11],
  [12, 20],
])('bytes that the object does not have are corrupt: %d to %d of 10', async (start, end) => {
  await expect(readRange(await storeWith(Buffer.alloc(10)), 'k', start, end)).rejects.toMatchObject({
    code: 'corrupt',
    object: 'memory://m/k',
    message: expect.stringContaining('memory://m/k has fewer bytes than'),
  });
});

test('what the store says passes', async () => {
  const store = await storeWith(Buffer.alloc(10));
  await expect(readRange(store, 'none', 0, 1)).rejects.toMatchObject({ code: 'object-not-found' });
  await expect(readRange(store, 'k', 2, 2)).rejects.toMatchObject({ code: 'unexpected' });
  await expect(readRange(store, 'k', 0, 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
  const broke = new BcnError('storage-unavailable', 'broke off', { object: 'x' });
  store.read = async () => new Readable({ read() {} }).destroy(broke);
  await expect(readRange(store, 'k', 0, 1)).rejects.toBe(broke);
});
