import { expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';
import { copyTo, inMirror, mirror, outcomes } from './support.js';

async function prepare(files: number): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table();
  for (let i = 0; i < files; i++) await table.append([someBytes(`${i}`)]);
  world.publish(table);
  await world.backup({ name: 'one' });
  await copyTo(world);
  return { world, table };
}

async function again(world: World, options: Parameters<typeof copyTo>[1] = {}) {
  const faults = new Faults();
  const result = await copyTo(world, options, faults);
  const mirrored = `${world.uri('wh', 'mirror/')}`;
  const keys = (...ops: string[]) =>
    faults.done(...ops).map((uri) => (uri.startsWith(mirrored) ? `to ${uri.slice(mirrored.length)}` : `from ${uri}`));
  return { result, faults, keys };
}

/** What one command asks before it copies: the records, of the source twice, both lists of events and backups, each backup's record on both sides. */
const looks = (from: number, to: number) => 7 + from + to;

test('what is there already costs its record on both sides, and nothing is written', async () => {
  const { world } = await prepare(3);
  const before = await world.dump('wh');
  const { result, faults } = await again(world);
  expect(outcomes(result)).toEqual(['one already']);
  expect(result.backups[0]?.copy?.selector).toBe('one');
  expect(faults.ops).toBe(looks(1, 1));
  expect(await world.dump('wh')).toEqual(before);
});

