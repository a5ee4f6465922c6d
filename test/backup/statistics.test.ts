import { describe, expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { FreeTable } from '../support/free-table.js';
import { seeTable } from '../support/rows.js';
import { SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';

const STATS = 's3://b/t/metadata/s1.puffin';
const FAR = 's3://far/stats/s2.puffin';

/** A table of one data file and two files of statistics. */
async function prepare(): Promise<{ world: SpeltWorld; table: FreeTable }> {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  await table.commit([await table.manifest([await table.put('s3://b/t/data/a.parquet', someBytes('a'))])]);
  const one = await table.put(STATS, someBytes('s1', 50));
  const two = await table.put(FAR, someBytes('s2', 60));
  table.statistics = [
    { ...one, snapshot: 1 },
    { ...two, snapshot: 1 },
  ];
  await table.write();
  return { world, table };
}

const entriesOf = async (world: SpeltWorld, backupName = 'b') => {
  const { metadataLocation } = await world.restore({ backupName });
  await seeTable(metadataLocation as string, (uri) => world.read(uri));
  const { statistics } = JSON.parse((world.read(metadataLocation as string) as Buffer).toString());
  return statistics.map((one: Record<string, string>) => one['statistics-path']);
};

const files = async (world: SpeltWorld, options: Parameters<SpeltWorld['backup']>[0] = {}, faults?: Faults) =>
  (await world.backup(options, faults)).backup?.tables[0]?.files;

test('they are copied, and come back', async () => {
  const { world } = await prepare();
  expect(await files(world)).toEqual({ total: 3, new: 3 });
  expect((await world.verify()).problems).toEqual([]);
  expect((await world.verify()).checked.files).toBe(3);
  expect(await entriesOf(world)).toEqual([
    's3://wh/db/r/metadata/s1.puffin',
    expect.stringMatching(/_bcn_roots\/.*\/s2\.puffin$/),
  ]);
});

describe.each(['copy', 'reference'] as const)('one that is gone or changed, mode %s', (mode) => {
  test.each([
    ['gone', async (world: SpeltWorld) => world.remove(FAR), 'is missing'],
    ['cut short', (world: SpeltWorld) => world.remove(FAR).then(() => world.put(FAR, 'short')), 'has 5 bytes instead of 60'],
  ] as const)('%s: left out, and said; the restored table does not name it', async (_, change, why) => {
    const { world } = await prepare();
    await change(world);
    expect((await files(world, { mode }))?.total).toBe(2);
    expect(world.notes.join()).toContain(`the statistics file ${FAR} of db.t ${why}`);
    expect((await world.verify()).problems).toEqual([]);
    expect(await entriesOf(world)).toEqual(['s3://wh/db/r/metadata/s1.puffin']);
  });

  test('gone since the last backup: what that one holds is enough, or it is left out', async () => {
    const { world, table } = await prepare();
    await world.backup({ mode, name: 'base' });
    await world.remove(FAR);
    await table.commit([await table.manifest([await table.put('s3://b/t/data/b.parquet', someBytes('b'))])]);
    const { total } = (await files(world, { mode })) ?? {};
    expect(total).toBe(mode === 'copy' ? 4 : 3);
    expect((await world.verify()).problems).toEqual([]);
    expect((await entriesOf(world)).length).toBe(mode === 'copy' ? 2 : 1);
  });

  test('gone between the look and the copy: left out, and counted nowhere', async () => {
    const { world, table } = await prepare();
    const log = new Faults();
    await world.fork().backup({ mode }, log);
    const last = log.log.findLastIndex(({ op, key }) => op === 'list' && key.endsWith('s2.puffin'));
    const late = new Faults(undefined, 0, async (op) => {
      if (op === last + 1) await world.remove(FAR);
    });
    expect((await files(world, { mode, name: 'base' }, late))?.total).toBe(2);
    expect((await world.verify({ name: 'base' })).checked.files).toBe(2);
    await table.write();
    expect(await files(world, { mode })).toEqual({ total: 2, new: 0 });
  });
});

describe('incremental', () => {
  test('new ones are copied, known ones are not, and those that the table no longer names are not carried on', async () => {
    const { world, table } = await prepare();
    await world.backup({ name: 'base' });
    const three = await table.put('s3://b/t/metadata/s3.puffin', someBytes('s3', 70));
    table.statistics = [...table.statistics.slice(0, 1), { ...three, snapshot: 1 }];
    await table.write();
    expect(await files(world)).toEqual({ total: 3, new: 1 });
    expect((await world.verify()).checked.files).toBe(3);
    expect((await entriesOf(world)).length).toBe(2);
    table.statistics = [];
    await table.write();
    expect(await files(world, { name: 'none' })).toEqual({ total: 1, new: 0 });
    expect((await world.commitOf('none')).tables[0]?.requires).toBeUndefined();
  });

  test('an unchanged table keeps its counts', async () => {
    const { world } = await prepare();
    await world.backup({ name: 'base' });
    expect(await files(world)).toEqual({ total: 3, new: 0 });
  });

  test('one of the same name that a new snapshot wrote is copied anew', async () => {
    const { world, table } = await prepare();
    await world.backup({ name: 'base' });
    await world.remove(STATS);
    const again = await table.put(STATS, someBytes('other', 50));
    await table.commit([]);
    table.statistics = [{ ...again, snapshot: 2 }];
    await table.write();
    expect((await files(world))?.new).toBe(1);
    await world.restore();
    expect(world.read('s3://wh/db/r/metadata/s1.puffin')).toEqual(someBytes('other', 50));
  });
});

test('paths that are no file, or a data file, or the same file twice, break nothing', async () => {
  const { world, table } = await prepare();
  const data = { path: 's3://b/t/data/a.parquet', size: 200, snapshot: 1 };
  const odd = ['', 'relative/x', 'hdfs://n/x', 's3://b', 's3://b/t', 's3://b/t/', 's3://b/t/data', 's3://b/t/data/'];
  table.statistics = [
    ...odd.map((path) => ({ path, size: 0, snapshot: 1 })),
    data,
    data,
    { ...data, path: 's3a://b/t/data/a.parquet' },
  ];
  await table.write();
  await world.backup();
  expect((await world.verify()).problems).toEqual([]);
  expect(await entriesOf(world)).toEqual(new Array(3).fill('s3://wh/db/r/data/a.parquet'));
});
