import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore, ReadOptions } from '../../../src/storage/port.js';
import { failure, type StorageFixture } from './tools.js';

const MiB = 1 << 20;

/** Reading a part of an object. */
export function ranges(fixture: () => StorageFixture): void {
  let f: StorageFixture;
  let store: ObjectStore;
  let prefix: string;
  const bytes = randomBytes(MiB);
  beforeAll(async () => {
    f = fixture();
    store = f.store;
    prefix = `${f.prefix}${randomUUID()}/`;
    await store.create(`${prefix}object é`, bytes);
    await store.create(`${prefix}empty`, Buffer.alloc(0));
  });
  const read = async (start: number, end: number, options: ReadOptions = {}, key = 'object é') =>
    buffer(await store.read(prefix + key, { ...options, range: { start, end } }));

  describe('ranges', () => {
    test.each([
      ['the first byte', 0, 1],
      ['the beginning', 0, 70_000],
      ['the middle', 65_535, 700_001],
      ['the last byte', MiB - 1, MiB],
      ['the end', MiB - 8, MiB],
      ['all of it', 0, MiB],
    ])('%s', async (_name, start, end) => {
      expect((await read(start, end)).equals(bytes.subarray(start, end))).toBe(true);
    });

    test('over the end: what there is', async () => {
      for (const end of [MiB + 1, 2 * MiB, Number.MAX_SAFE_INTEGER]) {
        expect((await read(MiB - 3, end)).equals(bytes.subarray(MiB - 3))).toBe(true);
        expect((await read(0, end)).equals(bytes)).toBe(true);
      }
    });

    test.each([
      ['at the end', 'object é', MiB],
      ['behind the end', 'object é', MiB + 1],
      ['far behind the end', 'object é', Number.MAX_SAFE_INTEGER - 1],
      ['at the beginning of an empty object', 'empty', 0],
    ])('one that begins %s is corrupt', async (_name, key, start) => {
      const error = await failure(read(start, start + 1, {}, key), 'corrupt');
      expect(error.object).toBe(`${store.uri}/${prefix}${key}`);
      expect(error.message).toContain(`${error.object} has fewer bytes than ${start + 1}`);
    });

    test.each([
      [-1, 1],
      [-5, -1],
      [1, 1],
      [2, 1],
      [0.5, 2],
      [0, 1.5],
      [Number.NaN, 1],
      [0, Number.NaN],
      [0, Number.POSITIVE_INFINITY],
      [0, 2 ** 53],
    ])('%d to %d is none', async (start, end) => {
      const error = await failure(read(start, end), 'unexpected');
      expect(error.object).toBe(`${store.uri}/${prefix}object é`);
    });

    test('of what is not there', async () => {
      const error = await failure(read(0, 1, {}, 'none'), 'object-not-found');
      expect(error.object).toBe(`${store.uri}/${prefix}none`);
      if (f.noBucket) await failure(f.noBucket.read('x', { range: { start: 0, end: 1 } }), 'bucket-not-found');
    });

    test('an aborted signal ends it, before and in the middle', async () => {
      await failure(read(0, 1, { signal: AbortSignal.abort() }), 'interrupted');
      const stop = new AbortController();
      const stream = await store.read(`${prefix}object é`, { signal: stop.signal, range: { start: 1, end: MiB } });
      stream.once('data', () => stop.abort());
      await failure(buffer(stream), 'interrupted');
    });

    test('a reader may stop', async () => {
      const stream = await store.read(`${prefix}object é`, { range: { start: 1, end: MiB } });
      for await (const _chunk of stream) break;
      expect(stream.destroyed).toBe(true);
    });
  });
}