test.each([3, 30])(
  'one appended file beside %d: one file, its metadata, and requests that do not grow with the table',
  async (files) => {
    const { world, table } = await prepare(files);
    await table.append([someBytes('new', 300)]);
    world.publish(table);
    await world.backup({ name: 'two' });
    const { result, faults, keys } = await again(world);
    expect(result.backups[1]).toMatchObject({ outcome: 'copied', data: { new: { objects: 1, bytes: 300 } } });
    expect(result.backups[1]?.data?.total.objects).toBe(files + 1);
    expect(keys('copy')).toHaveLength(1);
    const created = keys('create').map((key) => key.replace(/-[0-9a-f]{32}/, '').replace(/[0-9a-f]{16}/g, '…'));
    // begin, manifest, list, metadata, pack, ROOT, COMMIT, hint, end
    expect(created).toHaveLength(9);
    // The base's inventory is not read, the source's only of the new manifest: record, ROOT, pack, three metadata objects.
    expect(keys('get', 'read').filter((key) => key.startsWith('from') && /runs\//.test(key))).toHaveLength(5);
    expect(keys('get').filter((key) => /^to runs\//.test(key))).toHaveLength(1);
    // Of each side the record; the name, runs, the base's record and events before; base, its record, the name at the commit; one LIST of lengths.
    expect(faults.ops).toBe(looks(2, 1) + 26);
  },
);

test('an unchanged table: its ROOT is used again, and nothing is written but the COMMIT and its hint', async () => {
  const { world } = await prepare(3);
  await world.backup({ name: 'two' });
  await world.backup({ name: 'three' });
  const { result, keys } = await again(world);
  expect(outcomes(result)).toEqual(['one already', 'two copied', 'three copied']);
  expect(result.backups[2]?.data).toEqual({ total: { objects: 3, bytes: 600 }, new: { objects: 0, bytes: 0 } });
  expect(keys('create').filter((key) => !/^to (backups|tables)\//.test(key))).toEqual([]);
  // The second is known to share the ROOT of the first by the ROOTs; the third, whose base is the second's copy, by the records alone.
  expect(keys('get').filter((key) => key.includes('root.ndjson'))).toHaveLength(2);
  await inMirror(world, async () => {
    for (const name of ['one', 'two', 'three']) expect((await world.verify({ name })).problems).toEqual([]);
    const roots = await Promise.all(['one', 'two', 'three'].map(async (name) => (await world.commit(name))?.tables[0]?.root.key));
    expect(new Set(roots).size).toBe(1);
  });
});

test('rewritten manifests, compaction and expiry bring no file twice', async () => {
  const { world, table } = await prepare(4);
  const step = async (name: string) => {
    world.publish(table);
    await world.backup({ name });
    const { result } = await again(world);
    return result.backups.at(-1)?.data?.new.objects;
  };
  await table.rewriteManifests();
  expect(await step('rewritten')).toBe(0);
  await table.overwrite((path) => /f-[01]\.parquet$/.test(path), [someBytes('compact', 400)]);
  expect(await step('compacted')).toBe(1);
  await table.expire(1);
  expect(await step('expired')).toBe(0);
  const data = (await world.keys('wh', 'mirror/runs/')).filter((key) => key.includes('/data/'));
  expect(data).toHaveLength(5);
});

test('older backups after newer ones, in any order: each file lies there once', async () => {
  const { world, table } = await prepare(2);
  for (const name of ['two', 'three', 'four']) {
    await table.append([someBytes(name)]);
    if (name === 'three') await table.rewriteManifests();
    world.publish(table);
    await world.backup({ name });
  }
  for (const name of ['four', 'two', 'three']) {
    const { result } = await again(world, { names: [name] });
    expect(result.backups[0]?.data?.new.objects).toBe(name === 'four' ? 3 : 0);
  }
  const data = (await world.keys('wh', 'mirror/runs/')).filter((key) => key.includes('/data/'));
  expect(data).toHaveLength(5);
  await inMirror(world, async () => {
    for (const name of ['one', 'two', 'three', 'four']) expect((await world.verify({ name })).problems).toEqual([]);
  });
});

test('a dry run says of each backup what its copy will add, and writes nothing', async () => {
  const { world, table } = await prepare(2);
  for (const name of ['two', 'three']) {
    await table.append([someBytes(name), someBytes(`${name}+`)]);
    world.publish(table);
    await world.backup({ name });
  }
  await world.backup({ name: 'four' });
  const before = await world.dump('wh');
  const { result: planned, faults } = await again(world, { dryRun: true });
  expect(faults.done('create', 'copy', 'upload', 'delete')).toEqual([]);
  expect(await world.dump('wh')).toEqual(before);
  expect(outcomes(planned)).toEqual(['one already', 'two planned', 'three planned', 'four planned']);
  const { result } = await again(world);
  expect(planned.backups.map(({ data }) => data)).toEqual(result.backups.map(({ data }) => data));
  expect(result.backups.map(({ data }) => data?.new.objects)).toEqual([undefined, 2, 2, 0]);
});

test('a dry run into a repository that is still to be made', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  expect((await copyTo(world, { dryRun: true })).backups).toMatchObject([{ outcome: 'planned', data: { new: { objects: 1 } } }]);
  expect(await world.keys('wh')).toEqual([]);
});

test('a base that cannot be read is none, and is named; one of another source is none', async () => {
  const { world, table } = await prepare(2);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'two' });
  const elsewhere = world.fork();
  const root = await inMirror(world, async () => (await world.commit('one'))?.tables[0]?.root.key);
  await world.remove(world.uri('wh', `mirror/${root}`));
  const { result } = await again(world);
  expect(result.backups[1]).toMatchObject({ outcome: 'copied', data: { new: { objects: 3 } } });
  expect(world.notes.some((note) => note.includes('nothing of it is reused'))).toBe(true);
  await inMirror(world, async () => expect((await world.verify({ name: 'two' })).problems).toEqual([]));

  // The same names, lengths and snapshots, read from another service: other files.
  elsewhere.changeServices('endpoint');
  await elsewhere.backup({ name: 'three', fresh: true });
  const copied = await copyTo(elsewhere, { names: ['three'] });
  expect(copied.backups[0]?.data?.new.objects).toBe(3);
});

test('a base that is deleted while a copy is made gives nothing', async () => {
  const { world, table } = await prepare(2);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'two' });
  let done = false;
  const faults = new Faults(undefined, 0, async () => {
    const written = faults.log.some(
      (one) => one?.key.includes('/mirror/runs/') && one.key.endsWith('root.ndjson.gz') && one.op === 'create',
    );
    if (done || !written) return;
    done = true;
    await inMirror(world, () => world.delete('one'));
  });
  await copyTo(world, { names: ['two'] }, faults);
  expect(done).toBe(true);
  await inMirror(world, async () => {
    expect((await world.commit('two'))?.tables[0]?.files).toEqual({ total: 3, new: 3 });
    world.now += 3 * 24 * 3_600_000;
    await world.prune();
    expect((await world.verify({ name: 'two' })).problems).toEqual([]);
  });
  // It was deleted there: the next copy brings it back only when its name is free.
  expect((await failure(copyTo(world, { names: ['three'] }), 'backup-not-found')).message).toContain('three');
  // While a DELETE of its COMMIT may be under way the name is not free.
  expect(outcomes(await copyTo(world))).toEqual(['one busy', 'two already']);
  world.now += 24 * 3_600_000;
  expect(outcomes(await copyTo(world))).toEqual(['one copied', 'two already']);
  expect((await mirror(world).store.get(`${mirror(world).prefix}backups/one.json`)).bytes.length).toBeGreaterThan(0);
});
