import { describe, expect, test } from 'vitest';
import type { BcnError, ErrorCode } from '../../src/errors.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare(): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup();
  return { world, table };
}

/** Refused with a next step, and nothing anywhere has changed. */
async function refused(world: World, run: () => Promise<unknown>, code: ErrorCode, exit: number): Promise<BcnError> {
  const state = async () => [await world.dump('src'), await world.dump('repo'), await world.dump('wh'), new Map(world.tables)];
  const before = await state();
  const error = await failure(run(), code);
  expect(error.exit).toBe(exit);
  expect(error.hint, error.message).toBeTruthy();
  expect(await state()).toEqual(before);
  return error;
}

test('an unknown backup is 20 and near names are shown; a deleted one too', async () => {
  const { world } = await prepare();
  await world.backup({ name: 'nightly-2026-01-10' });
  const error = await refused(world, () => world.restore({ backupName: 'nightly' }), 'backup-not-found', 20);
  expect(error.message).toBe('Backup "nightly" not found in memory://repo');
  expect(error.hint).toContain('"nightly-2026-01-10"');
  await world.happen('b', '1-deleted.json');
  expect((await refused(world, () => world.restore(), 'backup-not-found', 20)).message).toContain('deleted');
});

test('no repository is 10', async () => {
  const world = await World.open();
  expect((await refused(world, () => world.restore(), 'repository-not-found', 10)).object).toBe('memory://repo');
});

test('a table of that name is 23', async () => {
  const { world } = await prepare();
  world.tables.set('db.r', { metadataLocation: 'memory://wh/db/q/metadata/x.json', location: 'memory://wh/db/q' });
  expect(await refused(world, () => world.restore(), 'table-exists', 23)).toMatchObject({ table: 'db.r' });
});

test.each(['x', 'data/f-0.parquet', 'metadata/.bcn-restore-0123456789abcdef.json', 'folder/'])(
  'the foreign object %s is 23 and stays',
  async (name) => {
    const { world } = await prepare();
    await world.put(world.uri('wh', `db/r/${name}`), 'foreign');
    expect((await refused(world, () => world.restore(), 'target-not-empty', 23)).object).toBe(world.uri('wh', `db/r/${name}`));
  },
);

test.each(['json', 'aborting', 'probe', 'registering-0123abcd'])(
  'the record %s of another restore is 23, and says so',
  async (kind) => {
    const { world } = await prepare();
    await world.put(world.uri('wh', `db/r/metadata/.bcn-restore-0123456789abcdef.${kind}`), '');
    const error = await refused(world, () => world.restore(), 'target-not-empty', 23);
    expect(error.message).toContain('Another restore has claimed the target');
  },
);

test('what lies beside the target, and folder markers in it, do not matter', async () => {
  const { world, table } = await prepare();
  await world.put(world.uri('wh', 'db/r_2/x'), 'foreign');
  await world.put(world.uri('wh', 'db/r/'), '');
  await world.put(world.uri('wh', 'db/r/metadata/'), '');
  const besides = [world.uri('wh', 'db/r/'), world.uri('wh', 'db/r/metadata/')];
  await expectTable(world, await capture(world, table), (await world.restore()) as Restored, besides);
});

test.each(['not json', 'null', '{}', '{"plan":"other","table_uuid":"u","metadata_file":"f"}'])(
  'a claim of our name that holds %s is 23',
  async (text) => {
    const { world } = await prepare();
    const [key] = await interrupt(world);
    const claim = world.uri('wh', key as string);
    for (const other of await world.keys('wh')) await world.remove(world.uri('wh', other));
    await world.put(claim, text);
    expect((await refused(world, () => world.restore(), 'target-not-empty', 23)).object).toBe(claim);
    expect((await refused(world, () => world.abort(), 'target-not-empty', 23)).object).toBe(claim);
  },
);

