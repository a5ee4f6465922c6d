import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import { all, bytesOrder, failure, type StorageFixture } from './tools.js';

/** Names that every store holds, however odd. Many differ only in what some program would encode, decode or normalise. */
export const STRANGE: readonly string[] = [
  'with space', ' leading', 'trailing ', 'a+b', 'a b', 'a%20b', 'a%2Bb', 'a%2520b', 'a%2Fb', 'a/b', 'a+b c%20d', '100%', '%', '%%', '%zz', '%E9', 'a%00b', 'p=1', 'a#b', 'a?b=c', 'a&b', '"double"', "'single'", 'c:d', 'semi;colon', 'back\\slash', '$&', '*', '~', '!()', '[x]{y}', '<tag>',
  'ünïcode', 'e\u0301', '\u00e9', '\u{1F600}', '\uFFFD', '\uE000', '日本語', 'year=2024/month=01/x.parquet', 'emoji \u{1F468}\u200D\u{1F469}', 'a b%2F+c=#d?e&f\\é\u{1F600}/%41+%2B %.x',
  '.hidden', '...', '..a', 'a..', 'a..b', '-dash', 'comma,', '@at', '`tick`', '|pipe', '^caret',
]; // biome-ignore format: one table

const CONTROLS = ['\0', '\u0001', '\t', '\n', '\r', '\u007f', '\u0085', '\u2028', '\ufffe', '\uffff'];
const MiB = 1 << 20;

