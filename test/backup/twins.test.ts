import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { rewriteManifestList } from '../../src/iceberg/manifest-list.js';
import { encodeCommit } from '../../src/repository/commit.js';
import { readInventory } from '../../src/repository/inventory.js';
import { sha256 } from '../../src/repository/keys.js';
import { encodeRoot, readRoot } from '../../src/repository/root.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { World } from '../support/world.js';

const TWIN = { namespace: ['db'], name: 'r' };

async function prepare(): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table();
  for (const n of [1, 2, 3]) await table.append([someBytes(`${n}`), someBytes(`${n}, too`)]);
  world.publish(table);
  await world.backup({ name: 'first' });
  return { world, table };
}

async function committedOf(world: World, name: string) {
  const backup = await world.commit(name);
  if (!backup?.tables[0]) throw new Error(`no backup ${name}`);
  return { run: backup.run, ...backup.tables[0] };
}

/** The keys of a backup's content files. */
async function contentOf(world: World, name: string): Promise<readonly string[]> {
  const { manifests } = await readRoot(world.place(), await committedOf(world, name));
  const keys: string[] = [];
  for await (const { files } of readInventory(world.place(), manifests)) keys.push(...files.flatMap(({ key }) => key ?? []));
  return keys;
}

/** A new metadata file of a table that no writer writes: as after a property was set. */
async function touch(world: World, ident: string): Promise<void> {
  const { metadataLocation = '', location = '' } = world.tables.get(ident) ?? {};
  const next = `${location}/metadata/00099-${randomUUID()}.metadata.json`;
  await world.put(next, await world.get(metadataLocation));
  world.tables.set(ident, { metadataLocation: next, location });
}

test('a restored twin with the same uuid: nothing of it is taken for the other, and nothing is copied twice', async () => {
  const { world, table } = await prepare();
  const { tableUuid } = await world.restore({ backupName: 'first', keepUuid: true });
  expect(tableUuid).toBe(table.uuid);

  // The files of the twin are its own, though they have the same uuid, names, sizes and snapshots.
  const first = new Faults();
  await world.backup({ name: 'twin', tables: [TWIN] }, first);
  expect(first.done('copy')).toHaveLength(6);
  const { run, uuid } = await committedOf(world, 'twin');
  expect(uuid).toBe(table.uuid);
  expect((await contentOf(world, 'twin')).filter((key) => !key.startsWith(`runs/${run}/data/wh/`))).toEqual([]);

  // Each of the two goes on from its own backup, though the newest of that uuid is the other's.
  await table.append([someBytes('4')]);
  world.publish(table);
  const original = new Faults();
  await world.backup({ name: 'second' }, original);
  expect(original.done('copy')).toHaveLength(1);
  expect((await contentOf(world, 'second')).filter((key) => key.includes('/data/wh/'))).toEqual([]);
  await touch(world, 'db.r');
  const again = new Faults();
  const { backup } = await world.backup({ name: 'twin-again', tables: [TWIN] }, again);
  expect(backup?.tables[0]?.files).toEqual({ total: 6, new: 0 });
  expect([...(await contentOf(world, 'twin-again'))].sort()).toEqual([...(await contentOf(world, 'twin'))].sort());

  // Within the bounds of a table without a twin: of metadata one file, or three with the append; of content none, or one.
  expect(again.log.length).toBeLessThanOrEqual(20 + 2 * 1);
  expect(original.log.length).toBeLessThanOrEqual(20 + 2 * 3 + 1);
  const read = (faults: Faults, prefix: string) =>
    faults.log.filter(({ key, bytes }) => key.startsWith(prefix) && bytes !== undefined).map(({ bytes }) => bytes);
  const runs = `${world.uri('repo')}/runs/`;
  expect(read(again, runs)).toEqual([(await committedOf(world, 'twin')).root.length]);
  expect(read(original, runs)).toEqual([(await committedOf(world, 'first')).root.length]);
  const metadata = await world.get(world.tables.get('db.r')?.metadataLocation ?? '');
  expect(read(again, world.uri('wh'))).toEqual([metadata.length]);
  for (const name of ['first', 'second', 'twin', 'twin-again']) expect((await world.verify({ name })).problems).toEqual([]);
});

/** As a restore into the old place leaves a table whose engine compresses otherwise: other manifests of other lengths under the old names, and lists that say so. */
async function writeAnew(world: World, table: TableWriter): Promise<void> {
  const lengths = new Map<string, number>();
  for (const manifest of new Set(table.snapshots.flatMap(({ manifests }) => manifests))) {
    const bytes = await world.get(manifest.path);
    // One more block, without entries.
    const longer = Buffer.concat([bytes, Buffer.from([0, 4, 3, 0]), bytes.subarray(-16)]);
    await world.put(manifest.path, longer);
    Object.assign(manifest, { length: longer.length });
    lengths.set(manifest.path, longer.length);
  }
  for (const { list = '' } of table.snapshots) {
    const length = (path: string) => lengths.get(path) as number;
    await world.put(list, await rewriteManifestList(await world.get(list), list, { path: (path) => path, length }));
  }
}

test('a table whose files were written anew under their old names: its metadata is read again, its content kept', async () => {
  const { world, table } = await prepare();
  await writeAnew(world, table);
  await table.append([someBytes('4')]);
  world.publish(table);
  const faults = new Faults();
  const { backup } = await world.backup({ name: 'second' }, faults);
  expect(faults.done('copy')).toHaveLength(1);
  expect(backup?.tables[0]?.files).toEqual({ total: 7, new: 1 });
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
  const held = (await readRoot(world.place(), await committedOf(world, 'second'))).manifests;
  expect(held.map(({ sourceLength }) => sourceLength)).toEqual(table.current?.manifests.map(({ length }) => length));
});

test('a base that does not say what its lists name is good all the same: its lists are read once more, and kept', async () => {
  const { world, table } = await prepare();
  // As 0.1.0 wrote it.
  const { id: _, selector: __, ...commit } = (await world.commit('first')) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  const [committed] = commit.tables as [(typeof commit.tables)[0]];
  const { run } = commit;
  const now = await readRoot(world.place(), committed);
  expect(now.lists.map(({ names }) => names)).toEqual([[[0, 0]], [[0, 1]], [[0, 2]]]);
  const lists = now.lists.map(({ names: _, ...list }) => list);
  const bytes = encodeRoot({ ...now, lists, manifests: now.manifests.map(({ adds: _, ...manifest }) => manifest) });
  const root = { ...committed.root, length: bytes.length, sha256: sha256(bytes) };
  await world.put(world.uri('repo', root.key), bytes);
  await world.put(world.uri('repo', 'backups/first.json'), encodeCommit({ ...commit, tables: [{ ...committed, root }] }).bytes);
  expect((await world.verify({ name: 'first' })).problems).toEqual([]);

  await table.append([someBytes('4')]);
  await table.expire(3);
  world.publish(table);
  const faults = new Faults();
  const { backup } = await world.backup({ name: 'second' }, faults);
  expect(backup?.tables[0]?.files).toEqual({ total: 7, new: 1 });
  const listsIn = (op: string) => faults.done(op).filter((uri) => /\/(snap-|lists\/)/.test(uri)).length;
  expect([listsIn('get'), listsIn('create')]).toEqual([3, 1]);
  const { lists: kept } = await readRoot(world.place(), await committedOf(world, 'second'));
  expect(kept.map((list) => [list.key.includes(run), list.names])).toEqual([
    [true, [[0, 1]]],
    [true, [[0, 2]]],
    [false, [[0, 3]]],
  ]);
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
});
