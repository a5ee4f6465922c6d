import { expect, onTestFinished, test, vi } from 'vitest';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const HOUR = 3_600_000;

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  await world.backup({ name: 'base' });
  await table.append([someBytes('3')]);
  world.publish(table);
  return { world, table, captured: await capture(world, table) };
}

/** Does something right before the first request that matches and for which `act` says that it was the one. */
function before(op: string, part: string, act: () => boolean): Faults {
  let done = false;
  class Hooked extends Faults {
    override async run<T>(name: string, key: string, call: () => Promise<T>): Promise<T> {
      if (!done && name === op && key.includes(part)) {
        done = act();
      }
      return super.run(name, key, call);
    }
  }
  return new Hooked();
}

test('a base deleted right before the commit: planned again without it, and copied again', async () => {
  const { world, captured } = await prepare();
  const base = await world.commit('base');
  const events = `events/${base?.id}/`;
  let looks = 0;
  class Deleted extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      // The base was chosen by its hint; this look is the time rule's.
      if (op === 'list' && key.endsWith(events) && ++looks === 1) await world.happen('base', '1-deleted.json');
      return super.run(op, key, call);
    }
  }
  const faults = new Deleted();
  const { outcome, backup } = await world.backup({}, faults);
  expect(outcome).toBe('created');
  expect(looks).toBe(1);
  expect(backup?.tables[0]?.files).toEqual({ total: 3, new: 3 });
  // All of the base may be purged now.
  for (const key of await world.keys('repo', `runs/${base?.run}/`)) await world.remove(world.uri('repo', key));
  await world.remove(world.uri('repo', 'backups/base.json'));
  expect((await world.verify()).problems).toEqual([]);
  await expectTable(world, captured, (await world.restore()) as Restored);
});

test('an unchanged table whose base is deleted right before the commit: what both name stays, since the base was seen undeleted', async () => {
  const { world, table, captured } = await prepare();
  await world.backup({ name: 'base2' });
  const faults = before('create', 'backups/b.json', () => {
    void world.happen('base2', '1-deleted.json');
    return true;
  });
  const { backup } = await world.backup({}, faults);
  expect(backup?.tables[0]?.files).toEqual({ total: table.live().size, new: 0 });
  // Prune takes the base's record after G, and finds the new one by then.
  await world.remove(world.uri('repo', 'backups/base2.json'));
  expect((await world.verify()).problems).toEqual([]);
  await expectTable(world, captured, (await world.restore()) as Restored);
});

test('an unchanged table, by a process that slept for some minutes since it saw the base: it looks again', async () => {
  const { world, table } = await prepare();
  await world.backup({ name: 'base2' });
  const events = `events/${(await world.commit('base2'))?.id}/`;
  const real = Date.now;
  let slept = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + slept);
  onTestFinished(() => clock.mockRestore());
  const faults = before('list', 'backups/b.json', () => {
    slept = 3 * 60_000;
    return true;
  });
  const { backup } = await world.backup({}, faults);
  // It was chosen by its hint, and looked at after the sleep.
  expect(faults.log.filter(({ op, key }) => op === 'list' && key.endsWith(events))).toHaveLength(1);
  expect(backup?.tables[0]?.files).toEqual({ total: table.live().size, new: 0 });
});

test('what the run had copied is not copied again when its base is deleted', async () => {
  const { world } = await prepare();
  const events = `events/${(await world.commit('base'))?.id}/`;
  let looks = 0;
  class Deleted extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op === 'list' && key.endsWith(events) && ++looks === 1) await world.happen('base', '1-deleted.json');
      return super.run(op, key, call);
    }
  }
  const faults = new Deleted();
  await world.backup({}, faults);
  const copied = faults.done('copy').map((uri) => uri.slice(uri.lastIndexOf('/') + 1));
  expect(copied.sort()).toEqual(['f-0.parquet', 'f-1.parquet', 'f-2.parquet']);
  expect((await world.verify()).problems).toEqual([]);
});

