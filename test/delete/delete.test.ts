import { expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World, type WorldOptions } from '../support/world.js';

const HOUR = 3_600_000;

async function prepare(options: WorldOptions = {}): Promise<World> {
  const world = await World.open(options);
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  return world;
}

test('delete, then undelete: the backup is what it was', async () => {
  const world = await prepare();
  const before = await world.dump('repo', 'runs/');
  const commit = await world.commit('one');
  expect(await world.delete('one')).toMatchObject([{ name: 'one', id: commit?.id, tables: ['db.t'], outcome: 'deleted' }]);
  await failure(world.verify({ name: 'one' }), 'backup-not-found');
  expect(await world.undelete('one')).toMatchObject([{ outcome: 'undeleted' }]);
  expect((await world.verify({ name: 'one' })).problems).toEqual([]);
  expect(await world.commit('one')).toEqual(commit);
  expect(await world.dump('repo', 'runs/')).toEqual(before);
});

test.each([
  [11.9, true],
  [12.1, false],
])('an undelete after %f h of a grace of 24 h: %s', async (hours, allowed) => {
  const world = await prepare();
  await world.delete('one');
  world.now += hours * HOUR;
  if (allowed) expect(await world.undelete('one')).toMatchObject([{ outcome: 'undeleted' }]);
  else {
    for (const dryRun of [true, false]) {
      const error = await failure(world.undelete('one', { dryRun }), 'backup-not-found');
      expect(error).toMatchObject({
        exit: 20,
        message: expect.stringMatching(/deleted at 2026-01-10T.* more than 12 hours ago/),
      });
    }
    expect((await world.keys('repo', 'events/')).length).toBe(1);
  }
});

test('a second delete does not make the time longer; one after an undelete does', async () => {
  const world = await prepare();
  await world.delete('one');
  world.now += 11 * HOUR;
  expect(await world.delete('one')).toMatchObject([{ outcome: 'already' }]);
  const { id } = (await world.commit('one')) ?? {};
  await world.put(world.uri('repo', `events/${id}/000002-deleted.json`), '{}');
  world.now += 2 * HOUR;
  await failure(world.undelete('one'), 'backup-not-found');

  const other = await prepare();
  await other.delete('one');
  other.now += 11 * HOUR;
  await other.undelete('one');
  await other.delete('one');
  other.now += 11 * HOUR;
  expect(await other.undelete('one')).toMatchObject([{ outcome: 'undeleted' }]);
});

test('a process that sleeps between its look and its event looks again', async () => {
  const world = await prepare();
  await world.delete('one');
  const clock = Date.now;
  let slept = false;
  class Sleepy extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      if (!slept && op === 'list' && key.includes('/events/') && this.ops > 3) {
        slept = true;
        world.now += 13 * HOUR;
        const late = clock() + 13 * HOUR;
        Date.now = () => late;
      }
      return result;
    }
  }
  try {
    await failure(world.undelete('one', {}, new Sleepy()), 'backup-not-found');
  } finally {
    Date.now = clock;
  }
  expect(slept).toBe(true);
  expect((await world.keys('repo', 'events/')).length).toBe(1);
});

test('many at once: one outcome', async () => {
  for (const options of [{}, { weak: 'late' }] as const) {
    const world = await prepare(options);
    await Promise.all(Array.from({ length: 6 }, () => world.delete('one')));
    await failure(world.verify({ name: 'one' }), 'backup-not-found');
    await Promise.all(Array.from({ length: 6 }, () => world.undelete('one')));
    expect((await world.verify({ name: 'one' })).problems).toEqual([]);
  }
});

test('by run: the name may be used again after a delete; undelete then takes a selector', async () => {
  const world = await prepare({ weak: 'late' });
  const first = await world.commit('one');
  await world.delete('one');
  await world.backup({ name: 'one' });
  expect(await world.undelete('one')).toMatchObject([{ outcome: 'already' }]);
  const name = first?.selector as string;
  expect(await world.undelete(name)).toMatchObject([{ selector: name, outcome: 'undeleted' }]);
  // Two have the name now.
  expect(await failure(world.delete('one'), 'usage')).toMatchObject({ exit: 2, message: expect.stringContaining(name) });
  expect(await world.delete(name)).toMatchObject([{ selector: name, outcome: 'deleted' }]);
  expect(await world.delete('one')).toMatchObject([{ outcome: 'deleted' }]);
  expect(await failure(world.undelete('one'), 'usage')).toMatchObject({ message: expect.stringContaining(name) });
});

test('a name that was never there, and one that was pruned', async () => {
  const world = await prepare();
  for (const act of [world.delete('onee'), world.undelete('onee')])
    expect((await failure(act, 'backup-not-found')).hint).toContain('"one"');
  await failure(world.delete('../x'), 'usage');
  await world.delete('one');
  world.now += 25 * HOUR;
  await world.prune();
  await failure(world.undelete('one'), 'backup-not-found');
  await failure(world.delete('one'), 'backup-not-found');
});

test('a deleted backup is no base, and an undeleted one is again', async () => {
  const world = await prepare();
  await world.delete('one');
  expect((await world.backup({ name: 'two' })).backup?.tables[0]?.files.new).toBe(1);
  await world.delete('two');
  await world.undelete('one');
  expect((await world.backup({ name: 'three' })).backup?.tables[0]?.files.new).toBe(0);
});

test('the name of a deleted backup is taken until it is pruned, also for a rerun of the command that made it', async () => {
  const world = await prepare();
  const again = world.fork();
  await world.delete('one');
  const error = await failure(world.backup({ name: 'one' }), 'backup-exists');
  expect(error).toMatchObject({
    message: expect.stringContaining('still belongs to a deleted backup (of db.t'),
    hint: expect.stringContaining('bcn prune'),
  });
  // Killed before it could say that it was done.
  const { run } = (await again.commit('one')) ?? {};
  await again.remove(again.uri('repo', `runs/${run}/end`));
  const dead = again.fork();
  expect((await again.backup({ name: 'one' })).outcome).toBe('already');
  await dead.delete('one');
  await failure(dead.backup({ name: 'one' }), 'backup-exists');
});
