import { expect, onTestFinished, test } from 'vitest';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** `first` and `second` of a table that changed in between: `f-0` is the first's alone, `f-1` both need, `f-2` is the second's. */
async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0'), someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'first' });
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('2')]);
  await table.expire(1);
  world.publish(table);
  await world.backup({ name: 'second' });
  return { world, table, captured: await capture(world, table) };
}

const data = async (world: World) =>
  (await world.keys('repo', 'runs/'))
    .filter((key) => key.endsWith('.parquet'))
    .map((key) => key.slice(key.lastIndexOf('/') + 1))
    .sort();
const total = (amounts: Readonly<Record<string, { readonly objects: number }>>) =>
  Object.values(amounts).reduce((sum, { objects }) => sum + objects, 0);

test('nothing is old: nothing is removed', async () => {
  const { world } = await prepare();
  const before = await world.dump('repo');
  const { removed, kept, backups } = await world.prune();
  expect({ removed: total(removed), backups }).toEqual({ removed: 0, backups: [] });
  expect(kept.backups.objects).toBeGreaterThan(0);
  expect(await world.dump('repo')).toEqual(before);
});

test('a deleted backup goes when the grace is over, and what others need of it stays', async () => {
  const { world, captured } = await prepare();
  await world.delete('first');
  world.now += DAY - HOUR;
  const early = await world.prune();
  expect(early.backups).toEqual([]);
  expect(early.kept.grace.objects).toBeGreaterThan(0);
  expect(await data(world)).toEqual(['f-0.parquet', 'f-1.parquet', 'f-2.parquet']);
  world.now += 2 * HOUR;
  const planned = await world.prune({ dryRun: true });
  expect(planned.outcome).toBe('planned');
  expect(await data(world)).toHaveLength(3);
  const done = await world.prune();
  expect(done).toMatchObject({ backups: ['first'], locked: { objects: 0 }, uploads: 0 });
  expect({ ...planned, outcome: 'pruned' }).toMatchObject({ backups: done.backups, kept: done.kept });
  expect(planned.removed.deleted).toEqual(done.removed.deleted);
  expect(planned.removed.leftovers).toEqual(done.removed.leftovers);
  expect(await data(world)).toEqual(['f-1.parquet', 'f-2.parquet']);
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
  await expectTable(world, captured, (await world.restore({ backupName: 'second' })) as Restored);
  // A second prune has nothing left to do.
  expect(total((await world.prune()).removed)).toBe(0);
});

test('after everything is deleted and the grace has passed twice, only the record is left', async () => {
  const { world } = await prepare();
  await world.delete('first');
  await world.delete('second');
  for (let i = 0; i < 2; i++) {
    world.now += DAY + HOUR;
    await world.prune();
  }
  expect(await world.keys('repo')).toEqual(['bcn.json']);
});

test('an interrupted run is kept while it may be continued, and goes afterwards', async () => {
  const { world, table } = await prepare();
  await table.append([someBytes('3')]);
  world.publish(table);
  const faults = new Faults();
  await world.fork().backup({}, faults);
  await world.backup({}, new Faults('crash-before', faults.ops - 5)).catch(() => {});
  world.now += DAY - HOUR;
  expect((await world.prune()).kept.young.objects).toBeGreaterThan(0);
  expect(await data(world)).toHaveLength(4);
  world.now += 2 * HOUR;
  expect((await world.prune()).removed.unfinished.objects).toBeGreaterThan(3);
  expect(await data(world)).toHaveLength(3);
  for (const name of ['first', 'second']) expect((await world.verify({ name })).problems).toEqual([]);
});

test('a deleted backup that a reader holds is kept until it is let go', async () => {
  const { world } = await prepare();
  const id = (await world.commit('first'))?.id;
  await world.put(world.uri('repo', `events/${id}/000001-attached.json`), '{}');
  await world.delete('first');
  world.now += 3 * DAY;
  expect((await world.prune()).kept.grace.objects).toBeGreaterThan(0);
  await world.put(world.uri('repo', `events/${id}/000003-detached.json`), '{}');
  expect((await world.prune()).backups).toEqual(['first']);
});

test('backups of one ROOT: it and its packs are read once', async () => {
  const { world } = await prepare();
  await world.backup({ name: 'same' });
  const faults = new Faults();
  await world.prune({}, faults);
  const read = faults.done('get').filter((key) => key.includes('/runs/'));
  expect(read.length).toBeGreaterThan(0);
  expect(new Set(read).size).toBe(read.length);
});

test('after a prune the name is free again, but not while another prune may be about to delete its record', async () => {
  const { world } = await prepare();
  await world.delete('first');
  world.now += DAY + HOUR;
  await world.prune();
  await expect(world.backup({ name: 'first' })).rejects.toMatchObject({ code: 'busy', exit: 11, retryable: true });
  world.now += 4 * HOUR;
  expect((await world.backup({ name: 'first' })).outcome).toBe('created');
  world.now += 3 * DAY;
  await world.prune();
  expect((await world.verify({ name: 'first' })).problems).toEqual([]);
  expect((await world.keys('repo', 'backups/')).sort()).toEqual(['backups/first.json', 'backups/second.json']);
});

test('a prune that sleeps on its way does not take the new backup of a name', async () => {
  const { world } = await prepare();
  await world.delete('first');
  world.now += DAY + HOUR;
  let other: Promise<unknown> | undefined;
  // Between its look at the COMMIT and the DELETE.
  class Sleepy extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      if (!other && op === 'create' && key.includes('@purged-')) {
        other = world.prune();
        await other;
        world.now += 4 * HOUR;
        await world.backup({ name: 'first' });
      }
      return result;
    }
  }
  await world.prune({}, new Sleepy());
  expect(other).toBeDefined();
  expect((await world.verify({ name: 'first' })).problems).toEqual([]);
});

