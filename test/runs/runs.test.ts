import { expect, test } from 'vitest';
import { unfinishedRuns } from '../../src/runs/runs.js';
import { copyTo, mirror } from '../copy/support.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const HOUR = 3_600_000;

test('an interrupted run, and whether a rerun continues it; finished ones are not listed', async () => {
  const world = await World.open();
  await failure(unfinishedRuns(world.place()), 'repository-not-found');
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  await world.backup({ name: 'done' });
  expect((await unfinishedRuns(world.place())).runs).toEqual([]);
  const began = world.now;
  const faults = new Faults();
  await world.fork().backup({ fresh: true }, faults);
  await world.backup({ fresh: true }, new Faults('crash-before', faults.ops - 4)).catch(() => {});
  const { runs, now } = await unfinishedRuns(world.place());
  expect(runs).toMatchObject([{ name: 'b', table: 'db.t', continuable: true, objects: expect.any(Number) }]);
  const [run] = runs;
  expect(run?.began).toBeGreaterThan(began - 1000);
  expect(run?.lastWrite).toBeLessThanOrEqual(now);
  expect(run?.bytes).toBeGreaterThan(200);
  world.now += 13 * HOUR;
  expect((await unfinishedRuns(world.place())).runs).toMatchObject([{ continuable: false }]);
  // A write long after the others: prune may have taken some of them.
  world.now += 6 * HOUR;
  await world.put(world.uri('repo', `runs/${run?.run}/beat-1`), '');
  expect((await unfinishedRuns(world.place())).runs).toMatchObject([{ continuable: false }]);
});

test('an interrupted copy, and of what it is to be one', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  await world.backup();
  const faults = new Faults();
  await copyTo(world.fork(), {}, faults);
  await copyTo(world, {}, new Faults('crash-before', faults.ops - 4)).catch(() => {});
  const origin = { id: (await world.commit())?.id, repository: expect.any(String) };
  expect((await unfinishedRuns(mirror(world))).runs).toMatchObject([{ name: 'b', table: 'db.t', continuable: true, origin }]);
  await copyTo(world);
  expect((await unfinishedRuns(mirror(world))).runs).toEqual([]);
});

test('a begin.json that cannot be read, and what is no run', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  await world.backup({ name: 'done' });
  const run = '20260101T000000Z-0123456789abcdef-0123456789abcdef0123456789abcdef';
  await world.put(world.uri('repo', `runs/${run}/begin.json`), '{"asks":');
  await world.put(world.uri('repo', 'runs/x/y'), '');
  await world.put(world.uri('repo', 'runs/x/z'), '');
  const { runs, foreign } = await unfinishedRuns(world.place());
  expect(runs).toMatchObject([{ run, began: Date.UTC(2026, 0, 1), continuable: false, objects: 1 }]);
  expect(runs[0]?.name).toBeUndefined();
  expect(foreign).toEqual(['x']);
});
