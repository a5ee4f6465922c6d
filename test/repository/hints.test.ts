import { describe, expect, test } from 'vitest';
import { readDeletion } from '../../src/repository/events.js';
import { type Base, Bases, type TableIdentity } from '../../src/repository/hints.js';
import type { RepositoryPlace } from '../../src/repository/place.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

/** As a backup looks for it: by name, then everywhere. */
async function findBase(place: RepositoryPlace, identity: TableIdentity, mode: 'copy' | 'reference'): Promise<Base | undefined> {
  const bases = new Bases(place, mode);
  const named = await bases.byName(identity);
  return named?.table.uuid === (identity.uuid ?? null) ? named : bases.search(identity);
}

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  for (const name of ['z', 'm', 'a']) {
    world.now += 1000;
    await world.backup({ name });
  }
  const identity: TableIdentity = { catalog: 'hive:memory', table: 'db.t', uuid: table.uuid ?? undefined };
  const hints = (await world.keys('repo')).filter((key) => key.startsWith('tables/'));
  const base = async (mode: 'copy' | 'reference' = 'copy', who = identity) =>
    (await findBase(world.place(), who, mode))?.commit.name;
  const remove = async (keys: readonly string[]) => {
    for (const key of keys) await world.remove(world.uri('repo', key));
  };
  const event = async (name: string, file: string) =>
    world.put(world.uri('repo', `events/${(await world.commit(name))?.id}/${file}`), '{}');
  return { world, table, identity, hints, base, remove, event };
}

describe('the base is the newest backup of the table that is not deleted', () => {
  test('by its hint, in a few requests', async () => {
    const { world, identity, hints } = await prepare();
    expect(hints).toHaveLength(3);
    expect(hints.map((key) => key.slice(-1))).toEqual(['a', 'm', 'z']);
    const faults = new Faults();
    expect((await findBase(world.place(faults), identity, 'copy'))?.commit.name).toBe('a');
    expect(faults.ops).toBe(3);
  });

  test('without hints, by all backups', async () => {
    const { base, hints, remove } = await prepare();
    await remove(hints);
    expect(await base()).toBe('a');
  });

  test('when hints name backups that are gone, deleted, damaged, or of nobody', async () => {
    const { world, base, remove, event, hints } = await prepare();
    await world.put(world.uri('repo', `${(hints[0] as string).slice(0, -15)}0000000000000-nobody`), '');
    expect(await base()).toBe('a');
    await event('a', '1-deleted.json');
    expect(await base()).toBe('m');
    await world.put(world.uri('repo', 'backups/m.json'), 'damaged');
    expect(await base()).toBe('z');
    await remove(['backups/z.json']);
    expect(await base()).toBeUndefined();
    await event('a', '2-undeleted.json');
    expect(await base()).toBe('a');
  });

  test('never of another table, nor of the other mode', async () => {
    const { world, base, identity } = await prepare();
    expect(await base('reference')).toBeUndefined();
    expect(await base('copy', { ...identity, uuid: 'other' })).toBeUndefined();
    expect(await base('copy', { ...identity, uuid: undefined })).toBeUndefined();
    const other = await world.table({}, 'db/u');
    await other.append(['x']);
    world.publish(other, 'db.u');
    await world.backup({ name: 'u', tables: [{ namespace: ['db'], name: 'u' }] });
    expect(await base()).toBe('a');
  });
});

test('a table without a uuid is known by catalog and name', async () => {
  const world = await World.open();
  const table = await world.table({ formatVersion: 1, uuid: null });
  await table.append(['x']);
  world.publish(table);
  world.publish(table, 'db.same');
  await world.backup();
  const base = (identity: TableIdentity) => findBase(world.place(), identity, 'copy');
  expect((await base({ catalog: 'hive:memory', table: 'db.t', uuid: undefined }))?.commit.name).toBe('b');
  expect(await base({ catalog: 'hive:memory', table: 'db.same', uuid: undefined })).toBeUndefined();
  expect(await base({ catalog: 'hive:other', table: 'db.t', uuid: undefined })).toBeUndefined();
});

describe('deletion', () => {
  test.each([
    [[], false],
    [['1-deleted.json'], true],
    [['1-deleted.json', '2-undeleted.json'], false],
    [['9-undeleted.json', '10-deleted.json'], true],
    [['9-deleted.json', '10-undeleted.json'], false],
    [['1-deleted.json', '2-verified.json', '3-damaged.json'], true],
    [['deleted.json', 'x-deleted.json', '1-deleted.txt'], false],
  ])('the last of %j counts', async (files, deleted) => {
    const world = await World.open();
    for (const file of files) await world.put(world.uri('repo', `events/id/${file}`), '');
    await world.put(world.uri('repo', 'events/id2/1-deleted.json'), '');
    world.now = 5000;
    expect(await readDeletion(world.place(), 'id')).toMatchObject({ deleted, seen: 5000 });
  });
});