test('a store whose clock jumps at each look does not keep the commit waiting for ever', async () => {
  const { world } = await prepare();
  await world.backup({ name: 'whole' });
  const events = `events/${(await world.commit('whole'))?.id}/`;
  let jumps = 0;
  class Jumping extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      if (op === 'list' && (key.endsWith(events) || key.includes('/tables/'))) {
        jumps++;
        world.now += 13 * HOUR;
      }
      return result;
    }
  }
  const error = await failure(world.backup({}, new Jumping()), 'storage-unavailable');
  expect(error).toMatchObject({ exit: 31, object: 'backups/b.json' });
  expect(error.hint).toBeTruthy();
  // The first look chose the base, and served for the first try.
  expect(jumps).toBe(5);
  expect(await world.commit()).toBeUndefined();
  expect((await world.backup()).outcome).toBe('created');
});

test('a base undeleted again may be used', async () => {
  const { world } = await prepare();
  await world.happen('base', '9-deleted.json');
  await world.happen('base', '10-undeleted.json');
  expect((await world.backup()).backup?.tables[0]?.files.new).toBe(1);
});

test.each([
  ['for more than G/2 between its last write and its commit', 'list', 'backups/b.json', 13],
  ['for more than 3G/4 between two writes, so that prune may have taken the run for dead', 'create', '/root.ndjson.gz', 19],
] as const)('a process that slept %s does not commit', async (_when, op, part, hours) => {
  const { world, captured } = await prepare();
  let seen = 0;
  // The first look at the name is not the one of the commit.
  const faults = before(op, part, () => {
    if (op === 'create' || seen++ > 0) world.now += hours * HOUR;
    return op === 'create' || seen > 1;
  });
  const error = await failure(world.backup({}, faults), 'storage-unavailable');
  expect(error).toMatchObject({ exit: 31, retryable: true });
  expect(error.hint).toBeTruthy();
  expect(await world.commit()).toBeUndefined();
  await world.backup();
  await expectTable(world, captured, (await world.restore()) as Restored);
});

test('a gap that prune cannot have seen is no reason not to commit', async () => {
  const { world, captured } = await prepare();
  const faults = before('create', '/root.ndjson.gz', () => {
    world.now += 17 * HOUR;
    return true;
  });
  await world.backup({}, faults);
  await expectTable(world, captured, (await world.restore()) as Restored);
});

test('a run with a gap is not continued: prune may have taken a part of it', async () => {
  const { world } = await prepare();
  const faults = before('create', '/root.ndjson.gz', () => {
    world.now += 19 * HOUR;
    return true;
  });
  await world.backup({}, faults).catch(() => {});
  const [run] = (await world.keys('repo', 'runs/')).filter((key) => key.endsWith('/root.ndjson.gz')).slice(-1);
  const again = new Faults();
  await world.backup({}, again);
  expect(again.done('copy')).toHaveLength(1);
  expect((await world.commit())?.run).not.toBe(run?.split('/')[1]);
});

test('a process that sleeps between its look at the store and the commit looks again', async () => {
  const { world, captured } = await prepare();
  vi.useFakeTimers({ toFake: ['Date'], now: world.now });
  onTestFinished(() => void vi.useRealTimers());
  let sleeps = 0;
  class Sleepy extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      // After the answer, before anything is made of it.
      if (
        op === 'list' &&
        key.endsWith('backups/b.json') &&
        this.log.some(({ key: done }) => done.endsWith('root.ndjson.gz')) &&
        sleeps++ === 0
      ) {
        world.now += 5 * HOUR;
        vi.setSystemTime(world.now);
      }
      return result;
    }
  }
  const { backup } = await world.backup({}, new Sleepy());
  expect(sleeps).toBe(2);
  expect(Date.parse(backup?.when as string)).toBeGreaterThanOrEqual(Date.now());
  await expectTable(world, captured, (await world.restore()) as Restored);
});

