/** What a backup may hold beyond data files of one table. */
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { copy } from '../../src/copy/copy.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { expectRestored, richTable, seeSource } from '../support/rich-table.js';
import { SpeltWorld } from '../support/spelt-world.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';
import { copyTo, inMirror, mirror, outcomes } from './support.js';

const ALL = { namespace: 'db', include: [], exclude: [] };
const note = { progress: () => {}, warn: () => {}, info: () => {} };

/** The repository of a world becomes the copy of itself; its tables are gone. */
async function moveToCopy(world: SpeltWorld, names: readonly string[] = []) {
  const at = (bucket: string) => ({ store: world.stores().resolve(`s3://${bucket}/`).store, prefix: '' });
  const deps = { from: at('repo'), to: at('mirror'), report: note };
  const result = await copy(deps, { names, filter: {}, jobs: 4, dryRun: false, tmpDir: tmpdir() });
  for (const bucket of ['b', 'far', 'meta']) world.service.buckets.set(`memory://${bucket}`, new Map());
  world.service.buckets.set('memory://repo', new Map(world.service.buckets.get('memory://mirror')));
  return result;
}

test('delete files, vectors, statistics, and files and metadata in other places', async () => {
  const world = new SpeltWorld();
  const table = await richTable(world);
  world.publish(table);
  const first = await world.backup({ name: 'first' });
  const source = await seeSource(world, table);
  await world.backup({ name: 'b' });
  const total = first.backup?.tables[0]?.files.total;
  const { backups } = await moveToCopy(world);
  expect(backups.map(({ outcome, data }) => [outcome, data?.total.objects, data?.new.objects])).toEqual([
    ['copied', total, total],
    ['copied', total, 0],
  ]);
  expect((await world.commitOf('b')).tables[0]?.requires).toEqual(['deletes', 'outside', 'statistics']);
  expect((await world.verify()).problems).toEqual([]);
  expect((await world.verify()).checked.files).toBe(total);
  const restored = await world.restore();
  await expectRestored(world, source, restored.metadataLocation as string);
});

test('several tables, some of them unchanged, and a partial backup: each as it is', async () => {
  const world = await World.open();
  const tables = new Map<string, TableWriter>();
  for (const name of ['a', 'b', 'c']) {
    const table = await world.table({}, `db/${name}`);
    await table.append([someBytes(`${name}1`), someBytes(`${name}2`)]);
    world.publish(table, `db.${name}`);
    tables.set(name, table);
  }
  await world.backup({ name: 'first', tables: ALL });
  const b = tables.get('b') as TableWriter;
  await b.append([someBytes('b3')]);
  world.publish(b, 'db.b');
  await world.remove([...(tables.get('c') as TableWriter).live().keys()][0] as string);
  await (tables.get('c') as TableWriter).writeMetadata();
  world.publish(tables.get('c') as TableWriter, 'db.c');
  const { failed } = await world.backup({ name: 'partial', tables: ALL, fresh: true });
  expect(failed.map(({ table }) => table)).toEqual(['db.c']);
  const { backups } = await copyTo(world);
  expect(backups.map(({ selector, tables: names, data }) => [selector, names.length, data?.new.objects])).toEqual([
    ['first', 3, 6],
    ['partial', 2, 1],
  ]);
  const origin = await world.commit('partial');
  await inMirror(world, async () => {
    const commit = await world.commit('partial');
    const { id, run, origin: of, tables: _, bcn, selector, ...rest } = commit as NonNullable<typeof commit>;
    expect(origin).toMatchObject(rest);
    expect([id, run]).not.toContain(origin?.id);
    expect(of).toEqual({ repository: expect.stringMatching(/^[0-9a-f]{32}$/), id: origin?.id });
    expect(commit?.tables.map(({ pinned, entry }) => ({ pinned, entry }))).toEqual(
      origin?.tables.map(({ pinned, entry }) => ({ pinned, entry })),
    );
    expect(commit?.tables.map(({ files }) => files.new)).toEqual([0, 1]);
    expect((await world.verify({ name: 'partial' })).problems).toEqual([]);
    const restored = await world.restore({ backupName: 'partial', table: 'db.b' });
    await expectTable(world, await capture(world, b), restored as Restored);
  });
});