test('while the DELETE of a record may be under way, its name is not given to a new backup', async () => {
  const { world } = await prepare();
  await world.delete('first');
  world.now += DAY + HOUR;
  let refused: unknown;
  // The DELETE was sent, and takes its time.
  class Slow extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op === 'delete' && key.endsWith('backups/first.json')) {
        await world.prune();
        world.now += 10 * 60_000;
        refused = await world.backup({ name: 'first' }).catch((error: unknown) => error);
      }
      return super.run(op, key, call);
    }
  }
  await world.prune({}, new Slow());
  expect(refused).toMatchObject({ code: 'busy' });
});

test('a name that begins to be pruned while its new backup is made is looked at again before the commit', async () => {
  const { world } = await prepare();
  await world.delete('first');
  world.now += DAY + HOUR;
  await world.prune();
  world.now += 4 * HOUR;
  // As if another prune had announced its DELETE before the first removed the record, long after its own look.
  class Marked extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op === 'create' && key.endsWith('root.ndjson.gz'))
        await world.put(world.uri('repo', `backups/first.json@purged-${'0'.repeat(8)}-${'1'.repeat(16)}`), '');
      return super.run(op, key, call);
    }
  }
  await expect(world.backup({ name: 'first', fresh: true }, new Marked())).rejects.toMatchObject({ code: 'busy' });
  expect(await world.commit('first')).toBeUndefined();
});

test('a backup that another prune takes while this one reads it is no damage', async () => {
  for (const part of ['root.ndjson.gz', 'pack-0']) {
    const { world, captured } = await prepare();
    await world.delete('first');
    const run = (await world.commit('first'))?.run;
    let others = 0;
    class Slow extends Faults {
      override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        if (op === 'get' && key.includes(`${run}/`) && key.includes(part) && others++ === 0) {
          world.now += DAY + HOUR;
          await world.prune();
        }
        return super.run(op, key, call);
      }
    }
    const { outcome } = await world.prune({}, new Slow());
    expect([outcome, others > 0]).toEqual(['pruned', true]);
    await expectTable(world, captured, (await world.restore({ backupName: 'second' })) as Restored);
  }
});

test('a backup that read the record of its base right before it was pruned finds out', async () => {
  for (const unchanged of [true, false]) {
    const { world, table } = await prepare();
    await world.delete('first');
    await world.delete('second');
    world.now += DAY + HOUR;
    if (!unchanged) {
      await table.append([someBytes('5')]);
      world.publish(table);
    }
    let pruned = 0;
    // Between the look at the COMMIT and the one at its events.
    class Slow extends Faults {
      override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        const result = await super.run(op, key, call);
        if (op === 'get' && key.endsWith('backups/second.json') && pruned++ === 0) await world.prune();
        return result;
      }
    }
    await world.backup({ name: 'third' }, new Slow());
    expect(pruned).toBeGreaterThan(0);
    expect((await world.verify({ name: 'third' })).problems).toEqual([]);
  }
});

test('a base that was pruned, and its events swept, while a backup went on for days: its record is asked for, too', async () => {
  const { world, table } = await prepare();
  await table.append([someBytes('5')]);
  world.publish(table);
  let stages = 0;
  class Long extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op === 'copy' && stages++ === 0) {
        const [, run] = /runs\/([^/]+)\//.exec(key) ?? [];
        for (const name of ['first', 'second']) await world.delete(name);
        for (let i = 0; i < 10; i++) {
          world.now += 12 * HOUR;
          await world.put(world.uri('repo', `runs/${run}/beat-${i}`), '');
          // The beats of this very process.
          await world.prune();
        }
        expect(await world.keys('repo', 'events/')).toEqual([]);
      }
      return super.run(op, key, call);
    }
  }
  const outcome = await world.backup({ name: 'third' }, new Long()).catch((error: unknown) => error);
  expect(stages).toBeGreaterThan(0);
  // Its own clock knows of no beat, so it may give up; what it makes is whole.
  if (await world.commit('third')) expect((await world.verify({ name: 'third' })).problems).toEqual([]);
  else expect(outcome).toMatchObject({ code: 'storage-unavailable' });
});

test('a prune that sleeps between the list of backups and their records begins again: it knows nothing of those made since', async () => {
  const { world, captured } = await prepare();
  world.now += DAY + HOUR;
  const run = (await world.commit('second'))?.run;
  const times = { clock: Date.now, later: 0 };
  Date.now = () => times.clock() + times.later;
  onTestFinished(() => {
    Date.now = times.clock;
  });
  let slept = false;
  class Slow extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (!slept && op === 'get' && key.endsWith('backups/second.json')) {
        slept = true;
        // It reuses the ROOT of a backup that another prune has taken when this one comes to read it.
        await world.backup({ name: 'third' });
        await world.delete('second');
        world.now += DAY + HOUR;
        times.later += DAY + HOUR;
        expect((await world.prune()).backups).toEqual(['second']);
      }
      return super.run(op, key, call);
    }
  }
  await world.prune({}, new Slow());
  expect(slept).toBe(true);
  expect((await world.keys('repo', `runs/${run}/`)).length).toBeGreaterThan(0);
  expect((await world.verify({ name: 'third' })).problems).toEqual([]);
  await expectTable(world, captured, (await world.restore({ backupName: 'third' })) as Restored);
});
