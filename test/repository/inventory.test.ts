import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EMPTY_SECTION, type InventoryFile, PackWriter, readInventory, readSections } from '../../src/repository/inventory.js';
import { decodeRoot, encodeRoot, type Root, type RootManifest, type Section } from '../../src/repository/root.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import { Faults, ProcessStore } from '../support/faults.js';

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

async function read(
  place: Parameters<typeof readInventory>[0],
  manifests: readonly RootManifest[],
  reader: typeof readInventory = readInventory,
) {
  const found = new Map<string, readonly InventoryFile[]>();
  for await (const { manifest: of, files } of reader(place, manifests)) found.set(of.path, files);
  return found;
}

const READERS = [
  ['whole', readInventory],
  ['by sections', readSections],
] as const;

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

  describe('some sections', () => {
    /** Twenty manifests whose sections are some 3 kB each. */
    const many = () => written(Array.from({ length: 20 }, () => [file(randomBytes(2_000).toString('base64'))]));

    test.each([
      ['one', [7]],
      ['neighbours, one request', [3, 4, 5]],
      ['nearly neighbours, one request', [3, 5]],
      ['far from each other', [1, 9, 18]],
      ['all, one request', Array.from({ length: 20 }, (_, n) => n)],
      ['none, and one without files', []],
    ])('%s', async (what, wanted) => {
      const { place, manifests } = await many();
      const faults = new Faults();
      const some = [...wanted.map((n) => manifests[n] as RootManifest), manifest(99, [], EMPTY_SECTION)];
      const found = await read({ ...place, store: new ProcessStore(place.store, faults) }, some.reverse(), readSections);
      const all = await read(place, manifests);
      expect([...found].sort()).toEqual(some.flatMap(({ path }) => (all.has(path) ? [[path, all.get(path)]] : [])).sort());
      const reads = faults.log.map(({ bytes = Number.NaN }) => bytes);
      expect(reads).toHaveLength(what.includes('one request') || what === 'one' ? 1 : wanted.length);
      const length = wanted.reduce((sum, n) => sum + (manifests[n] as RootManifest).section.length, 0);
      const between = what.startsWith('nearly') ? (manifests[4] as RootManifest).section.length : 0;
      expect(reads.reduce((sum, bytes) => sum + bytes, 0)).toBe(length + between);
    });
  });

  describe.each(READERS)('read %s', (_, reader) => {
    test.each([
      ['missing', undefined],
      ['empty', Buffer.alloc(0)],
      ['not gzip', Buffer.alloc(1000, 1)],
    ])('a pack that is %s is corrupt and named', async (_, bytes) => {
      const { place, manifests } = await written([[file('a')]]);
      await place.store.delete(['p/pack-0']);
      if (bytes) await place.store.create('p/pack-0', bytes);
      await expect(read(place, manifests, reader)).rejects.toMatchObject({ code: 'corrupt', object: 'memory://repo/p/pack-0' });
    });

    test('a pack cut anywhere is corrupt', async () => {
      const { place, manifests } = await written([[file('a'), file('b')]]);
      const { bytes } = await place.store.get('p/pack-0');
      for (let end = 0; end < bytes.length; end++) {
        await place.store.delete(['p/pack-0']);
        await place.store.create('p/pack-0', bytes.subarray(0, end));
        await expect(read(place, manifests, reader), `cut at ${end}`).rejects.toMatchObject({ code: 'corrupt' });
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
        await expect(read(place, manifests, reader), `byte ${at}`).rejects.toMatchObject({ code: 'corrupt' });
      }
    });

    test('a section with another number of files than its manifest is corrupt', async () => {
      const { place, manifests } = await written([[file('a'), file('b')]]);
      const wrong = { ...(manifests[0] as RootManifest), files: 3 };
      await expect(read(place, [wrong], reader)).rejects.toMatchObject({ code: 'corrupt' });
    });
  });
});

describe('root', () => {
  const root: Root = {
    location: 's3://b/t/',
    metadataLocation: 's3://b/t/metadata/1.json',
    uuid: null,
    metadata: { path: 'metadata/1.json', key: 'm', length: 1, sha256: 'x', gzip: true },
    lists: [
      { path: 'l', snapshot: '9223372036854775807', key: 'l', length: 1, sha256: 'x' },
      { path: 'm', snapshot: '1', key: 'm', length: 1, sha256: 'x', names: [[0, 2]] },
      { path: 'n', snapshot: '2', key: 'n', length: 1, sha256: 'x', names: [] },
    ],
    manifests: [
      manifest(0, [file('a')], { key: 'pack', offset: 5, length: 7, sha256: 'x' }),
      { ...manifest(1, [file('b')], { key: 'pack', offset: 12, length: 7, sha256: 'x' }), deletes: true, outside: true },
      { ...manifest(2, [], EMPTY_SECTION), adds: true },
    ],
    statistics: [file('stats')],
  };

  test('round trip', () => {
    expect(decodeRoot(encodeRoot(root), 'x')).toEqual(root);
    const bare = { ...root, lists: [], manifests: [], statistics: [] };
    expect(decodeRoot(encodeRoot(bare), 'x')).toEqual(bare);
  });

  test('what a list names stands in a line of its own, which earlier versions skip', () => {
    const lines = gunzipSync(encodeRoot(root))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === 'names')).toEqual([
      { type: 'names', list: 1, manifests: [[0, 2]] },
      { type: 'names', list: 2, manifests: [] },
    ]);
    expect(lines.filter(({ type, names }) => type === 'list' && names !== undefined)).toEqual([]);
    // Manifests are counted in the order of their lines, whatever their type.
    expect(lines.flatMap(({ type, path }) => (/manifest$/.test(type) ? [path] : []))).toEqual(['m0', 'm1', 'm2']);
  });

  test('any cut is corrupt and named', () => {
    const bytes = encodeRoot(root);
    for (let end = 0; end < bytes.length; end += 7) {
      expect(() => decodeRoot(bytes.subarray(0, end), 'o')).toThrow(expect.objectContaining({ code: 'corrupt', object: 'o' }));
    }
  });
});