test('a run younger than G/2 is continued, an older one is not', async () => {
  const { world: start, captured } = await prepare();
  const faults = new Faults();
  await start.fork().backup({}, faults);
  for (const [hours, copies] of [
    [11.9, 0],
    [12.1, 1],
  ] as const) {
    const world = start.fork();
    await world.backup({}, new Faults('crash-before', faults.ops - 5)).catch(() => {});
    expect((await world.keys('repo')).filter((key) => key.includes('/data/'))).toHaveLength(3);
    world.now += hours * HOUR;
    const again = new Faults();
    await world.backup({}, again);
    expect(again.done('copy'), `${hours} h`).toHaveLength(copies);
    await expectTable(world, captured, (await world.restore()) as Restored);
  }
});

test('an unchanged table reads nothing of its base but the record: what is damaged there, verify finds in both', async () => {
  const { world } = await prepare();
  await world.backup({ name: 'whole' });
  const run = (await world.commit('whole'))?.run;
  const [root] = (await world.keys('repo', `runs/${run}/`)).filter((key) => key.endsWith('root.ndjson.gz'));
  for (const damage of ['damaged', undefined]) {
    const there = world.fork();
    await (damage === undefined ? there.remove(there.uri('repo', root)) : there.put(there.uri('repo', root), damage));
    await there.backup();
    for (const name of ['whole', 'b'])
      expect((await there.verify({ name })).problems).toMatchObject([{ object: there.uri('repo', root) }]);
    // The way out, while the table is there.
    await there.backup({ name: 'anew', fresh: true });
    expect((await there.verify({ name: 'anew' })).problems).toEqual([]);
  }
});

test('a fresh backup reuses nothing: it is whole when an earlier one lost a file, and so are those after it', async () => {
  const { world, captured } = await prepare();
  await world.backup({ name: 'whole' });
  const run = (await world.commit('base'))?.run;
  const [lost] = (await world.keys('repo', `runs/${run}/data/`)) as [string];
  await world.remove(world.uri('repo', lost));
  expect((await world.backup({ name: 'plain' })).backup?.tables[0]?.files.new).toBe(0);
  expect((await world.verify({ name: 'plain' })).problems).toHaveLength(1);

  const planned = await world.backup({ fresh: true, dryRun: true });
  expect(planned.plan?.data).toMatchObject({ reused: { objects: 0 }, serverSide: { objects: 3 } });
  expect((await world.backup({ fresh: true })).backup?.tables[0]?.files).toEqual({ total: 3, new: 3 });
  expect((await world.verify()).problems).toEqual([]);
  expect((await world.backup({ name: 'later' })).backup?.tables[0]?.files.new).toBe(0);
  expect((await world.verify({ name: 'later' })).problems).toEqual([]);
  await expectTable(world, captured, (await world.restore({ backupName: 'later' })) as Restored);
});

test('a damaged base is named and not used', async () => {
  const { world: start, table, captured } = await prepare();
  const meta = (await start.keys('repo')).filter((key) => /root\.ndjson|pack-/.test(key));
  expect(meta).toHaveLength(2);
  await table.rewriteManifests();
  for (const key of meta) {
    const world = start.fork();
    await world.put(world.uri('repo', key), 'damaged');
    if (key.includes('pack')) {
      // Only EXISTING entries make the inventory of the base be read.
      for (const [uri, bytes] of await start.dump('src')) await world.put(uri, Buffer.from(bytes, 'base64'));
      world.publish(table);
    }
    const { backup } = await world.backup();
    expect(backup?.tables[0]?.files, key).toEqual({ total: 3, new: 3 });
    expect(world.notes.join('\n')).toContain('"base" is damaged');
    expect((await world.verify()).problems).toEqual([]);
    if (!key.includes('pack')) await expectTable(world, captured, (await world.restore()) as Restored);
  }
});
