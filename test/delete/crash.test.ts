import { expect, test } from 'vitest';
import { CUTS, everyCut } from '../support/cuts.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

async function prepare(weak?: 'late'): Promise<World> {
  const world = await World.open({ weak });
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  for (const name of ['one', 'two', 'three']) await world.backup({ name });
  return world;
}

/** The names of the backups that are there, as somebody sees them who looks one up. */
async function visible(world: World): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    const seen = await world.verify({ name }).catch(({ code }) => code as string);
    if (seen !== 'backup-not-found') {
      expect(seen).toMatchObject({ problems: [] });
      found.push(name);
    }
  }
  return found;
}

const runs = CUTS.flatMap((kind) => [[kind, undefined] as const, [kind, 'late'] as const]);

test.each(runs)('delete, %s at every request, store %s', { timeout: 60_000 }, async (kind, weak) => {
  const act = (world: World, faults?: Parameters<World['delete']>[2]) => world.delete('one', { names: ['one', 'two'] }, faults);
  await everyCut(await prepare(weak), kind, act, visible, async (world) => expect(await visible(world)).toContain('three'));
});

test.each(runs)('undelete, %s at every request, store %s', { timeout: 60_000 }, async (kind, weak) => {
  const world = await prepare(weak);
  await world.delete('one', { names: ['one', 'two'] });
  await everyCut(world, kind, (there, faults) => there.undelete('one', { names: ['one', 'two'] }, faults), visible);
});

test.each(runs)('forget, %s at every request, store %s', { timeout: 60_000 }, async (kind, weak) => {
  const act = (world: World, faults?: Parameters<World['forget']>[1]) => world.forget({ policy: { last: 1 } }, faults);
  await everyCut(await prepare(weak), kind, act, visible, async (world) => expect(await visible(world)).toContain('three'));
});