/** Interrupts a restore when all but the catalog entry is there; returns the key of its claim first. */
async function interrupt(world: World, options: Parameters<World['restore']>[0] = {}): Promise<string[]> {
  const faults = new Faults();
  await world.fork().restore(options, faults);
  const at = faults.log.findIndex(({ op }) => op === 'register');
  await world.restore(options, new Faults('crash-before', at)).catch(() => {});
  return (await world.keys('wh')).sort((a, b) => Number(b.includes('.bcn-restore-')) - Number(a.includes('.bcn-restore-')));
}

test('an interrupted restore with other options is not taken up: 23', async () => {
  const { world } = await prepare();
  const [claim] = await interrupt(world);
  await world.backup({ name: 'other' });
  for (const options of [{ keepUuid: true }, { backupName: 'other' }, { target: { namespace: ['db'], name: 'r2' } }]) {
    const error = await refused(world, () => world.restore(options), 'target-not-empty', 23);
    if (!options.target) expect(error.object).toBe(world.uri('wh', claim as string));
  }
});

describe('a target location', () => {
  test.each([
    ['the source', 'memory://src/db/t'],
    ['the source, with slashes', 'memory://src/db//t/'],
    ['inside the source', 'memory://src/db/t/data/x'],
    ['around the source', 'memory://src/db'],
    ['the repository', 'memory://repo/x'],
    ['around the source, as a bucket', 'memory://src'],
  ])('that is %s is 2', async (_, targetLocation) => {
    const { world } = await prepare();
    await refused(world, () => world.restore({ targetLocation }), 'usage', 2);
  });

  test.each(['memory://wh/db/other', 'memory://wh/db/other/x', 'memory://wh/db'])(
    'that touches another table (%s) is 2',
    async (targetLocation) => {
      const { world } = await prepare();
      world.tables.set('db.other', {
        metadataLocation: 'memory://wh/db/other/metadata/x.json',
        location: 'memory://wh/db/other',
      });
      const error = await refused(world, () => world.restore({ targetLocation }), 'usage', 2);
      expect(error.message).toContain('db.other');
    },
  );

  test.each([
    'wh/db/r',
    '/wh/db/r',
    'memory://wh/db/r?x',
    'memory://wh/db/r#x',
    'memory://wh',
    'memory://wh//',
    `memory://wh/${'x'.repeat(1000)}`,
    'gs://wh/db/r',
  ])('%s is 2', async (targetLocation) => {
    const { world } = await prepare();
    const error = await failure(world.restore({ targetLocation }));
    expect([error.exit, error.object]).toEqual([2, targetLocation]);
    expect(error.hint).toBeTruthy();
  });

  test('a name similar to the source is none of these', async () => {
    const { world, table } = await prepare();
    const targetLocation = 'memory://src/db/t_2';
    expect((await world.restore({ targetLocation })).location).toBe(targetLocation);
    expect(
      (await world.get(`${targetLocation}/data/f-0.parquet`)).equals(await world.get(`${table.location}/data/f-0.parquet`)),
    ).toBe(true);
  });

  test('keys that get too long under it are 2, and nothing stays', async () => {
    const { world, table } = await prepare();
    await table.append({ [`${'d'.repeat(200)}/${'e'.repeat(200)}.parquet`]: 'x' });
    world.publish(table);
    await world.backup({ name: 'long' });
    const targetLocation = `memory://wh/${'x'.repeat(800)}`;
    await refused(world, () => world.restore({ backupName: 'long', targetLocation }), 'usage', 2);
  });
});

test('--dry-run writes nothing and tells the plan', async () => {
  const { world } = await prepare();
  const before = await world.dump('wh');
  const { outcome, plan } = await world.restore({ dryRun: true });
  expect(outcome).toBe('planned');
  expect(plan).toMatchObject({
    command: 'restore',
    table: 'db.r',
    to: 'memory://wh/db/r',
    data: { total: { objects: 3, bytes: 600 } },
    snapshots: 2,
  });
  expect(plan?.edits.map(({ field }) => field).sort()).toEqual(['metadata-log', 'table-uuid']);
  expect(await world.dump('wh')).toEqual(before);
  expect(world.tables.has('db.r')).toBe(false);
});
