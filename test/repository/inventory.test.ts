import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type InventoryFile, PackWriter, readInventory } from '../../src/repository/inventory.js';
import { decodeRoot, encodeRoot, type Root, type RootManifest, type Section } from '../../src/repository/root.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';

const file = (path: string): InventoryFile => ({ path, key: `k/${path}`, size: 1, snapshot: '1', sum: null, etag: null });
const manifest = (n: number, files: readonly InventoryFile[], section: Section): RootManifest => ({
  path: `m${n}`,
  key: `k${n}`,
  length: 1,
  sha256: 'x',
  sourceLength: 1,
  files: files.length,
  bytes: files.length,
  section,
});

/** Writes these files, one list per manifest, and gives what a root says of them. */
async function written(lists: readonly (readonly InventoryFile[])[]) {
  const place = { store: new MemoryStore('repo'), prefix: 'p/' };
  let packs = 0;
  const writer = new PackWriter(async (bytes) => {
    const key = `pack-${packs++}`;
    await place.store.create(`p/${key}`, bytes);
    return key;
  });
  const manifests: RootManifest[] = [];
  for (const [n, files] of lists.entries()) {
    await writer.add(files, (section) => manifests.push(manifest(n, files, section)));
  }
  await writer.flush();
  return { place, manifests: manifests.sort((a, b) => (a.path < b.path ? -1 : 1)), packs };
}

async function read(place: Parameters<typeof readInventory>[0], manifests: readonly RootManifest[]) {
  const found = new Map<string, readonly InventoryFile[]>();
  for await (const { manifest: of, files } of readInventory(place, manifests)) found.set(of.path, files);
  return found;
}

describe('inventory', () => {
  test('round trip, with empty manifests, over one pack that zcat can read', async () => {
    const lists = [[file('a'), file('b\nü')], [], [file('c')]];
    const { place, manifests, packs } = await written(lists);
    expect(packs).toBe(1);
    expect([...(await read(place, manifests))].sort()).toEqual(lists.map((list, n) => [`m${n}`, list]));
    const text = gunzipSync((await place.store.get('p/pack-0')).bytes).toString();
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(lists.flat());
  });

  test('many sections go to several packs', async () => {
    // Random names hardly compress: nine sections of 4 MB.
    const lists = Array.from({ length: 9 }, () => [file(randomBytes(4_000_000).toString('base64'))]);
    const { place, manifests, packs } = await written(lists);
    expect(packs).toBeGreaterThan(1);
    expect((await read(place, manifests)).size).toBe(9);
  });

  test.each([
    ['missing', undefined],
    ['empty', Buffer.alloc(0)],
    ['not gzip', Buffer.alloc(1000, 1)],
  ])('a pack that is %s is corrupt and named', async (_, bytes) => {
    const { place, manifests } = await written([[file('a')]]);
    await place.store.delete(['p/pack-0']);
    if (bytes) await place.store.create('p/pack-0', bytes);
    await expect(read(place, manifests)).rejects.toMatchObject({ code: 'corrupt', object: 'memory://repo/p/pack-0' });
  });

  test('a pack cut anywhere is corrupt', async () => {
    const { place, manifests } = await written([[file('a'), file('b')]]);
    const { bytes } = await place.store.get('p/pack-0');
    for (let end = 0; end < bytes.length; end++) {
      await place.store.delete(['p/pack-0']);
      await place.store.create('p/pack-0', bytes.subarray(0, end));
      await expect(read(place, manifests), `cut at ${end}`).rejects.toMatchObject({ code: 'corrupt' });
    }
  });

  test('a pack with any byte changed is corrupt, also where gzip would not see it', async () => {
    const { place, manifests } = await written([[file('a'), file('b')]]);
    const { bytes } = await place.store.get('p/pack-0');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x04;
      await place.store.delete(['p/pack-0']);
      await place.store.create('p/pack-0', changed);
      await expect(read(place, manifests), `byte ${at}`).rejects.toMatchObject({ code: 'corrupt' });
    }
  });

  test('a section with another number of files than its manifest is corrupt', async () => {
    const { place, manifests } = await written([[file('a'), file('b')]]);
    const wrong = { ...(manifests[0] as RootManifest), files: 3 };
    await expect(read(place, [wrong])).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('root', () => {
  const root: Root = {
    location: 's3://b/t/',
    metadataLocation: 's3://b/t/metadata/1.json',
    uuid: null,
    metadata: { path: 'metadata/1.json', key: 'm', length: 1, sha256: 'x', gzip: true },
    lists: [{ path: 'l', snapshot: '9223372036854775807', key: 'l', length: 1, sha256: 'x' }],
    manifests: [
      manifest(0, [file('a')], { key: 'pack', offset: 5, length: 7, sha256: 'x' }),
      { ...manifest(1, [file('b')], { key: 'pack', offset: 12, length: 7, sha256: 'x' }), deletes: true, outside: true },
    ],
    statistics: [file('stats')],
  };

  test('round trip', () => {
    expect(decodeRoot(encodeRoot(root), 'x')).toEqual(root);
    const bare = { ...root, lists: [], manifests: [], statistics: [] };
    expect(decodeRoot(encodeRoot(bare), 'x')).toEqual(bare);
  });

  test('any cut is corrupt and named', () => {
    const bytes = encodeRoot(root);
    for (let end = 0; end < bytes.length; end += 7) {
      expect(() => decodeRoot(bytes.subarray(0, end), 'o')).toThrow(expect.objectContaining({ code: 'corrupt', object: 'o' }));
    }
  });
});
