import { expect, test } from 'vitest';
import { type Captured, capture, expectTable, type Restored } from '../support/compare.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';
import { copyTo, inMirror, outcomes } from './support.js';

/** Three backups of a table that moves on, and what the table was at each. */
async function prepare(kind?: 'memory' | 'apart' | 'file'): Promise<{ world: World; captured: ReadonlyMap<string, Captured> }> {
  const world = await World.open(kind && { kind });
  const table = await world.table();
  const captured = new Map<string, Captured>();
  const keep = async (name: string) => {
    world.publish(table);
    await world.backup({ name });
    captured.set(name, await capture(world, table));
  };
  await table.append([someBytes('1'), someBytes('2')]);
  await keep('one');
  await table.append([someBytes('3')]);
  await table.rewriteManifests();
  await keep('two');
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4')]);
  await table.expire(1);
  await keep('three');
  return { world, captured };
}

test.each(['memory', 'apart', 'file'] as const)(
  '%s stores: every copy is a whole backup, also when its origin is gone',
  async (kind) => {
    const { world, captured } = await prepare(kind);
    const before = await world.dump('repo');
    const result = await copyTo(world);
    expect(outcomes(result)).toEqual(['one copied', 'two copied', 'three copied']);
    expect(result.serverSide).toBe(kind !== 'apart');
    expect(await world.dump('repo')).toEqual(before);
    for (const role of ['repo', 'src'] as const) for (const uri of (await world.dump(role)).keys()) await world.remove(uri);
    await inMirror(world, async () => {
      for (const [name, then] of captured) {
        const { problems, checked } = await world.verify({ name });
        expect(problems).toEqual([]);
        expect(checked.files).toBe(then.data.size);
        const targetLocation = world.uri('wh', `db/${name}`);
        const restored = await world.restore({ backupName: name, targetLocation, target: { namespace: ['db'], name } });
        await expectTable(world, then, restored as Restored);
      }
    });
  },
);