test.each([
  { formatVersion: 1, uuid: null },
  { formatVersion: 1, embedded: true },
  { formatVersion: 3, gzip: true },
] as const)('a table with %j, twice', async (options) => {
  const world = await World.open({ kind: 'apart' });
  const table = await world.table(options);
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'two' });
  const { backups } = await copyTo(world);
  expect(backups.map(({ data }) => data?.new.objects)).toEqual([2, 1]);
  await inMirror(world, async () => {
    expect((await world.verify({ name: 'two' })).problems).toEqual([]);
    const restored = await world.restore({ backupName: 'two' });
    await expectTable(world, await capture(world, table), restored as Restored);
  });
});

test('a reference backup is copied as such: metadata alone, and it dies with the files of its table', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'light', mode: 'reference' });
  const { backups } = await copyTo(world);
  expect(backups).toMatchObject([{ outcome: 'copied', mode: 'reference', data: { new: { objects: 0 } } }]);
  expect((await world.keys('wh')).filter((key) => key.includes('/data/'))).toEqual([]);
  const captured = await capture(world, table);
  for (const uri of (await world.dump('repo')).keys()) await world.remove(uri);
  await inMirror(world, async () => {
    expect((await world.verify({ name: 'light' })).problems).toEqual([]);
    await expectTable(world, captured, (await world.restore({ backupName: 'light' })) as Restored);
    await world.remove([...table.live().keys()][0] as string);
    expect((await world.verify({ name: 'light' })).problems).toHaveLength(1);
  });
});

test('a copy of a copy names the first origin, and what comes home is there already', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  const { id } = (await world.commit('one')) ?? {};
  await copyTo(world);
  const third = { store: world.store('wh'), prefix: 'third/' };
  const options = { names: [], filter: {}, jobs: 4, dryRun: false, tmpDir: world.tmpDir };
  expect(outcomes(await copy({ from: mirror(world), to: third, report: note }, options))).toEqual(['one copied']);
  world.repository = third;
  expect((await world.commit('one'))?.origin?.id).toBe(id);
  expect((await world.verify({ name: 'one' })).problems).toEqual([]);
  world.repository = undefined;
  for (const from of [mirror(world), third]) {
    for (const to of [world.place(), mirror(world), third]) {
      if (from.prefix === to.prefix) await failure(copy({ from, to, report: note }, options), 'usage');
      else expect(outcomes(await copy({ from, to, report: note }, options))).toEqual(['one already']);
    }
  }
});

test('a backup made at the destination goes on from a copy, and a copy from it', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  await copyTo(world);
  await table.append([someBytes('2')]);
  world.publish(table);
  const { backup } = await inMirror(world, () => world.backup({ name: 'there' }));
  expect(backup?.tables[0]?.files).toEqual({ total: 2, new: 1 });
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'two' });
  expect((await copyTo(world, { names: ['two'] })).backups[0]?.data?.new.objects).toBe(1);
  // The copy of the very moment that the table is at: nothing is read of it.
  const again = await inMirror(world, () => world.backup({ name: 'same' }));
  expect(again.backup?.tables[0]?.files).toEqual({ total: 3, new: 0 });
  await inMirror(world, async () => {
    for (const name of ['one', 'there', 'two', 'same']) expect((await world.verify({ name })).problems).toEqual([]);
  });
});

test('a backup of the very name and moment of a copy is another backup', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  await copyTo(world);
  for (const uri of (await world.dump('wh', 'mirror/tables/')).keys()) await world.remove(uri);
  await inMirror(world, async () => void (await failure(world.backup({ name: 'one' }), 'backup-exists')));
});
