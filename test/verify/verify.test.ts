import { describe, expect, test } from 'vitest';
import { encodeCommit } from '../../src/repository/commit.js';
import { sha256 } from '../../src/repository/keys.js';
import { encodeRoot, readRoot } from '../../src/repository/root.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World, type WorldOptions } from '../support/world.js';

async function prepare(kind: WorldOptions['kind'] = 'memory'): Promise<World> {
  const world = await World.open({ kind });
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2', 100_000)]);
  await table.append([someBytes('3'), '']);
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4')]);
  world.publish(table);
  await world.backup();
  return world;
}

test.each(['memory', 'apart', 'file'] as const)(
  'a good backup has no problems, all of it is counted, nothing is written (%s)',
  async (kind) => {
    const world = await prepare(kind);
    const before = await world.dump('repo');
    const { checked, problems, backup } = await world.verify();
    expect(problems).toEqual([]);
    // ROOT, metadata.json, three lists; the second append's manifest serves two snapshots, the first one's was written again.
    expect(checked).toEqual({
      metadata: 1 + 1 + 3 + 4,
      files: 5,
      filesRead: 5,
      bytesRead: 100_600,
      withoutChecksum: 0,
      missing: { files: 0, bytes: 0 },
    });
    expect(backup).toMatchObject({ name: 'b', mode: 'copy' });
    expect((await world.verify({ readData: false })).checked).toMatchObject({ files: 5, bytesRead: 0 });
    expect(await world.dump('repo')).toEqual(before);
  },
);

/** Objects that the backup consists of: all under runs/ but the run's own notes. */
const members = async (world: World) => (await world.keys('repo')).filter((key) => /\/(data|meta)\//.test(key));

describe('damage', () => {
  test.each([true, false])('any object of the backup removed is found and named (readData: %s)', async (readData) => {
    const world = await prepare();
    const keys = await members(world);
    expect(keys.length).toBeGreaterThan(13);
    for (const key of keys) {
      const uri = world.uri('repo', key);
      const bytes = await world.get(uri);
      await world.remove(uri);
      const { problems } = await world.verify({ readData });
      expect(
        problems.map(({ object }) => object),
        key,
      ).toContain(uri);
      await world.put(uri, bytes);
    }
    expect((await world.verify()).problems).toEqual([]);
  });

  test('any object truncated, or longer, is found by length', async () => {
    const world = await prepare();
    for (const key of await members(world)) {
      const uri = world.uri('repo', key);
      const bytes = await world.get(uri);
      const altered = bytes.length === 0 ? [Buffer.from('x')] : [bytes.subarray(0, -1), Buffer.alloc(0)];
      // Bytes behind the last section of a pack belong to nobody.
      if (!key.includes('/pack-')) altered.push(Buffer.concat([bytes, Buffer.from('x')]));
      for (const bad of altered) {
        await world.put(uri, bad);
        const { problems } = await world.verify({ readData: false });
        expect(
          problems.map(({ object }) => object),
          `${key}, ${bad.length} bytes`,
        ).toContain(uri);
      }
      await world.put(uri, bytes);
    }
  });

  test('any byte flipped is found: metadata by its sha256, content by its checksum', { timeout: 60_000 }, async () => {
    const world = await prepare();
    for (const key of await members(world)) {
      const uri = world.uri('repo', key);
      const bytes = await world.get(uri);
      // A gzip header holds bytes that mean nothing; everything else of a pack is under its CRC.
      const first = key.includes('/pack-') ? 10 : 0;
      for (const at of [first, bytes.length >> 1, bytes.length - 1]) {
        if (bytes.length === 0) continue;
        const bad = Buffer.from(bytes);
        bad[at] = (bad[at] as number) ^ 1;
        await world.put(uri, bad);
        const { problems } = await world.verify();
        expect(
          problems.map(({ object }) => object),
          `${key} at ${at}`,
        ).toContain(uri);
      }
      await world.put(uri, bytes);
    }
  });

  test('several are all listed', async () => {
    const world = await prepare();
    const content = (await members(world)).filter((key) => key.includes('/data/'));
    for (const key of content) await world.remove(world.uri('repo', key));
    const { problems } = await world.verify();
    expect(problems.map(({ object }) => object).sort()).toEqual(content.map((key) => world.uri('repo', key)).sort());
  });

  test('a commit that was tampered with is refused', async () => {
    const world = await prepare();
    const uri = world.uri('repo', 'backups/b.json');
    const text = (await world.get(uri)).toString();
    for (const bad of [
      text.replace('"total": 5', '"total": 6'),
      text.slice(0, -3),
      '',
      '{}',
      text.replace('{"id":"', '{"id":"0'),
    ]) {
      expect(bad).not.toBe(text);
      await world.put(uri, bad);
      const error = await failure(world.verify(), 'corrupt');
      expect(error).toMatchObject({ exit: 32, object: uri });
      expect(error.hint).toBeTruthy();
    }
  });
});

test('content without a checksum is counted, and checked by length', async () => {
  const world = await prepare();
  const uris = (await members(world)).filter((key) => key.includes('/data/'));
  const fresh = await World.open();
  const table = await fresh.table();
  await table.append(['abc']);
  fresh.publish(table);
  class NoSums extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      return op === 'copy' ? ({ ...result, sum: undefined } as T) : result;
    }
  }
  await fresh.backup({}, new NoSums());
  expect((await fresh.verify()).checked).toMatchObject({ files: 1, withoutChecksum: 1 });
  expect(uris.length).toBe(5);
});

