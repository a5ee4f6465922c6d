import { describe, expect, test } from 'vitest';
import type { BackupResult } from '../../src/backup/options.js';
import { missingFiles } from '../../src/repository/inventory.js';
import { resolveBackup } from '../../src/repository/latest.js';
import { readRoot } from '../../src/repository/root.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults, Killed } from '../support/faults.js';
import { FreeTable } from '../support/free-table.js';
import { SpeltWorld } from '../support/spelt-world.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';

const LOST = 'db/t/data/f-1.parquet';

/** Three files in two manifests, of which one is gone. */
async function prepare(): Promise<{ world: World; table: TableWriter; bytes: Buffer; lost: string }> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2', 300)]);
  await table.append([someBytes('3')]);
  world.publish(table);
  const lost = world.uri('src', LOST);
  const bytes = await world.get(lost);
  await world.remove(lost);
  return { world, table, bytes, lost };
}

async function rootOf(world: World, name: string) {
  const committed = (await world.commit(name))?.tables[0];
  return readRoot(world.place(), committed as NonNullable<typeof committed>);
}

const copiedBy = async (world: World, options: Parameters<World['backup']>[0]) => {
  const faults = new Faults();
  const { backup } = await world.backup(options, faults);
  return { backup, copied: faults.done('copy').map((uri) => uri.slice(uri.lastIndexOf('/') + 1)) };
};

describe('a table that lacks a data file', () => {
  test.each(['copy', 'reference'] as const)('is refused, and the hint names the flag (%s)', async (mode) => {
    const { world, lost } = await prepare();
    const error = await failure(world.backup({ mode }), 'corrupt');
    expect(error).toMatchObject({ exit: 32, object: lost, table: 'db.t', hint: expect.stringContaining('--allow-missing') });
    expect(await world.commit()).toBeUndefined();
  });

  test.each(['copy', 'reference'] as const)('with the flag it is backed up as incomplete, and named (%s)', async (mode) => {
    const { world, lost } = await prepare();
    const { backup, outcome } = await world.backup({ mode, allowMissing: true });
    expect(outcome).toBe('created');
    expect(backup).toMatchObject({ incomplete: true, partial: false });
    expect(backup?.tables[0]).toMatchObject({ files: { total: 2 }, bytes: { total: 400 }, missing: { files: 1, bytes: 300 } });
    expect((await world.commit())?.tables[0]?.requires).toEqual(['missing']);
    const { manifests } = await rootOf(world, 'b');
    expect(manifests.map(({ files, missing }) => [files, missing])).toEqual([
      [2, 1],
      [1, undefined],
    ]);
    expect((await missingFiles(world.place(), manifests)).map(({ path, size, key }) => [path, size, key])).toEqual([
      ['data/f-1.parquet', 300, null],
    ]);
    expect(world.notes).toContain(`the live file ${lost} of db.t is missing from the source: the backup is incomplete`);
    const verified = await world.verify();
    expect(verified).toMatchObject({ problems: [], checked: { files: 2, missing: { files: 1, bytes: 300 } } });
  });

  test('the flag alone changes nothing', async () => {
    const { world, bytes, lost } = await prepare();
    await world.put(lost, bytes);
    const { backup } = await world.backup({ allowMissing: true });
    expect(backup).toMatchObject({ incomplete: false, tables: [{ missing: null, files: { total: 3, new: 3 } }] });
    expect((await world.commit())?.tables[0]).not.toHaveProperty('missing');
  });

  test('a file of another length is no missing one', async () => {
    const { world, lost } = await prepare();
    await world.put(lost, 'short');
    await failure(world.backup({ allowMissing: true }), 'corrupt');
  });

  test.each(['list', 'manifest'])('a missing %s is none of its files: refused', async (what) => {
    const { world, table } = await prepare();
    const [first] = table.snapshots;
    await world.remove((what === 'list' ? first?.list : first?.manifests[0]?.path) ?? '');
    expect(await failure(world.backup({ allowMissing: true }), 'corrupt')).toMatchObject({ exit: 32 });
  });

  test('it never counts as good: latest passes it over, and the last good one may not be forgotten for it', async () => {
    const { world, bytes, lost, table } = await prepare();
    await world.put(lost, bytes);
    await world.backup({ name: 'good' });
    await table.append({ 'new.parquet': someBytes('new') });
    await world.remove(world.uri('src', 'db/t/data/new.parquet'));
    world.publish(table);
    world.now += 3_600_000;
    await world.backup({ name: 'lacking', allowMissing: true });
    expect((await resolveBackup(world.place(), 'latest')).name).toBe('good');
    expect(await failure(world.forget(), 'usage')).toMatchObject({ message: expect.stringContaining('good') });
    await world.delete('good');
    expect(world.notes.filter((note) => note.includes('no good backup of db.t is left'))).toHaveLength(1);
  });

  test('of several tables it marks its own', async () => {
    const { world } = await prepare();
    const other = await world.table({}, 'db/u');
    await other.append([someBytes('u')]);
    world.publish(other, 'db.u');
    const { backup } = await world.backup({ tables: { namespace: 'db', include: [], exclude: [] }, allowMissing: true });
    expect(backup).toMatchObject({ incomplete: true, partial: false });
    expect(backup?.tables.map(({ table, missing }) => [table, missing?.files])).toEqual([
      ['db.t', 1],
      ['db.u', undefined],
    ]);
    const without = await world.backup({ name: 'c', tables: { namespace: 'db', include: [], exclude: [] } });
    expect(without).toMatchObject({ failed: [{ table: 'db.t', code: 'corrupt' }], backup: { incomplete: false, partial: true } });
  });

  test('a dry run tells what its plan looks for, and writes nothing', async () => {
    const { world, lost } = await prepare();
    const { plan, outcome } = await world.backup({ mode: 'reference', allowMissing: true, dryRun: true });
    expect(outcome).toBe('planned');
    expect(plan).toMatchObject({ missing: { objects: 1, bytes: 300 }, data: { total: { objects: 2 } } });
    expect(world.notes.some((note) => note.includes(lost))).toBe(true);
    expect(await world.keys('repo')).toEqual([]);
  });
});

