import { describe, expect, test } from 'vitest';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

/** A table at `memory://src/db/t`; its repository is to lie at this prefix of the same bucket. */
async function prepare(prefix: string, properties: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await World.open();
  const table = await world.table({ properties });
  await table.append([someBytes('0')]);
  world.publish(table);
  world.repository = { store: world.store('src'), prefix };
  return world;
}

/** 2, before anything is written, for a plan too. */
async function expectRefused(world: World, act: (dryRun: boolean) => Promise<unknown>, text: string): Promise<void> {
  const before = [await world.dump('src'), await world.dump('repo'), await world.dump('wh'), [...world.tables]];
  for (const dryRun of [true, false]) {
    const error = await failure(act(dryRun), 'usage');
    expect([error.exit, `${error.object} ${error.message}`], error.message).toEqual([2, expect.stringContaining(text)]);
    expect(error.hint).toBeTruthy();
  }
  expect([await world.dump('src'), await world.dump('repo'), await world.dump('wh'), [...world.tables]]).toEqual(before);
}

describe('a repository inside a place of the table, or around one: nothing is backed up', () => {
  test.each(['db/t/', 'db/t/backups/', 'db/t/metadata/', 'db/', ''])('the repository at memory://src/%s', async (prefix) => {
    const world = await prepare(prefix);
    await expectRefused(world, (dryRun) => world.backup({ dryRun }), `memory://src/${prefix}`.replace(/\/$/, ''));
  });

  test.each(['write.data.path', 'write.metadata.path', 'write.object-storage.path'])(
    'inside the place of %s',
    async (property) => {
      const world = await prepare('elsewhere/of/it/', { [property]: 'memory://src/elsewhere' });
      await expectRefused(world, (dryRun) => world.backup({ dryRun }), 'memory://src/elsewhere');
    },
  );

  test('beside it is fine, however alike the names', async () => {
    for (const prefix of ['db/t2/', 'db/t-backups/', 'backups/']) {
      const world = await prepare(prefix);
      await world.backup();
      expect((await world.verify()).problems).toEqual([]);
    }
  });

  test('a table that moved around the repository afterwards: the next backup is refused, the one that is there comes back', async () => {
    const world = await prepare('backups/of/');
    await world.backup();
    const { metadataLocation } = world.tables.get('db.t') as { metadataLocation: string };
    const text = (await world.get(metadataLocation))
      .toString()
      .replace('"location": "memory://src/db/t"', '"location": "memory://src/backups"');
    expect(text).toContain('memory://src/backups');
    await world.put('memory://src/db/t/metadata/moved.metadata.json', text);
    world.tables.set('db.t', {
      metadataLocation: 'memory://src/db/t/metadata/moved.metadata.json',
      location: 'memory://src/backups',
    });
    await expectRefused(world, (dryRun) => world.backup({ name: 'next', dryRun }), 'memory://src/backups');
    expect((await world.verify()).problems).toEqual([]);
    await world.restore();
  });
});

describe('a restore into the repository, or around it: nothing is written', () => {
  test.each(['memory://repo', 'memory://repo/r', 'memory://repo/r/runs/x', 'memory://repo/r/t'])(
    'to %s',
    async (targetLocation) => {
      const world = await World.open();
      const table = await world.table();
      await table.append([someBytes('0')]);
      world.publish(table);
      world.repository = { store: world.store('repo'), prefix: 'r/' };
      await world.backup();
      await expectRefused(world, (dryRun) => world.restore({ targetLocation, dryRun }), 'memory://repo');
    },
  );
});
