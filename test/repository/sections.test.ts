import { expect, test } from 'vitest';
import { type InventoryFile, readInventory } from '../../src/repository/inventory.js';
import { sha256 } from '../../src/repository/keys.js';
import type { RootManifest } from '../../src/repository/root.js';
import { type PlacedFile, placedKey, writeSections } from '../../src/repository/sections.js';
import { byteCompare } from '../../src/storage/location.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';

const file = (path: string, more: Partial<InventoryFile> = {}): InventoryFile => ({
  ...{ path, key: `runs/r/data/${path}`, size: 1, snapshot: '1', sum: null, etag: null },
  ...more,
});

async function* lines(files: readonly (readonly [n: number, file: InventoryFile])[]): AsyncGenerator<PlacedFile> {
  const placed = files.map(([n, one]) => ({ k: placedKey(n, one.path), n, file: one }));
  yield* placed.sort((a, b) => byteCompare(a.k, b.k));
}

async function write(files: readonly (readonly [n: number, file: InventoryFile])[]) {
  const store = new MemoryStore('repo');
  const sections = await writeSections(lines(files), async (key, bytes) => {
    await store.create(key, bytes);
    return { key, length: bytes.length, sha256: sha256(bytes) };
  });
  return { store, sections };
}

test('one section for each manifest, in the order of numbers, not of their text; paths in UTF-8 byte order; missing ones counted', async () => {
  const { store, sections } = await write([
    [10, file('b')],
    [2, file('😀')],
    [2, file('\uffee')],
    [2, file('gone', { key: null, missing: true })],
    [10, file('a')],
  ]);
  expect([...sections].map(([n, { missing, section }]) => [n, missing, section.key])).toEqual([
    [2, 1, 'pack-0.ndjson.gz'],
    [10, 0, 'pack-0.ndjson.gz'],
  ]);
  const manifests = [...sections].map(([n, { section }]) => ({ path: `${n}`, files: n === 2 ? 3 : 2, section }) as RootManifest);
  const read: string[] = [];
  for await (const { files } of readInventory({ store, prefix: '' }, manifests))
    read.push(files.map(({ path }) => path).join(' '));
  expect(read).toEqual(['gone \uffee 😀', 'a b']);
});

test('nothing is written for nothing', async () => {
  const { store, sections } = await write([]);
  expect(sections.size).toBe(0);
  for await (const { objects } of store.list('')) expect(objects).toEqual([]);
});
