import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { groups, leftJoin } from '../../src/spill/join.js';
import { Sorter } from '../../src/spill/sorter.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bcn-sorter-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Item {
  readonly k: string;
  readonly i: number;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const utf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
/** What a stable sort by UTF-8 bytes gives. */
const expected = (items: readonly Item[]) =>
  items
    .map((item, at) => ({ item, at }))
    .sort((a, b) => utf8(a.item.k, b.item.k) || a.at - b.at)
    .map(({ item }) => item);

test('sorts by UTF-8 bytes, not by UTF-16 units', async () => {
  const sorter = new Sorter<Item>(dir, 's', 2);
  const keys = ['\u{10000}', '\uffff', 'a', 'é', 'Z', '', 'a/b', 'a.b', '\ue000', '😎'];
  for (const [i, k] of keys.entries()) await sorter.add({ k, i });
  expect((await all(sorter.sorted())).map(({ k }) => k)).toEqual([...keys].sort(utf8));
});

test.each([1, 3, 100_000])('any records, stable, again and again (chunk %i)', { timeout: 60_000 }, async (chunk) => {
  let n = 0;
  const keys = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'ab'), fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(keys, async (list) => {
      const items = list.map((k, i) => ({ k, i }));
      const sorter = new Sorter<Item>(dir, `p${n++}`, chunk);
      for (const item of items) await sorter.add(item);
      expect(await all(sorter.sorted())).toEqual(expected(items));
      expect(await all(sorter.sorted())).toEqual(expected(items));
      await sorter.dispose();
    }),
    { numRuns: 40 },
  );
});

test('merges more runs than may be open at once, and keeps equal keys in order', async () => {
  const sorter = new Sorter<Item>(dir, 's', 3);
  const items = Array.from({ length: 1000 }, (_, i) => ({ k: `k${(i * 7919) % 50}`, i }));
  let most = 0;
  for (const item of items) {
    await sorter.add(item);
    most = Math.max(most, (await readdir(dir)).length);
  }
  expect(most).toBeLessThanOrEqual(33);
  expect(await all(sorter.sorted())).toEqual(expected(items));
  await sorter.dispose();
  expect(await readdir(dir)).toEqual([]);
});

test('loses nothing to adders at once', async () => {
  const sorter = new Sorter<Item>(dir, 's', 4);
  await Promise.all(Array.from({ length: 500 }, (_, i) => sorter.add({ k: `k${i % 97}`, i })));
  const found = await all(sorter.sorted());
  expect(found.map(({ i }) => i).sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  expect(found.map(({ k }) => k)).toEqual(found.map(({ k }) => k).sort(utf8));
});

test('takes more records after it was read', async () => {
  for (const chunk of [2, 100]) {
    const sorter = new Sorter<Item>(dir, `more${chunk}`, chunk);
    for (const [i, k] of ['c', 'a', 'e'].entries()) await sorter.add({ k, i });
    await all(sorter.sorted());
    for (const [i, k] of ['d', 'b'].entries()) await sorter.add({ k, i });
    expect((await all(sorter.sorted())).map(({ k }) => k).join('')).toBe('abcde');
  }
});

test('a reader may stop early, and two may read at once', async () => {
  const sorter = new Sorter<Item>(dir, 's', 2);
  for (let i = 0; i < 20; i++) await sorter.add({ k: `k${i % 5}`, i });
  for await (const { k } of sorter.sorted()) if (k === 'k1') break;
  const [a, b] = await Promise.all([all(sorter.sorted()), all(sorter.sorted())]);
  expect(a).toHaveLength(20);
  expect(b).toEqual(a);
});

test('keys with line breaks and quotes survive the spill', async () => {
  const sorter = new Sorter<Item>(dir, 's', 1);
  const keys = ['a\nb', 'a\r\nb', '"', '\\', '\u2028', '\u2029', '\0'];
  for (const [i, k] of keys.entries()) await sorter.add({ k, i });
  expect((await all(sorter.sorted())).map(({ k }) => k)).toEqual([...keys].sort(utf8));
});

test('a folder that is gone is an error, not a loss', async () => {
  const sorter = new Sorter<Item>(join(dir, 'nowhere'), 's', 1);
  await expect(sorter.add({ k: 'a', i: 0 })).rejects.toThrow(/ENOENT/);
});

describe('join', () => {
  const stream = async function* <T>(items: readonly T[]): AsyncGenerator<T> {
    yield* items;
  };

  test('each left record meets the right one of its key, as a map would say', async () => {
    const key = fc.string({ unit: 'binary', maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(fc.array(key), fc.uniqueArray(key), async (lefts, rights) => {
        const left = [...lefts].sort(utf8).map((k, i) => ({ k, i }));
        const right = [...rights].sort(utf8).map((k) => ({ key: k, of: k }));
        const there = new Map(right.map((item) => [item.key, item]));
        expect(await all(leftJoin(stream(left), stream(right)))).toEqual(
          left.map((item) => ({ left: item, right: there.get(item.k) })),
        );
      }),
    );
  });

  test('stops the right side when the left ends', async () => {
    let stopped = false;
    const endless = async function* () {
      try {
        for (let i = 0; ; i++) yield { key: String(i).padStart(9, '0') };
      } finally {
        stopped = true;
      }
    };
    expect(await all(leftJoin(stream([{ k: '000000005' }]), endless()))).toHaveLength(1);
    expect(stopped).toBe(true);
  });

  test('groups are the runs of equal keys', async () => {
    const items = ['a', 'a', 'b', 'c', 'c', 'c'].map((k, i) => ({ k, i }));
    expect((await all(groups(stream(items)))).map((group) => group.map(({ i }) => i))).toEqual([[0, 1], [2], [3, 4, 5]]);
    expect(await all(groups(stream([])))).toEqual([]);
  });
});
