import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import { all, bytesOrder, folded, type StorageFixture } from './tools.js';

/** Listings: order, pages, prefixes, startAfter, delimiter. */
export function listing(fixture: () => StorageFixture): void {
  let f: StorageFixture;
  let store: ObjectStore;
  beforeAll(() => {
    f = fixture();
    store = f.store;
  });
  const fresh = () => `${f.prefix}${randomUUID()}/`;

  describe('listing', () => {
    const names = [
        'a-b', 'a/b', 'a/c/d', 'a0', 'b', 'b.txt', 'b!/x', 'b0/x', 'c/1', 'c/2/3', 'c/2/4', 'cc', '\u{1F600}', '\uFFFD', '\u{1F600}/x1', '\uE000x', 'zz', 'Z', '%', 'd e/f', 'd+e',
      ].filter((name) => name !== '\u{1F600}'); // biome-ignore format: one table
    let p: string;
    let keys: readonly string[];
    beforeAll(async () => {
      p = fresh();
      keys = names.map((name) => p + name).sort(bytesOrder);
      for (const key of keys) await store.create(key, Buffer.from(key));
    });

    test('UTF-8 byte order over several pages, each key once', async () => {
      const pages: number[] = [];
      const found: string[] = [];
      for await (const page of store.list(p)) {
        pages.push(page.objects.length);
        found.push(...page.objects.map(({ key }) => key));
        expect(page.prefixes).toEqual([]);
        expect(page.date).toBeGreaterThan(1.7e12);
      }
      expect(found).toEqual(keys);
      expect(Math.max(...pages)).toBeLessThanOrEqual(7);
    });

    test('a prefix may end inside a name', async () => {
      for (const start of [
        'a',
        'a/',
        'b',
        'c',
        'c/',
        'c/2',
        'd ',
        'd',
        '%',
        'zzz',
        'Z',
        '\u{1F600}',
        'none/at/all',
        'b/',
        'b!',
      ]) {
        const wanted = keys.filter((key) => key.startsWith(p + start));
        expect((await all(store, p + start)).map(({ key }) => key)).toEqual(wanted);
      }
    });

    test('startAfter any key, and between keys', async () => {
      for (const at of [
        ...keys,
        `${p}a`,
        `${p}a/`,
        `${p}a/c`,
        `${p}a/c/`,
        `${p}c/2/`,
        `${p}\u{1F5FF}`,
        `${p}\uFFFE`,
        p,
        `${p}zzz`,
      ]) {
        const wanted = keys.filter((key) => bytesOrder(key, at) > 0);
        expect((await all(store, p, { startAfter: at })).map(({ key }) => key)).toEqual(wanted);
      }
      expect(await all(store, `${p}c/`, { startAfter: `${p}cc` })).toEqual([]);
      expect((await all(store, `${p}c/`, { startAfter: `${p}a` })).length).toBe(3);
    });

    test('a delimiter folds', async () => {
      for (const start of ['', 'a', 'c/', 'b', 'none/']) {
        const { objects, prefixes } = await folded(store, p + start);
        const below = keys.filter((key) => key.startsWith(p + start)).map((key) => key.slice(p.length + start.length));
        expect(objects).toEqual(below.filter((key) => !key.includes('/')).map((key) => p + start + key));
        const folds = below.filter((key) => key.includes('/')).map((key) => p + start + key.slice(0, key.indexOf('/') + 1));
        expect(prefixes).toEqual([...new Set(folds)]);
      }
    });

    test('many folders over several pages', async () => {
      const q = fresh();
      const folders = Array.from({ length: 20 }, (_, i) => `${q}${String(i).padStart(2, '0')}/`);
      await Promise.all(folders.flatMap((folder) => ['x', 'y/z'].map((name) => store.create(folder + name, Buffer.alloc(1)))));
      expect(await folded(store, q)).toEqual({ objects: [], prefixes: folders });
      expect((await all(store, q)).length).toBe(40);
    });

    test('nothing there: no objects, but the date', async () => {
      const pages = [];
      for await (const page of store.list(fresh())) pages.push(page);
      expect(pages.length).toBe(1);
      expect(pages[0]).toMatchObject({ objects: [], prefixes: [] });
      expect(pages[0]?.date).toBeGreaterThan(1.7e12);
    });

    test('a reader that stops early stops the listing', async () => {
      for await (const page of store.list(p)) {
        expect(page.objects.length).toBeGreaterThan(0);
        break;
      }
    });
  });
}
