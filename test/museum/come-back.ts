/** There and back: what every piece of the museum goes through. */
import { expect } from 'vitest';
import type { RestoreOptions } from '../../src/restore/options.js';
import { World } from '../support/world.js';
import { lay, type TableSpec } from './lay.js';
import { expectSound, readTree, rowsOf, type Tree } from './read.js';

export interface Returned {
  readonly world: World;
  readonly before: Tree;
  readonly after: Tree;
}

/** Backs a table up, removes it, and restores it elsewhere. The table must be sound, and have the rows of the source in every snapshot. */
export async function comeBack(spec: TableSpec, options: Partial<RestoreOptions> = {}): Promise<Returned> {
  const world = await World.open();
  const uri = await lay(world, spec);
  const before = await readTree(world, uri, 'src');
  await world.backup();
  for (const name of before.objects.keys()) await world.remove(name);
  const after = await restored(world, options);
  expect(after.snapshots.length).toBe(before.snapshots.length);
  for (const [n, snapshot] of after.snapshots.entries())
    expect(await rowsOf(after, snapshot), `snapshot ${snapshot.id}`).toEqual(await rowsOf(before, before.snapshots[n]));
  return { world, before, after };
}

/** Restores the backup `b` and reads what came of it. */
export async function restored(world: World, options: Partial<RestoreOptions> = {}): Promise<Tree> {
  const { metadataLocation } = await world.restore(options);
  const after = await readTree(world, metadataLocation as string);
  expectSound(after);
  return after;
}
