import { describe, expect, test } from 'vitest';
import { listBackups } from '../../src/repository/list.js';
import { Faults } from '../support/faults.js';
import { failure, World } from '../support/world.js';

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append(['x']);
  world.publish(table);
  for (const name of ['b', 'a']) await world.backup({ name });
  const names = async () => (await listBackups(world.place())).backups.map(({ name }) => name);
  return { world, names };
}

test('oldest first, the deleted ones not', async () => {
  const { world, names } = await prepare();
  expect(await names()).toEqual(['b', 'a']);
  const { id } = (await world.commit('b')) ?? {};
  await world.put(world.uri('repo', `events/${id}/1-deleted.json`), '');
  expect(await names()).toEqual(['a']);
  expect((await listBackups(world.place())).damaged).toEqual([]);
});

test('damaged records hide no other backup; each is named', async () => {
  const { world, names } = await prepare();
  const uri = (name: string) => world.uri('repo', `backups/${name}.json`);
  await world.put(uri('0'), '');
  await world.put(uri('aa'), (await world.get(uri('a'))).toString().replace('copy', 'cope'));
  await world.put(uri('c'), 'x');
  expect(await names()).toEqual(['b', 'a']);
  const { damaged } = await listBackups(world.place());
  expect(damaged.map(({ object }) => object)).toEqual([uri('0'), uri('aa'), uri('c')]);
  for (const { object, message } of damaged) expect(message).toContain(object);
});

test('what keeps it from looking is thrown: a request that fails, a repository record that cannot be read', async () => {
  const { world } = await prepare();
  const all = new Faults();
  await listBackups(world.place(all));
  // The record, all events, all names, and each backup.
  expect(all.ops).toBe(5);
  for (let at = 0; at < all.ops; at++) {
    await failure(listBackups(world.place(new Faults('once-before', at))), 'storage-unavailable');
  }
  await world.put(world.uri('repo', 'bcn.json'), 'x');
  await failure(listBackups(world.place()), 'corrupt');
});

test('what happened to each, by one LIST', async () => {
  const { world } = await prepare();
  const ids = await Promise.all(['a', 'b'].map(async (name) => (await world.commit(name))?.id));
  world.now = Date.UTC(2026, 1, 1);
  await world.put(world.uri('repo', `events/${ids[0]}/1-verified.json`), '');
  await world.put(world.uri('repo', `events/${ids[1]}/1-verified-0a.json`), '');
  await world.put(world.uri('repo', `events/${ids[1]}/2-damaged-0b.json`), '');
  const faults = new Faults();
  const { backups } = await listBackups(world.place(faults));
  expect(faults.log.filter(({ op }) => op === 'list')).toHaveLength(2);
  expect(backups).toMatchObject([
    { name: 'b', verified: expect.stringMatching(/^2026-02-01T/), damaged: expect.stringMatching(/^2026-02-01T/) },
    { name: 'a', verified: expect.stringMatching(/^2026-02-01T/), damaged: null },
  ]);
});

describe('filters', () => {
  test('since: by the time in the record; what was written long before is not read', async () => {
    const { world } = await prepare();
    world.now += 30 * 86_400_000;
    await world.put(world.uri('repo', 'backups/late.json'), 'x');
    await world.backup({ name: 'c' });
    const faults = new Faults();
    const since = (now: number) => now - 10 * 86_400_000;
    const { backups, damaged } = await listBackups(world.place(faults), {}, { since });
    expect(backups.map(({ name }) => name)).toEqual(['c']);
    expect(damaged.map(({ selector }) => selector)).toEqual(['late']);
    expect(faults.log.filter(({ op }) => op === 'get')).toHaveLength(3);
    const none = await listBackups(world.place(), {}, { since: (now) => now + 1 });
    expect(none).toEqual({ backups: [], damaged: [] });
  });

  test('table: only backups of it, with it alone; damaged records stay', async () => {
    const { world } = await prepare();
    await world.put(world.uri('repo', 'backups/x.json'), 'x');
    const of = async (name: string) => listBackups(world.place(), {}, { table: (table) => table === name });
    expect((await of('db.t')).backups).toMatchObject([{ tables: [{ table: 'db.t' }] }, { tables: [{ table: 'db.t' }] }]);
    expect(await of('db.u')).toMatchObject({ backups: [], damaged: [{ selector: 'x', written: expect.any(String) }] });
  });
});