describe('after an incomplete backup', () => {
  test.each(['copy', 'reference'] as const)(
    'the unchanged table is not taken for unchanged: it is looked at again (%s)',
    async (mode) => {
      const { world, bytes, lost, table } = await prepare();
      await world.backup({ name: 'first', mode, allowMissing: true });
      await failure(world.backup({ name: 'second', mode }), 'corrupt');
      const second = await copiedBy(world, { name: 'second', mode, allowMissing: true });
      expect(second).toMatchObject({ copied: [], backup: { incomplete: true, tables: [{ files: { total: 2, new: 0 } }] } });
      await world.put(lost, bytes);
      const third = await copiedBy(world, { name: 'third', mode });
      const copied = mode === 'copy' ? ['f-1.parquet'] : [];
      expect(third).toMatchObject({
        copied,
        backup: { incomplete: false, tables: [{ files: { total: 3, new: copied.length } }] },
      });
      expect((await world.verify({ name: 'third' })).problems).toEqual([]);
      const captured = await capture(world, table);
      await expectTable(world, captured, (await world.restore({ backupName: 'third' })) as Restored);
      // And now it is unchanged.
      expect((await copiedBy(world, { name: 'fourth', mode })).copied).toEqual([]);
    },
  );

  test('a table that grew: what is held is reused, what was missing is looked for again', async () => {
    const { world, table, bytes, lost } = await prepare();
    await world.backup({ name: 'first', allowMissing: true });
    await table.append([someBytes('4')]);
    await table.rewriteManifests(2);
    world.publish(table);
    await failure(world.backup({ name: 'second' }), 'corrupt');
    const second = await copiedBy(world, { name: 'second', allowMissing: true });
    // In two manifests by now, and still one file.
    expect(second).toMatchObject({ copied: ['f-3.parquet'], backup: { tables: [{ missing: { files: 1, bytes: 300 } }] } });
    expect((await world.verify({ name: 'second' })).problems).toEqual([]);
    await world.put(lost, bytes);
    const third = await copiedBy(world, { name: 'third' });
    expect(third).toMatchObject({
      copied: ['f-1.parquet'],
      backup: { incomplete: false, tables: [{ files: { total: 4, new: 1 } }] },
    });
    await expectTable(world, await capture(world, table), (await world.restore({ backupName: 'third' })) as Restored);
  });

  test('the file is no longer of the table: complete again', async () => {
    const { world, table } = await prepare();
    await world.backup({ name: 'first', allowMissing: true });
    await table.overwrite((path) => path.endsWith('/f-1.parquet'));
    await table.expire(1);
    world.publish(table);
    const second = await copiedBy(world, { name: 'second' });
    expect(second).toMatchObject({ copied: [], backup: { incomplete: false, tables: [{ files: { total: 2, new: 0 } }] } });
  });

  test('what an earlier backup holds is not missing, though the source lacks it', async () => {
    const { world, bytes, lost, table } = await prepare();
    await world.put(lost, bytes);
    await world.backup({ name: 'first' });
    await world.remove(lost);
    await table.append([someBytes('4')]);
    world.publish(table);
    expect(await copiedBy(world, { name: 'second' })).toMatchObject({ copied: ['f-3.parquet'], backup: { incomplete: false } });
  });
});

