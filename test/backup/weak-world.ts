import { type Captured, capture } from '../support/compare.js';
import { someBytes } from '../support/table.js';
import type { Weakness } from '../support/weak-store.js';
import { World } from '../support/world.js';

/** A world whose stores let two writers through, with a table, and backups of these names made before its last snapshot. */
export async function prepare(weak: Weakness, others: readonly string[] = []): Promise<{ world: World; captured: Captured }> {
  const world = await World.open({ weak });
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  for (const name of others) await world.backup({ name });
  await table.append([someBytes('3')]);
  world.publish(table);
  return { world, captured: await capture(world, table) };
}
