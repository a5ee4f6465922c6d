import { expect, test } from 'vitest';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World, type WorldOptions } from '../support/world.js';

async function prepare(kind: WorldOptions['kind'] = 'memory'): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open({ kind });
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  return { world, table };
}

test.each(['memory', 'apart', 'file'] as const)('copies nothing; restore copies from the source (%s)', async (kind) => {
  const { world, table } = await prepare(kind);
  const faults = new Faults();
  const { backup } = await world.backup({ mode: 'reference' }, faults);
  expect(backup).toMatchObject({ mode: 'reference' });
  expect(faults.done('copy', 'upload')).toEqual([]);
  expect((await world.verify()).problems).toEqual([]);
  await expectTable(world, await capture(world, table), (await world.restore()) as Restored);
});

test('a second one proves the files that the first recorded, and names the one that is gone', async () => {
  const { world, table } = await prepare();
  await world.backup({ mode: 'reference' });
  await table.append([someBytes('4')]);
  world.publish(table);
  const lost = `${table.location}/data/f-1.parquet`;
  const bytes = await world.get(lost);
  await world.remove(lost);
  for (const name of ['again', 'b2']) {
    const error = await failure(world.backup({ name, mode: 'reference' }), 'corrupt');
    expect(error).toMatchObject({ exit: 32, object: lost, table: 'db.t' });
    expect(error.hint).toBeTruthy();
  }
  await world.put(lost, bytes);
  expect((await world.backup({ name: 'again', mode: 'reference' })).backup?.tables[0]?.files).toEqual({ total: 4, new: 0 });
  // Nothing changed since, but for a file: the shortcut for unchanged tables must not hide it.
  await world.put(lost, someBytes('short', 5));
  expect(await failure(world.backup({ name: 'third', mode: 'reference' }), 'corrupt')).toMatchObject({ object: lost });
});

test.each([
  ['missing', undefined],
  ['of another length', someBytes('x', 7)],
])('a live file %s at the first one: 32, named, nothing written', async (_, bytes) => {
  const { world, table } = await prepare();
  const uri = `${table.location}/data/f-2.parquet`;
  if (bytes) await world.put(uri, bytes);
  else await world.remove(uri);
  const error = await failure(world.backup({ mode: 'reference' }), 'corrupt');
  expect(error).toMatchObject({ exit: 32, object: uri });
  expect(await world.keys('repo')).toEqual([]);
});

test('dies with its source, and says so; the target is left empty', async () => {
  const { world, table } = await prepare();
  await world.backup({ mode: 'reference' });
  await world.remove(`${table.location}/data/f-1.parquet`);
  const error = await failure(world.restore(), 'corrupt');
  expect(error).toMatchObject({ object: `${table.location}/data/f-1.parquet` });
  expect(error.hint).toMatch(/dies with its source/);
  expect(await world.keys('wh')).toEqual([]);
  expect(world.tables.has('db.r')).toBe(false);
  const { problems } = await world.verify();
  expect(problems).toMatchObject([{ object: `${table.location}/data/f-1.parquet` }]);
});