test('prune keeps what it holds', async () => {
  const { world, table } = await prepare();
  await world.backup({ name: 'first', allowMissing: true });
  await table.append([someBytes('4')]);
  world.publish(table);
  await world.backup({ name: 'second', allowMissing: true });
  await world.delete('first');
  world.now += 3 * 86_400_000;
  expect((await world.prune()).backups).toEqual(['first']);
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
});

test('a table that moves on under the backup is not called incomplete for what it no longer has', async () => {
  const { world: before, table, bytes, lost } = await prepare();
  await before.put(lost, bytes);
  const faults = new Faults();
  await before.fork().backup({ allowMissing: true }, faults);
  for (let at = 0; at < faults.ops; at++) {
    const world = before.fork();
    const metadata = table.metadataLocation;
    const writer = await world.table({ uuid: table.uuid }, 'db/t');
    Object.assign(writer, { snapshots: [...table.snapshots], refs: table.refs, metadataLocation: metadata });
    const move = async () => {
      await writer.overwrite((path) => path.endsWith('f-1.parquet'));
      await writer.expire(1);
      world.publish(writer);
    };
    const { backup } = await world.backup(
      { allowMissing: true },
      new Faults(undefined, 0, (op) => (op === at ? move() : undefined)),
    );
    expect(backup?.incomplete, `at ${at}`).toBe(false);
    expect((await world.verify()).problems, `at ${at}`).toEqual([]);
  }
});

test('killed at any request, the same command finishes, and the file is still named', { timeout: 60_000 }, async () => {
  const { world: before } = await prepare();
  const faults = new Faults();
  await before.fork().backup({ allowMissing: true }, faults);
  for (let at = 0; at < faults.ops; at++) {
    const world = before.fork();
    const died = await world.backup({ allowMissing: true }, new Faults('crash-after', at)).catch((error: unknown) => error);
    // A hint that is lost ends nothing.
    if (!(died instanceof Killed)) expect(died).toMatchObject({ outcome: 'created' });
    const { backup } = died instanceof Killed ? await world.backup({ allowMissing: true }) : (died as BackupResult);
    expect(backup).toMatchObject({ incomplete: true, tables: [{ missing: { files: 1, bytes: 300 }, files: { total: 2 } }] });
    expect((await world.verify()).problems, `at ${at}`).toEqual([]);
  }
});

test.each(['copy', 'reference'] as const)('delete files, and spellings of one file: each is named (%s)', async (mode) => {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  const data = await table.put('s3://b/t/data/a.parquet', someBytes('a'));
  const deletes = await table.putDeletes('s3://b/t/data/d.avro', [['s3://b/t/data/a.parquet', 1]]);
  const spelt = { ...data, path: 's3a://b/t/data/a.parquet' };
  await table.commit([await table.manifest([data]), await table.manifest([spelt]), await table.manifest([deletes])]);
  for (const { path } of [data, deletes]) await world.remove(path);
  expect(await failure(world.backup({ mode }), 'corrupt')).toMatchObject({ hint: expect.stringContaining('--allow-missing') });
  const { backup } = await world.backup({ mode, allowMissing: true });
  expect(backup?.tables[0]).toMatchObject({
    missing: { files: 3, bytes: 2 * data.size + deletes.size },
    files: { total: 0, new: 0 },
  });
  expect((await world.verify()).problems).toEqual([]);
});
