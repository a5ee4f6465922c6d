import { describe, expect, test } from 'vitest';
import { encodeCommit } from '../../src/repository/commit.js';
import { findById, resolveBackup } from '../../src/repository/latest.js';
import { Faults } from '../support/faults.js';
import { failure, World } from '../support/world.js';

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append(['x']);
  world.publish(table);
  for (const name of ['z', 'b', 'a']) {
    world.now += 3_600_000;
    await world.backup({ name });
  }
  const latest = async (options = {}) => (await resolveBackup(world.place(), 'latest', options)).name;
  const event = async (name: string, event: string) =>
    world.put(world.uri('repo', `events/${(await world.commit(name))?.id}/${event}.json`), '');
  return { world, latest, event };
}

/** A record with other fields and a right id. */
async function change(world: World, name: string, fields: object, as = name): Promise<void> {
  const {
    id: _id,
    selector: _selector,
    ...rest
  } = (await world.commit(name)) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  await world.put(world.uri('repo', `backups/${as}.json`), encodeCommit({ ...rest, ...fields }).bytes);
}

describe('latest', () => {
  test('is the newest by its time, not by its name', async () => {
    const { world, latest } = await prepare();
    expect(await latest()).toBe('a');
    await change(world, 'z', { when: '2027-01-01T00:00:00.000Z' });
    expect(await latest()).toBe('z');
  });

  test('is none that was deleted, nor one that is partial or incomplete', async () => {
    const { world, latest, event } = await prepare();
    await event('a', '1-deleted-0f');
    expect(await latest()).toBe('b');
    await change(world, 'b', { partial: true });
    expect(await latest()).toBe('z');
    await event('a', '2-undeleted');
    expect(await latest()).toBe('a');
    const tables = (await world.commit('a'))?.tables.map((table) => ({ ...table, missing: { files: 1, bytes: 2 } }));
    await change(world, 'a', { tables });
    expect(await latest()).toBe('z');
  });

  test('is of the table that was asked for', async () => {
    const { world, latest } = await prepare();
    const [table] = (await world.commit('a'))?.tables ?? [];
    await change(world, 'a', { tables: [{ ...table, identifier: ['db', 'other'] }] });
    expect(await latest({ table: (name: string) => name === 'db.t' })).toBe('b');
    expect(await latest()).toBe('a');
    await failure(latest({ table: () => false }), 'backup-not-found');
  });

  test('cannot be told when a record that may be newer is damaged; an older one is no matter', async () => {
    const { world, latest } = await prepare();
    await world.put(world.uri('repo', 'backups/broken.json'), 'x');
    const error = await failure(latest(), 'corrupt');
    expect(error.object).toBe('memory://repo/backups/broken.json');
    expect(error.hint).toContain('such as a.');
    world.now += 3_600_000;
    await world.backup({ name: 'next' });
    expect(await latest()).toBe('next');
  });

  test('is not there in an empty repository, nor in none', async () => {
    const { world, event } = await prepare();
    for (const name of ['a', 'b', 'z']) await event(name, '1-deleted');
    const error = await failure(resolveBackup(world.place(), 'latest'), 'backup-not-found');
    expect(error).toMatchObject({ exit: 20, message: 'There is no complete backup in memory://repo' });
    await failure(resolveBackup((await World.open()).place(), 'latest'), 'repository-not-found');
  });

  test('is what has that name, where an earlier version made one, until that is deleted', async () => {
    const { world, latest, event } = await prepare();
    await change(world, 'b', { name: 'latest' }, 'latest');
    expect((await resolveBackup(world.place(), 'latest')).selector).toBe('latest');
    await event('latest', '1-deleted');
    expect(await latest()).toBe('a');
  });

  test('costs a LIST of events and one of backups beside a GET for each', async () => {
    const { world } = await prepare();
    const faults = new Faults();
    await resolveBackup(world.place(faults), 'latest');
    expect(faults.log.filter(({ op }) => op === 'list')).toHaveLength(2);
  });
});

test('other names are taken as they are', async () => {
  const { world } = await prepare();
  expect((await resolveBackup(world.place(), 'b')).name).toBe('b');
  await failure(resolveBackup(world.place(), 'Latest'), 'backup-not-found');
});

test('by id, unless it was deleted', async () => {
  const { world, event } = await prepare();
  const id = (await world.commit('b'))?.id as string;
  expect((await findById(world.place(), id))?.name).toBe('b');
  expect(await findById(world.place(), 'f'.repeat(64))).toBeUndefined();
  await event('b', '1-deleted');
  expect(await findById(world.place(), id)).toBeUndefined();
});
