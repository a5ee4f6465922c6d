import { expect, test } from 'vitest';
import { CUTS, everyCut } from '../support/cuts.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

const DAY = 24 * 3_600_000;

/** Two purged backups, one that is deleted but young, one that stays and shares files with all, and a run that was given up. */
async function prepare(): Promise<World> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0'), someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'old1' });
  await world.backup({ name: 'old2', fresh: true });
  const faults = new Faults();
  await world.fork().backup({ fresh: true }, faults);
  await world.backup({ fresh: true }, new Faults('crash-before', faults.ops - 4)).catch(() => {});
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('2')]);
  await table.expire(1);
  world.publish(table);
  await world.backup({ name: 'stays' });
  await world.backup({ name: 'young', fresh: true });
  for (const name of ['old1', 'old2']) await world.delete(name);
  world.now += DAY + 60_000;
  await world.delete('young');
  return world;
}

/** What is there, but for what each attempt says before it removes a record. */
const state = async (world: World) => (await world.keys('repo')).filter((key) => !/@purged-|-purged\.json$/.test(key)).sort();

test.each(CUTS)(
  '%s at every request: what is visible stays whole, and a rerun removes the same',
  { timeout: 120_000 },
  async (kind) => {
    const world = await prepare();
    const requests = await everyCut(
      world,
      kind,
      (there, faults) => there.prune({}, faults),
      state,
      async (there) => {
        expect((await there.verify({ name: 'stays' })).problems).toEqual([]);
        const taken = there.fork();
        await taken.undelete('young');
        expect((await taken.verify({ name: 'young' })).problems).toEqual([]);
        expect(
          await taken.commit('old1').then((commit) => commit && taken.verify({ name: 'old1' }).catch(({ code }) => code)),
        ).toBeOneOf([undefined, 'backup-not-found']);
      },
    );
    expect(requests).toBeGreaterThan(15);
  },
);

test('in small steps: a bulk delete that was done in part', async () => {
  const world = await prepare();
  const whole = world.fork();
  await whole.prune();
  const left = new Set(await state(whole));
  const doomed = (await state(world)).filter((key) => !left.has(key));
  const commits = doomed.filter((key) => key.startsWith('backups/'));
  expect(commits).toHaveLength(2);
  for (let n = 1; n < doomed.length; n += 3) {
    const there = world.fork();
    // COMMITs go first; the others in any order.
    for (const key of [...commits, ...doomed.filter((_, i) => i % n === 0)]) await there.remove(there.uri('repo', key));
    await there.prune();
    expect((await there.verify({ name: 'stays' })).problems).toEqual([]);
    for (let i = 0; i < 2; i++) {
      there.now += 2 * DAY;
      await there.prune();
    }
    const events = (await there.keys('repo', 'events/')).length;
    expect(events, `${n}`).toBe(0);
  }
});
