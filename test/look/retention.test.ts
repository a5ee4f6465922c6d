import { expect, test } from 'vitest';
import { lockedUntil } from '../../src/look/retention.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { VersionedStore } from '../support/versioned-store.js';
import { World } from '../support/world.js';

const DAY = 24 * 3_600_000;

async function open() {
  const world = await World.open();
  const store = new VersionedStore('locked', () => world.now++);
  world.repository = { store, prefix: 'repo/' };
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  const notes: string[] = [];
  const report = { progress: () => {}, warn: (note: string) => notes.push(note), info: () => {} };
  const look = async (names: readonly string[], faults = new Faults()) =>
    lockedUntil(world.place(faults), new Set(names), report, {});
  /** A backup whose objects are locked until then; 0 = not. */
  const backup = async (name: string, until: number, fresh = false) => {
    store.lockUntil = until;
    await table.append([someBytes(name)]);
    world.publish(table);
    await world.backup({ name, fresh });
    return until;
  };
  return { world, store, table, look, backup, notes };
}

test('reuse does not extend a lock: the earliest end of all that a backup depends on counts', async () => {
  const { world, look, backup } = await open();
  const first = await backup('first', world.now + 10 * DAY);
  await backup('second', world.now + 20 * DAY);
  const third = await backup('third', world.now + 30 * DAY, true);
  expect(await look(['first', 'second', 'third'])).toEqual(
    new Map([
      ['first', first],
      ['second', first],
      ['third', third],
    ]),
  );
  expect(await look(['third'])).toEqual(new Map([['third', third]]));
});

test('one unlocked part is enough for none', async () => {
  const { world, look, backup } = await open();
  await backup('first', 0);
  await backup('second', world.now + 10 * DAY);
  expect(await look(['first', 'second'])).toEqual(
    new Map([
      ['first', undefined],
      ['second', undefined],
    ]),
  );
});

test('a backup in reference mode depends on its metadata', async () => {
  const { world, store, look } = await open();
  store.lockUntil = world.now + DAY;
  await world.backup({ name: 'light', mode: 'reference' });
  expect(await look(['light'])).toEqual(new Map([['light', store.lockUntil]]));
});

test('it asks once for each run and each record, however many files there are, and reads shared inventories once', async () => {
  const { world, table, look, backup } = await open();
  await table.append(Array.from({ length: 60 }, (_, n) => someBytes(`x${n}`)));
  for (let n = 0; n < 4; n++) await backup(`b${n}`, world.now + DAY);
  const faults = new Faults();
  await look(['b0', 'b1', 'b2', 'b3'], faults);
  const count = (op: string) => faults.log.filter((one) => one.op === op).length;
  expect([count('lockable'), count('lockedUntil')]).toEqual([1, 8]);
  const packs = faults.done('get', 'read').filter((key) => key.includes('/pack-'));
  expect(new Set(packs).size).toBe(packs.length);
});

test('what cannot be read is named, and not called locked', async () => {
  const { world, store, look, backup, notes } = await open();
  await backup('first', world.now + DAY);
  const root = (await world.commit('first'))?.tables[0]?.root.key ?? '';
  await store.delete([`repo/${root}`]);
  expect(await look(['first'])).toEqual(new Map([['first', undefined]]));
  expect(notes).toEqual([expect.stringMatching(/what "first" needs cannot be read/)]);
});

test('a store without locks', async () => {
  const world = await World.open();
  expect(await lockedUntil(world.place(), new Set(), { progress() {}, warn() {}, info() {} })).toBeUndefined();
});
