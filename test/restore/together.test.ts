import { expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import type { RestoreOptions } from '../../src/restore/options.js';
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
  await world.backup();
  const faults = new Faults();
  await world.fork().restore({}, faults);
  return { world, captured: await capture(world, table), requests: faults.ops };
}

/** Runs a second process from start to end before request `at` of the first. */
async function interrupted(world: World, at: number, other: Partial<RestoreOptions> = {}) {
  const second: PromiseSettledResult<Awaited<ReturnType<World['restore']>>>[] = [];
  const faults = new Faults(undefined, 0, async (op) => {
    if (op === at) second.push(...(await Promise.allSettled([world.restore(other)])));
  });
  const first = await Promise.allSettled([world.restore({}, faults)]);
  return [...first, ...second];
}

test('the same restore twice: one table, and both know which', { timeout: 60_000 }, async () => {
  const { world: before, captured, requests } = await prepare();
  for (let at = 0; at < requests; at++) {
    const world = before.fork();
    const results = await interrupted(world, at);
    const good = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(good.length, `at ${at}`).toBeGreaterThan(0);
    for (const result of results) {
      if (result.status === 'rejected' && !isCode(result.reason, 'table-exists', 'target-not-empty')) throw result.reason;
    }
    for (const restored of good) {
      expect(world.tables.get('db.r')?.metadataLocation, `at ${at}`).toBe(restored.metadataLocation);
      await expectTable(world, captured, restored as Restored);
    }
  }
});

test('two tables into one place: never both, and no object of the other is touched', { timeout: 60_000 }, async () => {
  const { world: before, captured, requests } = await prepare();
  const other = { namespace: ['db'], name: 'other' };
  let wins = 0;
  for (let at = 0; at < requests; at++) {
    const world = before.fork();
    const results = await interrupted(world, at, { target: other });
    const good = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(good.length, `at ${at}`).toBeLessThan(2);
    for (const result of results) {
      if (result.status === 'rejected' && !isCode(result.reason, 'usage', 'target-not-empty')) throw result.reason;
    }
    for (const restored of good) await expectTable(world, captured, restored as Restored);
    expect(world.tables.size).toBe(1 + good.length);
    wins += good.length;
  }
  expect(wins).toBe(requests);
});

test('a claim that another process with the same command left a moment ago is taken up, and its table told', {
  timeout: 60_000,
}, async () => {
  const { world: before, captured, requests } = await prepare();
  const claiming = new Faults();
  await before.fork().restore({}, claiming);
  const at = claiming.log.findIndex(({ op, key }) => op === 'create' && key.includes('.bcn-restore-'));
  for (let death = at + 1; death < requests; death++) {
    const world = before.fork();
    const faults = new Faults(undefined, 0, async (op) => {
      if (op === at) await world.restore({}, new Faults('crash-before', death)).catch(() => {});
    });
    const restored = await world.restore({}, faults).catch((error: unknown) => {
      // The other one had finished and died between its last two requests: refused, and the table is there.
      if (isCode(error, 'target-not-empty') && world.tables.has('db.r')) return undefined;
      throw error;
    });
    if (!restored) continue;
    expect(world.tables.get('db.r')?.metadataLocation, `died at ${death}`).toBe(restored.metadataLocation);
    await expectTable(world, captured, restored as Restored);
  }
});
