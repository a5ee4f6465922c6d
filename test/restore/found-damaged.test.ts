import { expect, test } from 'vitest';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const TABLES = [
  { namespace: ['db'], name: 't' },
  { namespace: ['db'], name: 'o' },
] as const;

/** A backup of two tables, of which a check found `db.t` damaged. */
async function prepare(): Promise<{ world: World; lost: string }> {
  const world = await World.open();
  for (const [name, path] of [
    ['db.t', 'db/t'],
    ['db.o', 'db/o'],
  ] as const) {
    const table = await world.table({}, path);
    await table.append([someBytes(name), someBytes(`${name} too`)]);
    await table.append([someBytes(`${name} three`)]);
    world.publish(table, name);
  }
  await world.backup({ tables: TABLES });
  const lost = (await world.keys('repo')).find((key) => key.includes('/data/src/db/t/')) as string;
  await world.remove(world.uri('repo', lost));
  await world.verify({ record: true });
  return { world, lost };
}

test('a table that a check found damaged is refused before anything is written; the error names the object and the ways out', async () => {
  const { world, lost } = await prepare();
  const before = await world.dump('wh');
  const error = await failure(world.restore({ table: 'db.t' }), 'corrupt');
  expect(error).toMatchObject({ exit: 32, object: lost, table: 'db.t' });
  expect(error.hint).toContain('bcn verify b --repair');
  expect(error.hint).toContain('--allow-damaged');
  expect(await world.dump('wh')).toEqual(before);
});

test('the other tables of the backup come back', async () => {
  const { world } = await prepare();
  expect((await world.restore({ table: 'db.o' })).outcome).toBe('restored');
});

test('an event that cannot be read may be of any table', async () => {
  const { world } = await prepare();
  const key = (await world.keys('repo')).find((one) => one.endsWith('-damaged.json')) as string;
  await world.put(world.uri('repo', key), 'x');
  expect((await failure(world.restore({ table: 'db.o' }), 'corrupt')).message).toContain('damaged');
});

test('repaired, it comes back', async () => {
  const { world } = await prepare();
  await world.repair();
  expect((await world.restore({ table: 'db.t' })).outcome).toBe('restored');
});

test('the next backup copies what is damaged again and nothing else, says so, and is whole', async () => {
  const { world } = await prepare();
  await world.backup({ name: 'next', tables: TABLES });
  expect((await world.verify({ name: 'next' })).problems).toEqual([]);
  expect(world.notes.some((note) => note.includes('"b"') && note.includes('damaged'))).toBe(true);
  const { tables = [] } = (await world.commit('next')) ?? {};
  expect(tables.map(({ identifier, files }) => [identifier.at(-1), files.new])).toEqual([
    ['o', 0],
    ['t', 1],
  ]);
  // Then that one is the base.
  await world.backup({ name: 'third', tables: TABLES });
  expect((await world.commit('third'))?.tables.map(({ files }) => files.new)).toEqual([0, 0]);
});

test('so it does whatever is damaged: a manifest, a list, metadata.json, a section, the ROOT', async () => {
  const made = await prepare();
  await made.world.repair({ names: 'all' });
  const run = (await made.world.keys('repo')).filter((key) => /\/(meta|data)\//.test(key));
  for (const lost of run) {
    const world = made.world.fork();
    await world.remove(world.uri('repo', lost));
    await world.verify({ names: 'all', record: true });
    await world.backup({ name: 'next', tables: TABLES });
    expect((await world.verify({ name: 'next' })).problems, lost).toEqual([]);
    for (const name of ['t', 'o']) {
      const target = { namespace: ['db'], name: `${name}2` };
      const targetLocation = world.uri('wh', `db/${name}2`);
      expect((await world.restore({ backupName: 'next', table: `db.${name}`, target, targetLocation })).outcome).toBe('restored');
    }
  }
});
