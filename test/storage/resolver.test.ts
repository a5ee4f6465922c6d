import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import { Stores } from '../../src/storage/resolver.js';

test('each bucket is opened once, whatever the spelling of its scheme', () => {
  const opened: string[] = [];
  const stores = new Stores({
    s3: (bucket) => {
      opened.push(bucket);
      return new MemoryStore(bucket);
    },
  });
  const one = stores.resolve('s3://b/x');
  expect(one.key).toBe('x');
  expect(stores.resolve('s3a://b/y z').store).toBe(one.store);
  expect(stores.resolve('s3a://c/').key).toBe('');
  expect(opened).toEqual(['b', 'c']);
});

test('a scheme without a factory, or that nobody knows, is refused', () => {
  const stores = new Stores({});
  for (const uri of ['s3://b/x', '/x', 'gs://b/x']) {
    expect(() => stores.resolve(uri)).toThrow(expect.objectContaining({ code: 'config', object: uri }));
  }
});
