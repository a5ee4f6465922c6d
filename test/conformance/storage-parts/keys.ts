import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import { all, bytesOrder, failure, type StorageFixture } from './tools.js';

/** Keys are taken literally, or refused. */
export function keys(fixture: () => StorageFixture): void {
  let f: StorageFixture;
  let store: ObjectStore;
  beforeAll(() => {
    f = fixture();
    store = f.store;
  });
  const fresh = () => `${f.prefix}${randomUUID()}/`;

  describe('keys', () => {
    const strange = [
        'with space', ' leading', 'trailing ', 'a+b', 'a%20b', 'a%2Fb', '100%', 'p=1', 'a#b', 'a?b=c', 'a&b', '"double"', "'single'", 'c:d', 'semi;colon', 'back\\slash', '$&', '*', '~', '!()', '[x]{y}', '<tag>',
        'ünïcode', 'e\u0301', '\u00e9', '\u{1F600}', '\uFFFD', '\uE000', '日本語', 'year=2024/month=01/x.parquet', 'emoji \u{1F468}\u200D\u{1F469}',
        '.hidden', '...', 'a..b', '-dash', 'comma,', '@at', '`tick`', '|pipe', '^caret',
      ]; // biome-ignore format: one table

    test('strange keys are taken literally by every operation', async () => {
      const p = fresh();
      await Promise.all(strange.map((key) => store.create(p + key, Buffer.from(key))));
      const listed = (await all(store, p)).map(({ key }) => key);
      expect(listed).toEqual(strange.map((key) => p + key).sort(bytesOrder));
      for (const key of strange) {
        expect((await store.get(p + key)).bytes.toString()).toBe(key);
        expect((await all(store, p + key)).map((o) => o.key)).toContain(p + key);
        await store.copy({ store, key: p + key, size: Buffer.byteLength(key) }, `${p}copies/${key}`);
        expect((await store.get(`${p}copies/${key}`)).bytes.toString()).toBe(key);
      }
      await store.delete(strange.flatMap((key) => [p + key, `${p}copies/${key}`]));
      expect(await all(store, p)).toEqual([]);
    });

    test('control characters', async () => {
      const p = fresh();
      const keys = ['ctl\u0001x', 'nl\nx', 'cr\rx', 'tab\tx', 'del\u007fx', 'nel\u0085x', 'ls\u2028x', 'ffff\uffff'].map(
        (key) => p + key,
      );
      if (f.refuses?.controlCharacters) return;
      for (const key of keys) await store.create(key, Buffer.from(key));
      expect((await all(store, p)).map(({ key }) => key)).toEqual([...keys].sort(bytesOrder));
      for (const key of keys) expect((await store.get(key)).bytes.toString()).toBe(key);
      await store.delete(keys);
      expect(await all(store, p)).toEqual([]);
    });

    test('1,024 bytes are allowed, 1,025 are not, nor is none or half a character', async () => {
      const p = fresh();
      const fill = (bytes: number) => {
        let key = p;
        while (bytes - key.length > 201) key += `${'k'.repeat(200)}/`;
        return key + 'é'.repeat(Math.floor((bytes - key.length) / 2)) + 'k'.repeat((bytes - key.length) % 2);
      };
      expect(Buffer.byteLength(fill(1024))).toBe(1024);
      await store.create(fill(1024), Buffer.from('x'));
      expect((await store.get(fill(1024))).size).toBe(1);
      expect((await all(store, p)).map(({ key }) => key)).toEqual([fill(1024)]);
      for (const key of [fill(1025), '', `${p}\ud83d`]) {
        await failure(store.create(key, Buffer.from('x')), 'name-conflict');
        await failure(store.upload(key, Readable.from([Buffer.from('x')]), 1), 'name-conflict');
        await failure(store.copy({ store, key: fill(1024), size: 1 }, key), 'name-conflict');
        await failure(store.get(key), 'object-not-found');
        await failure(store.read(key), 'object-not-found');
        await failure(store.copy({ store, key, size: 1 }, `${p}to`), 'object-not-found');
        await store.delete([key]);
      }
    });

    test('empty segments: held, or refused', async () => {
      const p = fresh();
      if (f.refuses?.emptySegments) {
        for (const key of f.refuses.trailingSlash ? [`${p}a//b`, `${p}a/`] : [`${p}a//b`]) {
          await failure(store.create(key, Buffer.from('x')), 'name-conflict');
          await failure(store.get(key), 'object-not-found');
        }
        expect(await all(store, p)).toEqual([]);
        return;
      }
      for (const key of [`${p}a//b`, `${p}a/b`, `${p}c/`]) await store.create(key, Buffer.from(key));
      expect((await all(store, p)).map(({ key }) => key)).toEqual([`${p}a//b`, `${p}a/b`, `${p}c/`]);
      expect((await store.get(`${p}a//b`)).bytes.toString()).toBe(`${p}a//b`);
    });

    test('an object beside objects below it: held, or refused as a name conflict', async () => {
      const p = fresh();
      await store.create(`${p}a`, Buffer.from('x'));
      if (f.refuses?.nested) {
        await failure(store.create(`${p}a/b`, Buffer.from('x')), 'name-conflict');
        await failure(store.upload(`${p}a/b`, Readable.from([Buffer.from('x')]), 1), 'name-conflict');
        await failure(store.get(`${p}a/b`), 'object-not-found');
        await store.create(`${p}d/e`, Buffer.from('x'));
        await failure(store.create(`${p}d`, Buffer.from('x')), 'name-conflict');
        await failure(store.upload(`${p}d`, Readable.from([Buffer.from('x')]), 1), 'name-conflict');
        await failure(store.get(`${p}d`), 'object-not-found');
        await store.delete([`${p}d`]);
        expect((await all(store, p)).map(({ key }) => key)).toEqual([`${p}a`, `${p}d/e`]);
      } else {
        await store.create(`${p}a/b`, Buffer.from('y'));
        expect((await store.get(`${p}a/b`)).bytes.toString()).toBe('y');
        expect((await store.get(`${p}a`)).bytes.toString()).toBe('x');
      }
    });
  });
}
