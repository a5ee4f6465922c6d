import { expect, test } from 'vitest';
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
  expect(all.ops).toBe(6);
  for (let at = 0; at < all.ops; at++) {
    await failure(listBackups(world.place(new Faults('once-before', at))), 'storage-unavailable');
  }
  await world.put(world.uri('repo', 'bcn.json'), 'x');
  await failure(listBackups(world.place()), 'corrupt');
});
