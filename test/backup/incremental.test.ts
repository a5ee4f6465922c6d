import { describe, expect, test } from 'vitest';
import { readRoot } from '../../src/repository/root.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { World } from '../support/world.js';

async function prepare(): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'first' });
  return { world, table };
}

/** Backs the table up as it is now; the backup must be whole, and its totals an independent count. */
async function next(world: World, table: TableWriter, name = 'second') {
  world.publish(table);
  const live = table.live();
  const captured = await capture(world, table);
  const faults = new Faults();
  const { backup, plan } = await world.backup({ name }, faults);
  const summary = backup?.tables[0];
  const bytes = [...live.values()].reduce((sum, size) => sum + size, 0);
  expect({ files: summary?.files.total, bytes: summary?.bytes.total }).toEqual({ files: live.size, bytes });
  expect(plan?.data.total).toEqual({ objects: live.size, bytes });
  const verified = await world.verify({ name });
  expect(verified).toMatchObject({ problems: [], checked: { files: live.size } });
  const proof = async () => {
    const target = { namespace: ['db'], name: `r-${name}` };
    const restored = await world.restore({ backupName: name, target, targetLocation: world.uri('wh', `db/r-${name}`) });
    await expectTable(world, captured, restored as Restored);
  };
  const copied = faults.done('copy').map((uri) => uri.slice(uri.lastIndexOf('/') + 1));
  const manifestsRead = faults.done('get').filter((uri) => uri.endsWith('-m0.avro')).length;
  const packsRead = faults.done('get').filter((uri) => uri.includes('/pack-')).length;
  return { copied: copied.sort(), manifestsRead, packsRead, proof, backup, written: faults.done('create') };
}

describe('a second backup', () => {
  test('of an unchanged table writes no content and no metadata, and is whole', async () => {
    const { world, table } = await prepare();
    const second = await next(world, table);
    expect(second.copied).toEqual([]);
    expect(second.written.filter((uri) => uri.includes('/meta/'))).toEqual([]);
    expect(second.backup?.id).not.toBe((await world.commit('first'))?.id);
    await second.proof();
  });

  test('of an unchanged table costs six requests each time, two of them LISTs, and two objects; none reads the table', async () => {
    const { world } = await prepare();
    const requests = async (name: string) => {
      const faults = new Faults();
      await world.backup({ name }, faults);
      const short = (key: string) => key.replace(/[0-9a-f]{16,}/g, '<hex>').replace(/\d{13}|\d{8}T\d{6}Z/g, '<time>');
      return faults.log.map(({ op, key }) => `${op} ${short(key)}`.replaceAll(name, '<name>'));
    };
    const second = await requests('second');
    expect(second).toEqual([
      'get memory://repo/bcn.json',
      expect.stringMatching(/^load /),
      'list memory://repo/tables/<hex>/',
      'get memory://repo/backups/first.json',
      'list memory://repo/backups/<name>.json',
      'create memory://repo/backups/<name>.json',
      expect.stringMatching(/^create memory:\/\/repo\/tables\/<hex>\/<time>-<name>$/),
    ]);
    expect(await requests('third')).toEqual(second.map((request) => request.replaceAll('first', 'second')));
  });

  test('after an append copies exactly the new files, reads only the new manifest, and shares the sections', async () => {
    const { world, table } = await prepare();
    await table.append([someBytes('4'), someBytes('5')]);
    const second = await next(world, table);
    expect(second).toMatchObject({ copied: ['f-3.parquet', 'f-4.parquet'], manifestsRead: 1, packsRead: 0 });
    const roots = await Promise.all(
      ['first', 'second'].map(async (name) => {
        const commit = await world.commit(name);
        return readRoot(world.place(), commit?.tables[0] as NonNullable<typeof commit>['tables'][0]);
      }),
    );
    for (const manifest of roots[0]?.manifests ?? []) expect(roots[1]?.manifests).toContainEqual(manifest);
    for (const list of roots[0]?.lists ?? []) expect(roots[1]?.lists).toContainEqual(list);
    await second.proof();
  });

  test('after an overwrite reuses what EXISTING entries carry', async () => {
    const { world, table } = await prepare();
    await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('6')]);
    const second = await next(world, table);
    expect(second).toMatchObject({ copied: ['f-3.parquet'], manifestsRead: 2 });
    await second.proof();
  });

  test('after rewrite_manifests copies nothing', async () => {
    const { world, table } = await prepare();
    await table.rewriteManifests();
    const second = await next(world, table);
    expect(second).toMatchObject({ copied: [], manifestsRead: 1, backup: { tables: [{ files: { new: 0 } }] } });
    await second.proof();
  });

  test('after snapshots expired has the right totals', async () => {
    const { world, table } = await prepare();
    await table.overwrite((path) => path.endsWith('f-0.parquet') || path.endsWith('f-2.parquet'), [someBytes('7')]);
    await table.expire(1);
    const second = await next(world, table);
    expect(second.copied).toEqual(['f-3.parquet']);
    expect(table.live().size).toBe(2);
    await second.proof();
  });

  test('after expiring only, reads no content', async () => {
    const { world, table } = await prepare();
    await table.expire(1);
    const second = await next(world, table);
    expect(second).toMatchObject({ copied: [], manifestsRead: 0 });
    await second.proof();
  });

  test('of a table that was emptied is whole', async () => {
    const { world, table } = await prepare();
    await table.overwrite(() => true);
    await table.expire(1);
    const second = await next(world, table);
    expect(table.live().size).toBe(0);
    await second.proof();
  });

  test('reuses the base after the access key was rotated', async () => {
    const { world, table } = await prepare();
    world.changeServices('id');
    await table.append([someBytes('4')]);
    const second = await next(world, table);
    expect(second.copied).toEqual(['f-3.parquet']);
    await second.proof();
  });

  test('long chain of every kind of change: totals stay exact, and each backup stands alone', { timeout: 60_000 }, async () => {
    const { world, table } = await prepare();
    const steps: (() => Promise<unknown>)[] = [
      () => table.append([someBytes('a')]),
      () => table.overwrite((path) => path.endsWith('f-1.parquet')),
      () => table.rewriteManifests(),
      () => table.expire(2),
      () => table.append([someBytes('b'), someBytes('c')]),
      () => table.overwrite((path) => path.endsWith('f-2.parquet'), [someBytes('d')]),
      () => table.expire(1),
      () => table.rewriteManifests(),
    ];
    const proofs: (() => Promise<void>)[] = [];
    for (const [i, step] of steps.entries()) {
      await step();
      proofs.push((await next(world, table, `s${i}`)).proof);
    }
    for (const uri of (await world.dump('src')).keys()) await world.remove(uri);
    // The commit objects of all others, gone: no chain.
    for (let i = 0; i < steps.length - 1; i++) await world.remove(world.uri('repo', `backups/s${i}.json`));
    await world.remove(world.uri('repo', 'backups/first.json'));
    await proofs.at(-1)?.();
  });
});

