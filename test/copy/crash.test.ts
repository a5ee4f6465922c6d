import { describe, expect, test } from 'vitest';
import { BACKUPS } from '../../src/repository/keys.js';
import { listBackups } from '../../src/repository/list.js';
import { CUTS, everyCut } from '../support/cuts.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World, type WorldOptions } from '../support/world.js';
import { copyTo, inMirror, mirror } from './support.js';

const DAY = 24 * 3_600_000;

/** Three backups, of which the second repository has the first; the last is of an unchanged table. */
async function prepare(options: WorldOptions): Promise<World> {
  const world = await World.open(options);
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  await copyTo(world);
  await table.append([someBytes('3')]);
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4')]);
  world.publish(table);
  await world.backup({ name: 'two' });
  await world.backup({ name: 'three' });
  return world;
}

/** What the second repository says of its backups: all but where their objects lie. */
async function state(world: World) {
  const { backups, damaged } = await listBackups(mirror(world));
  expect(damaged).toEqual([]);
  return backups.map(({ name, when, origin, tables }) => ({ name, when, origin, tables }));
}

async function verified(world: World): Promise<void> {
  await inMirror(world, async () => {
    const { backups } = await listBackups(mirror(world));
    expect(backups.length).toBeGreaterThan(0);
    for (const { selector } of backups) expect((await world.verify({ name: selector })).problems).toEqual([]);
  });
}

/** After two graces prune leaves of the runs what the backups need, and nothing dead. */
async function prunes(world: World): Promise<void> {
  await inMirror(world, async () => {
    for (let i = 0; i < 2; i++) {
      world.now += 2 * DAY;
      await world.prune();
    }
    const needed = await world.prune({ dryRun: true });
    expect(needed.kept).toMatchObject({ grace: { objects: 0 }, young: { objects: 0 }, foreign: { objects: 0 } });
    expect(needed.removed).toMatchObject({ unfinished: { objects: 0 }, leftovers: { objects: 0 }, deleted: { objects: 0 } });
    for (const { selector } of (await listBackups(mirror(world))).backups)
      expect((await world.verify({ name: selector })).problems).toEqual([]);
  });
}

const DEATHS = ['crash-before', 'crash-after'] as const;

describe.each([
  [{ kind: 'memory' }, CUTS],
  [{ kind: 'apart' }, DEATHS],
  [{ weak: 'late' }, ['crash-after', 'outage-before', 'once-after']],
] as const)('%j', (options, cuts) => {
  test.each(cuts)('%s at every request: whole copies only, and the same command finishes', { timeout: 120_000 }, async (kind) => {
    const source = await prepare(options);
    const repo = await source.dump('repo');
    let last: World | undefined;
    const requests = await everyCut(
      source,
      kind,
      async (world, faults) => {
        await copyTo(world, {}, faults);
        last = world;
      },
      state,
      async (world) => {
        await verified(world);
        expect(await world.dump('repo')).toEqual(repo);
      },
    );
    expect(requests).toBeGreaterThan(50);
    await prunes(last as World);
  });
});

test.each(DEATHS)(
  '%s at every request: nothing is copied twice, and what the dead runs left goes',
  { timeout: 60_000 },
  async (kind) => {
    const source = await prepare({});
    const act = async (world: World, faults = new Faults()) => {
      const held = new Set([...(await world.dump('wh')).keys()]);
      try {
        await copyTo(world, {}, faults);
      } finally {
        for (const uri of faults.done('copy')) expect(held).not.toContain(uri);
      }
    };
    const expected = async (world: World) => {
      await prunes(world);
      return (await world.keys('wh', `mirror/${BACKUPS}`)).length;
    };
    await everyCut(source, kind, act, expected);
  },
);
