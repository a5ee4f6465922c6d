/** Copies of backups that were damaged, repaired, incomplete, or of a table that moved. */
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { copy } from '../../src/copy/copy.js';
import { readRoot } from '../../src/repository/root.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { expectRestored, richTable, seeSource } from '../support/rich-table.js';
import { SpeltWorld } from '../support/spelt-world.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { World } from '../support/world.js';
import { copyTo, inMirror, mirror, outcomes } from './support.js';

async function prepare(): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  return { world, table };
}

const dataOf = async (world: World, role: 'repo' | 'wh', file: string) =>
  world.uri(role, (await world.keys(role)).find((key) => key.includes('/data/src/') && key.endsWith(file)) as string);

test('a backup that was repaired is copied as its repair has left it', async () => {
  const { world, table } = await prepare();
  const captured = await capture(world, table);
  const hurt = await dataOf(world, 'repo', 'f-1.parquet');
  await world.put(hurt, someBytes('other'));
  expect(outcomes(await copyTo(world))).toEqual(['one corrupt']);
  expect((await world.repair({ names: ['one'] })).after.problems).toBe(0);
  // A second backup of the same state shares the ROOT of the repair.
  await world.backup({ name: 'two' });
  expect(outcomes(await copyTo(world))).toEqual(['one copied', 'two copied']);
  for (const role of ['repo', 'src'] as const) for (const uri of (await world.dump(role)).keys()) await world.remove(uri);
  await inMirror(world, async () => {
    for (const name of ['one', 'two']) expect((await world.verify({ name })).problems).toEqual([]);
    await expectTable(world, captured, (await world.restore({ backupName: 'two' })) as Restored);
  });
});

test('what a check found damaged at the destination is no base; once repaired there it is one', async () => {
  const { world, table } = await prepare();
  await copyTo(world);
  await table.append([someBytes('4')]);
  world.publish(table);
  await world.backup({ name: 'two' });
  const hurt = await dataOf(world, 'wh', 'f-1.parquet');
  await world.put(hurt, someBytes('other'));
  await inMirror(world, async () => expect((await world.verify({ name: 'one', record: true })).problems).toHaveLength(1));
  const mended = world.fork();
  expect((await copyTo(world)).backups[1]?.data?.new.objects).toBe(4);
  await inMirror(world, async () => expect((await world.verify({ name: 'two' })).problems).toEqual([]));

  await inMirror(mended, async () => expect((await mended.repair({ names: ['one'] })).after.problems).toBe(0));
  expect((await copyTo(mended)).backups[1]?.data?.new.objects).toBe(1);
  await inMirror(mended, async () => expect((await mended.verify({ name: 'two' })).problems).toEqual([]));
});

test('an incomplete backup is copied as it is, and lends nothing that it lacks', async () => {
  const { world, table } = await prepare();
  const lost = world.uri('src', 'db/t/data/f-1.parquet');
  const bytes = await world.get(lost);
  await world.remove(lost);
  await table.append([someBytes('4')]);
  world.publish(table);
  await world.backup({ name: 'lacks', allowMissing: true, fresh: true });
  expect(outcomes(await copyTo(world, { names: ['lacks'] }))).toEqual(['lacks copied']);
  const origin = await world.commit('lacks');
  await inMirror(world, async () => {
    const commit = await world.commit('lacks');
    expect(commit?.tables[0]).toMatchObject({
      requires: ['missing'],
      missing: { files: 1, bytes: 200 },
      files: origin?.tables[0]?.files,
    });
    const roots = [origin, commit].map(async (one, n) => {
      const place = n === 0 ? { store: world.store('repo'), prefix: '' } : mirror(world);
      const { manifests } = await readRoot(place, one?.tables[0] as NonNullable<typeof one>['tables'][number]);
      return manifests.map(({ key: _, section: __, ...rest }) => rest);
    });
    expect(await roots[1]).toEqual(await roots[0]);
    expect((await world.verify({ name: 'lacks' })).problems).toEqual([]);
  });
  // The file is back: a whole backup after it brings it along.
  await world.put(lost, bytes);
  await world.backup({ name: 'whole', fresh: true });
  expect((await copyTo(world, { names: ['whole'] })).backups[0]?.data?.new.objects).toBe(1);
  await inMirror(world, async () => {
    expect((await world.verify({ name: 'whole' })).problems).toEqual([]);
    await expectTable(world, await capture(world, table), (await world.restore({ backupName: 'whole' })) as Restored);
  });
});

test.each(['s3://b/new', 's3://far/place', 's3a://b/t'])('after SET LOCATION to %s only new content is copied', async (to) => {
  const world = new SpeltWorld();
  const table = await richTable(world);
  await world.backup({ name: 'base' });
  table.location = to;
  const file = await table.put(`${to}/data/new.parquet`, someBytes('new'));
  await table.commit([await table.manifest([file])]);
  const source = await seeSource(world, table);
  await world.backup();
  const at = (bucket: string, faults: Faults) => ({ store: world.stores(faults).resolve(`s3://${bucket}/`).store, prefix: '' });
  const run = async (name: string) => {
    const faults = new Faults();
    const report = { progress: () => {}, warn: () => {}, info: () => {} };
    const options = { names: [name], filter: {}, jobs: 4, dryRun: false, tmpDir: tmpdir() };
    const { backups } = await copy({ from: at('repo', faults), to: at('mirror', faults), report }, options);
    return { data: backups[0]?.data, copied: faults.done('copy').map((uri) => uri.replace(/^.*\//, '')) };
  };
  await run('base');
  const { data, copied } = await run('b');
  expect(copied).toEqual(['new.parquet']);
  expect(data?.new.objects).toBe(1);
  for (const bucket of ['b', 'far', 'meta']) world.service.buckets.set(`memory://${bucket}`, new Map());
  world.service.buckets.set('memory://repo', new Map(world.service.buckets.get('memory://mirror')));
  expect((await world.verify()).problems).toEqual([]);
  const { metadataLocation } = await world.restore();
  await expectRestored(world, source, metadataLocation as string);
});