describe('nothing is reused', () => {
  test('from a table of another uuid in the same place, with the same names', async () => {
    const { world, table } = await prepare();
    for (const uri of (await world.dump('src')).keys()) await world.remove(uri);
    const again = await world.table();
    await again.append([someBytes('1'), someBytes('other')]);
    expect(again.location).toBe(table.location);
    const second = await next(world, again);
    expect(second.copied).toEqual(['f-0.parquet', 'f-1.parquet']);
    await second.proof();
  });

  test('when the table has moved to another location', async () => {
    const { world, table } = await prepare();
    const moved = await world.table({ uuid: table.uuid }, 'db/elsewhere');
    await moved.append([someBytes('1'), someBytes('2')]);
    const second = await next(world, moved);
    expect(second.copied).toHaveLength(2);
    await second.proof();
  });

  test('when the service has another address: it may be another service with the same names', async () => {
    const { world, table } = await prepare();
    world.changeServices('endpoint');
    const second = await next(world, table);
    expect(second.copied).toHaveLength(3);
    await second.proof();
  });

  test('when a file of the same path and size was added by another snapshot', async () => {
    const { world, table } = await prepare();
    await table.overwrite((path) => path.endsWith('f-0.parquet'));
    await table.expire(1);
    await table.append({ 'f-0.parquet': someBytes('changed!') });
    const second = await next(world, table);
    expect(second.copied).toEqual(['f-0.parquet']);
    await second.proof();
  });

  test('from a deleted backup', async () => {
    const { world, table } = await prepare();
    await world.happen('first', '1-deleted.json');
    const second = await next(world, table);
    expect(second.copied).toHaveLength(3);
    await second.proof();
  });

  test('from a backup of the other mode', async () => {
    const { world, table } = await prepare();
    const { backup } = await world.backup({ name: 'light', mode: 'reference' });
    expect(backup?.tables[0]?.files).toEqual({ total: 3, new: 0 });
    await table.append([someBytes('8')]);
    expect((await next(world, table)).copied).toEqual(['f-3.parquet']);
  });
});
