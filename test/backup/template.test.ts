import { describe, expect, test } from 'vitest';
import { listBackups } from '../../src/repository/list.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World, type WorldOptions } from '../support/world.js';

const HOUR = 3_600_000;
const NAME = 'nightly-{utc}';

async function prepare(options: WorldOptions = {}) {
  const world = await World.open(options);
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  return { world, table };
}

const names = async (world: World) => (await listBackups(world.place())).backups.map(({ name }) => name);
const copies = (faults: Faults) => faults.done('copy').length;

test('each run has a name of its own, of the moment it began', async () => {
  const { world } = await prepare();
  const first = await world.backup({ name: NAME });
  world.now += HOUR;
  await world.backup({ name: NAME });
  expect(first).toMatchObject({
    outcome: 'created',
    name: 'nightly-20260110T000000Z',
    backup: { name: 'nightly-20260110T000000Z' },
  });
  expect(await names(world)).toEqual(['nightly-20260110T000000Z', 'nightly-20260110T010000Z']);
  expect(await world.backup({ name: '{table}-{date}' })).toMatchObject({ name: 'db.t-2026-01-10' });
  await failure(world.backup({ name: '{table}-{date}' }), 'backup-exists');
});

test('a plan shows the name', async () => {
  const { world } = await prepare();
  const { plan, name } = await world.backup({ name: NAME, dryRun: true });
  expect(name).toBe('nightly-20260110T000000Z');
  expect(plan?.to).toBe('memory://repo/backups/nightly-20260110T000000Z.json');
  expect(await world.keys('repo')).toEqual([]);
});

describe.each<WorldOptions>([{}, { weak: 'late' }])('killed at every request, stores %j', (options) => {
  test('the same command an hour later finishes the same backup, without copying twice', { timeout: 120_000 }, async () => {
    const { world: before, table } = await prepare(options);
    await before.backup({ name: 'base' });
    await table.append([someBytes('3'), someBytes('4')]);
    before.publish(table);
    const captured = await capture(before, table);
    const whole = new Faults();
    await before.fork().backup({ name: NAME }, whole);
    for (let at = 0; at < whole.ops; at++) {
      const world = before.fork();
      const faults = new Faults('crash-after', at);
      const first = await world.backup({ name: NAME }, faults).catch((error: unknown) => error);
      const visible = (await names(world)).filter((name) => name !== 'base');
      const began = (await world.keys('repo', 'runs/')).filter((key) => key.endsWith('begin.json')).length > 1;
      const ended = (await world.keys('repo', 'runs/')).filter((key) => key.endsWith('/end')).length > 1;
      world.now += HOUR;
      const again = new Faults();
      const { outcome, name } = await world.backup({ name: NAME }, again);
      const say = `killed at ${at} of ${whole.ops}`;
      if (ended) expect(first, say).toBeDefined();
      else {
        expect(outcome, say).toBe(visible.length > 0 ? 'already' : 'created');
        expect(copies(faults) + copies(again), say).toBe(2);
        expect(name, say).toBe(began ? 'nightly-20260110T000000Z' : 'nightly-20260110T010000Z');
        expect(await names(world), say).toEqual(['base', name]);
      }
      expect((await world.verify({ name })).problems).toEqual([]);
      if (at % 7 === 0) await expectTable(world, captured, (await world.restore({ backupName: name })) as Restored);
    }
  });
});

describe('an unfinished run', () => {
  /** Interrupted when it was about to commit. */
  async function interrupted(name = NAME) {
    const { world, table } = await prepare();
    await world.backup({ name: 'base' });
    await table.append([someBytes('3')]);
    world.publish(table);
    const whole = new Faults();
    await world.fork().backup({ name }, whole);
    const at = whole.log.findIndex(({ op, key }) => op === 'create' && key.includes('/backups/'));
    await world.backup({ name }, new Faults('crash-before', at)).catch(() => undefined);
    world.now += HOUR;
    return { world, table };
  }

  test('is continued at the metadata it pinned, under its name', async () => {
    const { world, table } = await interrupted();
    await table.append([someBytes('5')]);
    world.publish(table);
    const { name, backup } = await world.backup({ name: NAME });
    expect(name).toBe('nightly-20260110T000000Z');
    expect(backup?.tables[0]?.snapshots).toBe(2);
    expect(world.notes.join()).toContain('has moved on since');
  });

  test.each([
    ['another template', { name: 'weekly-{utc}' }, 'weekly-20260110T010000Z'],
    ['a template that gives the same text now', { name: 'nightly-{date}' }, 'nightly-2026-01-10'],
    ['another mode', { name: NAME, mode: 'reference' as const }, 'nightly-20260110T010000Z'],
    ['a plain name', { name: 'nightly' }, 'nightly'],
  ])('is not continued by %s', async (_what, options, expected) => {
    const { world } = await interrupted();
    expect((await world.backup(options)).name).toBe(expected);
  });

  test('of another table is not continued, and is not even read where the name holds the table', async () => {
    const { world } = await interrupted('{table}-{utc}');
    const other = await world.table({}, 'db/u');
    await other.append([someBytes('9')]);
    world.publish(other, 'db.u');
    const faults = new Faults();
    const { name } = await world.backup({ tables: [{ namespace: ['db'], name: 'u' }], name: '{table}-{utc}' }, faults);
    expect(name).toBe('db.u-20260110T010000Z');
    expect(faults.log.filter(({ op, key }) => op === 'get' && key.endsWith('begin.json'))).toEqual([]);
    expect((await world.backup({ name: '{table}-{utc}' })).name).toBe('db.t-20260110T000000Z');
  });

  test('that stopped longer ago than half the grace is left alone', async () => {
    const { world } = await interrupted();
    world.now += 13 * HOUR;
    expect((await world.backup({ name: NAME })).name).toBe('nightly-20260110T140000Z');
  });

  test('whose metadata is gone from the source is left alone', async () => {
    const { world, table } = await interrupted();
    const pinned = table.metadataLocation;
    await table.append([someBytes('5')]);
    world.publish(table);
    await world.remove(pinned);
    expect((await world.backup({ name: NAME })).name).toBe('nightly-20260110T010000Z');
  });

  test.each([false, true])('that had been committed and not reported; the table has moved on: %s', async (moved) => {
    const { world, table } = await prepare();
    const whole = new Faults();
    await world.fork().backup({ name: NAME }, whole);
    const at = whole.log.findIndex(({ op, key }) => op === 'create' && key.includes('/backups/'));
    await world.backup({ name: NAME }, new Faults('crash-after', at)).catch(() => undefined);
    world.now += HOUR;
    if (moved) {
      await table.append([someBytes('5')]);
      world.publish(table);
    } else expect(await world.backup({ name: NAME })).toMatchObject({ outcome: 'already', name: 'nightly-20260110T000000Z' });
    // Once said, it has ended.
    expect(await world.backup({ name: NAME })).toMatchObject({ outcome: 'created', name: 'nightly-20260110T010000Z' });
    expect(await names(world)).toEqual(['nightly-20260110T000000Z', 'nightly-20260110T010000Z']);
  });
});

test('what no name can be is 2, and no request is made for it', async () => {
  const { world } = await prepare();
  for (const name of ['x-{time}', 'latest', 'live', '.{utc}']) {
    const faults = new Faults();
    await failure(world.backup({ name }, faults), 'usage');
    expect(faults.ops).toBe(0);
  }
});
