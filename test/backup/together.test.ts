import { expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { type Captured, capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

async function prepare(): Promise<{ world: World; captured: Captured; requests: number }> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  const faults = new Faults();
  await world.fork().backup({}, faults);
  return { world, captured: await capture(world, table), requests: faults.ops };
}

/** Exactly one outcome for all: who succeeds has the same backup, who does not is told that the name is taken. */
async function settle(
  world: World,
  captured: Captured,
  results: readonly PromiseSettledResult<Awaited<ReturnType<World['backup']>>>[],
) {
  const ids = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.backup?.id] : []));
  expect(ids.length).toBeGreaterThan(0);
  expect(new Set(ids)).toEqual(new Set([(await world.commit())?.id]));
  for (const result of results) if (result.status === 'rejected' && !isCode(result.reason, 'backup-exists')) throw result.reason;
  expect((await world.verify()).problems).toEqual([]);
  await expectTable(world, captured, (await world.restore()) as Restored);
}

test('another process with the same command runs from start to end between any two requests', { timeout: 60_000 }, async () => {
  const { world: before, captured, requests } = await prepare();
  let continued = 0;
  for (let at = 0; at < requests; at++) {
    const world = before.fork();
    let second: ReturnType<World['backup']> | undefined;
    const faults = new Faults(undefined, 0, async (op) => {
      if (op !== at) return;
      second = world.backup();
      await second.catch(() => {});
    });
    const first = world.backup({}, faults);
    const results = await Promise.allSettled([first.then((result) => result)]);
    results.push(...(await Promise.allSettled([second as NonNullable<typeof second>])));
    await settle(world, captured, results);
    if (results.every(({ status }) => status === 'fulfilled')) continued++;
  }
  // From begin.json on, the second takes up the run of the first.
  expect(continued).toBeGreaterThan(10);
});

test('two processes in many interleavings', { timeout: 60_000 }, async () => {
  const { world: before, captured } = await prepare();
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % 4;
  };
  const slow = () =>
    new Faults(undefined, 0, async () => {
      for (let i = random(); i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
    });
  for (let round = 0; round < 25; round++) {
    const world = before.fork();
    await settle(world, captured, await Promise.allSettled([world.backup({}, slow()), world.backup({}, slow())]));
  }
});

test('two backups of different names at once are two whole backups', async () => {
  const { world, captured } = await prepare();
  await Promise.all([world.backup({ name: 'one' }), world.backup({ name: 'two' })]);
  for (const name of ['one', 'two']) {
    expect((await world.verify({ name })).problems).toEqual([]);
    const targetLocation = world.uri('wh', `db/${name}`);
    const restored = await world.restore({ backupName: name, target: { namespace: ['db'], name }, targetLocation });
    await expectTable(world, captured, restored as Restored);
  }
});

test('two first backups at once make one repository', async () => {
  const { world } = await prepare();
  await Promise.all([world.backup({ name: 'one' }), world.backup({ name: 'two' })]);
  expect((await world.keys('repo')).filter((key) => key.startsWith('bcn'))).toEqual(['bcn.json']);
});

test('the same name for another table is refused, whichever was first', async () => {
  const { world } = await prepare();
  const other = await world.table({}, 'db/u');
  await other.append(['x']);
  world.publish(other, 'db.u');
  const results = await Promise.allSettled([world.backup(), world.backup({ tables: [{ namespace: ['db'], name: 'u' }] })]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const lost = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect(lost.reason).toMatchObject({ code: 'backup-exists', exit: 23 });
  expect((await world.verify()).problems).toEqual([]);
});
