import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { Wanted } from '../../src/verify/content.js';
import { checkShard, shards } from '../../src/verify/shards.js';

const file = { path: '', key: '', size: 0, snapshot: null, sum: null, etag: null };
const KEYS = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'é', '😀', '\uffee'), minLength: 1, maxLength: 6 }),
  {
    maxLength: 40,
  },
);

async function* grouped(wanted: readonly Wanted[]) {
  for (const one of wanted) yield [one];
}

test('whatever the keys are and however they are cut, each is found with its size, or not', async () => {
  await fc.assert(
    fc.asyncProperty(KEYS, KEYS, fc.integer({ min: 1, max: 7 }), async (there, looked, files) => {
      const store = new MemoryStore('bucket', {});
      for (const [i, key] of there.entries()) await store.create(`runs/${key}`, Buffer.alloc(i));
      const all = [...new Set([...there.filter((_, i) => i % 2 === 0), ...looked])];
      const sorted = all.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const wanted = sorted.map((key) => ({ k: `${store.uri}/runs/${key}`, file, h: 0 }));
      const found = new Map<string, number | undefined>();
      for await (const shard of shards(grouped(wanted), () => ({ store, key: 'runs/' }), files)) {
        expect(shard.wanted.length).toBeLessThanOrEqual(files);
        for (const {
          all: [one],
          size,
        } of await checkShard(shard, {}))
          found.set((one as Wanted).k, size);
      }
      for (const [i, { k }] of wanted.entries()) {
        const at = there.indexOf(sorted[i] as string);
        expect(found.get(k), k).toBe(at === -1 ? undefined : at);
      }
    }),
    { numRuns: 300 },
  );
});

test('a shard lists from its first key to its last, not the whole place', async () => {
  const store = new MemoryStore('bucket', {});
  for (let i = 0; i < 5000; i++) await store.create(`runs/${String(i).padStart(5, '0')}`, Buffer.alloc(0));
  let pages = 0;
  const counted = Object.assign(Object.create(store) as MemoryStore, {
    async *list(...args: Parameters<MemoryStore['list']>) {
      for await (const page of store.list(...args)) {
        pages++;
        yield page;
      }
    },
  });
  const wanted = [3000, 3001, 3500].map((i) => [{ k: `${store.uri}/runs/${String(i).padStart(5, '0')}`, file, h: 0 }]);
  const listed = await checkShard({ place: { store: counted, key: 'runs/' }, wanted }, {});
  expect(listed.map(({ size }) => size)).toEqual([0, 0, 0]);
  expect(pages).toBe(1);
});