test('what keeps verify from looking is thrown, not called a problem', async () => {
  const world = await prepare();
  const faults = new Faults();
  await world.verify({}, faults);
  for (let at = 0; at < faults.ops; at++) await failure(world.verify({}, new Faults('outage-before', at)), 'storage-unavailable');
});

test('an unknown backup is 20, an empty place 10', async () => {
  const world = await prepare();
  expect((await failure(world.verify({ name: 'c' }), 'backup-not-found')).exit).toBe(20);
  expect((await failure((await World.open()).verify(), 'repository-not-found')).exit).toBe(10);
});

test('a table root that says of a list that it names other manifests is found', async () => {
  const world = await prepare();
  const { id: _, selector: __, ...commit } = (await world.commit()) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  const [table] = commit.tables as [(typeof commit.tables)[0]];
  const root = await readRoot(world.place(), table);
  for (const names of [[], [[0, 0]], [[0, 9]]] as const) {
    const lists = root.lists.map((list, n) => (n === 1 ? { ...list, names } : list));
    const bytes = encodeRoot({ ...root, lists });
    const stored = { key: `${table.root.key}-${names.length}`, length: bytes.length, sha256: sha256(bytes) };
    await world.put(world.uri('repo', stored.key), bytes);
    const lying = encodeCommit({ ...commit, name: 'lies', tables: [{ ...table, root: stored }] });
    await world.put(world.uri('repo', 'backups/lies.json'), lying.bytes);
    const { problems } = await world.verify({ name: 'lies' });
    expect(problems).toEqual([
      { object: world.uri('repo', stored.key), message: expect.stringContaining('names other manifests'), backups: ['lies'] },
    ]);
  }
});

test('a record whose counts are not those of the table is found', async () => {
  const world = await prepare();
  const { id: _, selector: __, ...commit } = (await world.commit()) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  const [table] = commit.tables as [(typeof commit.tables)[0]];
  for (const wrong of [{ manifests: table.manifests + 1 }, { snapshots: table.snapshots - 1 }]) {
    const lying = encodeCommit({ ...commit, name: 'lies', tables: [{ ...table, ...wrong }] });
    await world.put(world.uri('repo', 'backups/lies.json'), lying.bytes);
    const { problems } = await world.verify({ name: 'lies' });
    expect(problems).toMatchObject([
      { object: world.uri('repo', table.root.key), message: expect.stringContaining('the record says') },
    ]);
  }
});
