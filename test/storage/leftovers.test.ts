import { expect, test, vi } from 'vitest';
import { abortLeftovers } from '../../src/storage/leftovers.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';

test('asks for the exact key, and only of files that could have been uploaded in parts', async () => {
  const store = new MemoryStore('s');
  const abort = vi.spyOn(store, 'abortUploads');
  await abortLeftovers(store, 'small', 5 * 1024 * 1024 - 1);
  expect(abort).not.toHaveBeenCalled();
  await abortLeftovers(store, 'big', 5 * 1024 * 1024);
  expect(abort.mock.calls.map(([key]) => key)).toEqual(['big']);
});