/** Keys are taken literally, or refused. */
export function keys(fixture: () => StorageFixture): void {
  let f: StorageFixture;
  let store: ObjectStore;
  beforeAll(() => {
    f = fixture();
    store = f.store;
  });
  const fresh = () => `${f.prefix}${randomUUID()}/`;
  const body = (text: string) => Readable.from([Buffer.from(text)]);

  /** The store says that it cannot hold the key, whatever the call, and has nothing of it. */
  async function refused(key: string): Promise<void> {
    const p = fresh();
    await store.create(`${p}from`, Buffer.from('x'));
    await failure(store.create(key, Buffer.from('x')), 'name-conflict');
    await failure(store.upload(key, body('x'), 1), 'name-conflict');
    await failure(store.copy({ store, key: `${p}from`, size: 1 }, key), 'name-conflict');
    await failure(store.get(key), 'object-not-found');
    await failure(store.read(key), 'object-not-found');
    await failure(store.copy({ store, key, size: 1 }, `${p}to`), 'object-not-found');
    if (!/\p{Surrogate}/u.test(key)) expect((await all(store, key)).map((o) => o.key)).not.toContain(key);
    await store.delete([key]);
    expect((await all(store, p)).map((o) => o.key)).toEqual([`${p}from`]);
  }

  /** Every operation takes the key as it is. */
  async function held(key: string): Promise<void> {
    const p = fresh();
    await store.create(key, Buffer.from(key));
    await failure(store.create(key, Buffer.from('x')), 'object-exists');
    expect((await store.get(key)).bytes.toString()).toBe(key);
    expect((await buffer(await store.read(key))).toString()).toBe(key);
    expect((await all(store, key)).map((o) => o.key)).toContain(key);
    await f.sibling.copy({ store, key, size: Buffer.byteLength(key) }, `${p}copy`);
    await f.sibling.upload(`${p}streamed`, await store.read(key), Buffer.byteLength(key));
    for (const name of ['copy', 'streamed']) expect((await f.sibling.get(p + name)).bytes.toString()).toBe(key);
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (f.lacks?.replacingLongNames && Buffer.byteLength(name) > 230) {
      await failure(store.upload(key, body('again'), 5), 'name-conflict');
      expect((await store.get(key)).bytes.toString()).toBe(key);
    } else {
      await store.upload(key, body('again'), 5);
      expect((await store.get(key)).bytes.toString()).toBe('again');
    }
    await store.delete([key]);
    await failure(store.get(key), 'object-not-found');
    await store.copy({ store: f.sibling, key: `${p}copy`, size: Buffer.byteLength(key) }, key);
    expect((await store.get(key)).bytes.toString()).toBe(key);
    await store.delete([key]);
  }

  describe('keys', () => {
    test('strange keys are taken literally by every operation', async () => {
      const p = fresh();
      await Promise.all(STRANGE.map((key) => store.create(p + key, Buffer.from(key))));
      const listed = (await all(store, p)).map(({ key }) => key);
      expect(listed).toEqual(STRANGE.map((key) => p + key).sort(bytesOrder));
      for (const key of STRANGE) {
        expect((await store.get(p + key)).bytes.toString()).toBe(key);
        expect((await all(store, p + key)).map((o) => o.key)).toContain(p + key);
        const size = Buffer.byteLength(key);
        await store.copy({ store, key: p + key, size }, `${p}copies/${key}`);
        await store.upload(`${p}uploads/${key}`, await store.read(p + key), size);
        for (const folder of ['copies', 'uploads']) expect((await store.get(`${p}${folder}/${key}`)).bytes.toString()).toBe(key);
      }
      await store.delete(STRANGE.flatMap((key) => [p + key, `${p}copies/${key}`, `${p}uploads/${key}`]));
      expect(await all(store, p)).toEqual([]);
    });

    test('copies in parts of strange keys, to strange keys', async () => {
      if (!f.inParts) return;
      const p = fresh();
      const bytes = randomBytes(6 * MiB);
      let from = `${p}plain`;
      await store.upload(from, Readable.from([bytes]), bytes.length);
      for (const name of ['a b%2F+c=#d?e&f\\é\u{1F600}/%41+%2B %.x', '\u{1F468}\u200D\u{1F469}', "it's 100% a/!()*~"]) {
        const to = p + name;
        const made = await f.inParts.copy({ store, key: from, size: bytes.length }, to);
        if (made.etag !== undefined) expect(made.etag).toMatch(/-2"$/);
        expect((await store.get(to)).bytes.equals(bytes)).toBe(true);
        from = to;
      }
    });

    test('control characters: each held, or refused', async () => {
      const p = fresh();
      const keep = CONTROLS.filter((c) => !f.refuses?.characters?.includes(c));
      for (const c of CONTROLS) {
        if (keep.includes(c)) await held(`${p}in${c}side/x${c}`);
        else await refused(`${p}in${c}side/x${c}`);
      }
      const keys = keep.map((c) => `${p}all/${c}`);
      for (const key of keys) await store.create(key, Buffer.from(key));
      expect((await all(store, `${p}all/`)).map(({ key }) => key)).toEqual([...keys].sort(bytesOrder));
      await store.delete(keys);
      expect(await all(store, p)).toEqual([]);
    });

    test('1,024 bytes are allowed, of long and of short segments, 1,025 are not, nor is none or half a character', async () => {
      const p = fresh();
      const fill = (bytes: number, segment: number) => {
        let key = p;
        while (bytes - key.length > segment + 1) key += `${'k'.repeat(segment)}/`;
        return key + 'é'.repeat(Math.floor((bytes - key.length) / 2)) + 'k'.repeat((bytes - key.length) % 2);
      };
      for (const segment of [200, 1]) {
        expect(Buffer.byteLength(fill(1024, segment))).toBe(1024);
        await held(fill(1024, segment));
      }
      for (const key of [fill(1025, 200), `${fill(1023, 200)}é`, '', `${p}\ud83d`]) {
        if (key !== '') await refused(key);
        await failure(store.create(key, Buffer.from('x')), 'name-conflict');
        await failure(store.get(key), 'object-not-found');
      }
    });

    test('segments of 255 bytes; longer ones: held, or refused', async () => {
      const p = fresh();
      for (const segment of ['k'.repeat(255), 'é'.repeat(127)]) for (const end of ['', '/x']) await held(p + segment + end);
      for (const segment of ['k'.repeat(256), 'é'.repeat(128), 'k'.repeat(700)]) {
        for (const key of [p + segment, `${p}${segment}/x`, `${p}d/${segment}`])
          await (f.refuses?.longSegments ? refused(key) : held(key));
      }
      // Whatever a refused write has left behind, it is no object.
      expect(await all(store, p)).toEqual([]);
    });

    test('a trailing slash: held, or refused', async () => {
      const { trailingSlash } = f.refuses ?? {};
      const p = fresh();
      if (trailingSlash === true) return refused(`${p}a/`);
      await store.create(`${p}a/`, Buffer.alloc(0));
      await store.create(`${p}a/b`, Buffer.from('x'));
      expect((await all(store, p)).map(({ key, size }) => [key, size])).toEqual([
        [`${p}a/`, 0],
        [`${p}a/b`, 1],
      ]);
      if (trailingSlash === 'with bytes') await failure(store.create(`${p}c/`, Buffer.from('x')), 'name-conflict');
      else await held(`${p}c/`);
    });

    test('empty and dot segments, a slash at the beginning: held, or refused, never another key', async () => {
      const p = fresh();
      const { emptySegments, leadingSlash, dotSegments } = f.refuses ?? {};
      const odd: readonly (readonly [string, boolean | undefined])[] = [
        ...['a//b', '/a', '//a', 'a///b'].map((key) => [p + key, emptySegments] as const),
        ...[`/${p}a/b`, `/${p}x`].map((key) => [key, leadingSlash] as const),
        ...['a/./b', './a/b', 'x/../a/b', 'a/.', 'a/b/..'].map((key) => [p + key, dotSegments] as const),
      ];
      for (const [key, refuses] of odd) await (refuses ? refused(key) : held(key));
      // The keys that a file system would take them for are not touched.
      const plain = [`${p}a`, `${p}a/b`];
      if (f.refuses?.nested || f.lacks?.nestedListing) plain.shift();
      for (const key of plain) await store.create(key, Buffer.from('plain'));
      for (const [key, refuses] of odd) {
        if (refuses) await failure(store.upload(key, body('odd'), 3), 'name-conflict');
        else await store.upload(key, body('odd'), 3);
      }
      await store.delete(odd.map(([key]) => key));
      expect((await all(store, p)).map(({ key }) => key)).toEqual(plain);
      for (const key of plain) expect((await store.get(key)).bytes.toString()).toBe('plain');
    });

    test('an object beside objects below it: held, or refused as a name conflict', async () => {
      const p = fresh();
      await store.create(`${p}a`, Buffer.from('x'));
      if (f.refuses?.nested) {
        for (const key of [`${p}a/b`, `${p}a/b/c`]) await refused(key);
        await store.create(`${p}d/e`, Buffer.from('x'));
        await refused(`${p}d`);
        expect((await all(store, p)).map(({ key }) => key)).toEqual([`${p}a`, `${p}d/e`]);
        return;
      }
      await store.create(`${p}a/b`, Buffer.from('y'));
      expect((await store.get(`${p}a/b`)).bytes.toString()).toBe('y');
      expect((await store.get(`${p}a`)).bytes.toString()).toBe('x');
      const listed = (await all(store, p)).map(({ key }) => key);
      expect(listed).toEqual(f.lacks?.nestedListing ? [`${p}a`] : [`${p}a`, `${p}a/b`]);
    });
  });
}
