import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes, TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  return { world, table };
}

/** The table as an engine that runs beside the backup sees it. */
function engine(world: World, table: TableWriter): TableWriter {
  const writer = new TableWriter(world.store('src'), table.location, { uuid: table.uuid });
  return Object.assign(writer, { snapshots: [...table.snapshots], refs: table.refs, metadataLocation: table.metadataLocation });
}

test('a table that is overwritten and expired at any moment of its backup is backed up as it was or as it is', {
  timeout: 60_000,
}, async () => {
  const { world: before, table } = await prepare();
  const faults = new Faults();
  await before.fork().backup({}, faults);
  const was = await capture(before, table);
  const seen = new Set<string>();
  for (let at = 0; at < faults.ops; at++) {
    const world = before.fork();
    const writer = engine(world, table);
    const move = async () => {
      await writer.append({ 'new.parquet': someBytes('new') });
      await writer.overwrite((path) => path.endsWith('f-0.parquet'));
      const old = writer.metadataLocation;
      await writer.expire(1);
      world.publish(writer);
      for (const uri of [old, table.metadataLocation]) await world.remove(uri);
    };
    const { outcome } = await world.backup({}, new Faults(undefined, 0, (op) => (op === at ? move() : undefined)));
    expect(outcome).toBe('created');
    expect((await world.verify()).problems, `at ${at}`).toEqual([]);
    const state = (await world.commit())?.tables[0]?.metadata_location === table.metadataLocation ? 'was' : 'is';
    seen.add(state);
    await expectTable(world, state === 'was' ? was : await capture(world, writer), (await world.restore()) as Restored);
  }
  expect(seen).toEqual(new Set(['was', 'is']));
});

test('a table that never stands still is 21, with a next step', async () => {
  const { world, table } = await prepare();
  const writer = engine(world, table);
  let n = 0;
  const move = async () => {
    const old = [...(await world.dump('src', 'db/t/data/')).keys()];
    await writer.overwrite(() => true);
    await writer.append({ [`n-${n++}.parquet`]: someBytes(`n${n}`) });
    await writer.expire(1);
    for (const uri of old) await world.remove(uri);
    world.publish(writer);
  };
  // Between the last metadata read and the first copy.
  class Moving extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op === 'copy') await move();
      return super.run(op, key, call);
    }
  }
  const error = await failure(world.backup({ jobs: 1 }, new Moving()), 'source-changed');
  expect(n).toBe(3);
  expect(error).toMatchObject({ exit: 21, table: 'db.t', retryable: true });
  expect(error.hint).toBeTruthy();
  expect(await world.commit()).toBeUndefined();
});

test('an interrupted run goes on at the metadata it pinned, as long as that is there', async () => {
  const { world, table } = await prepare();
  const was = await capture(world, table);
  const faults = new Faults();
  await world.fork().backup({}, faults);
  await world.backup({}, new Faults('crash-before', faults.ops - 4)).catch(() => {});
  await table.append([someBytes('later')]);
  world.publish(table);
  const again = new Faults();
  const { outcome } = await world.backup({}, again);
  expect(outcome).toBe('created');
  expect(again.done('copy')).toEqual([]);
  await expectTable(world, was, (await world.restore()) as Restored);
});

test('when a file that it pinned is gone, it begins anew at the current metadata', async () => {
  const { world, table } = await prepare();
  const faults = new Faults();
  await world.fork().backup({}, faults);
  const copies = faults.log.findIndex(({ op }) => op === 'copy');
  await world.backup({ jobs: 1 }, new Faults('crash-before', copies + 1)).catch(() => {});
  await table.overwrite((path) => path.endsWith('f-2.parquet'));
  await table.expire(1);
  world.publish(table);
  expect((await world.backup()).outcome).toBe('created');
  expect((await world.commit())?.tables[0]?.metadata_location).toBe(table.metadataLocation);
  await expectTable(world, await capture(world, table), (await world.restore()) as Restored);
});

describe('killed between its commit and its last word', () => {
  const HOUR = 3_600_000;
  async function committed() {
    const { world, table } = await prepare();
    const faults = new Faults();
    await world.fork().backup({}, faults);
    const end = faults.log.findIndex(({ op, key }) => op === 'create' && key.endsWith('/end'));
    await world.backup({}, new Faults('crash-before', end)).catch(() => {});
    const before = await world.commit();
    expect(before).toBeDefined();
    const kept = async () => {
      expect((await world.commit())?.id).toBe(before?.id);
      expect((await world.verify()).problems).toEqual([]);
    };
    return { world, table, kept };
  }

  test('the same command says that the backup is made, once', async () => {
    const { world, kept } = await committed();
    expect((await world.backup()).outcome).toBe('already');
    await failure(world.backup(), 'backup-exists');
    await kept();
  });

  test('but not when the table has moved on: that state is not in the backup', async () => {
    const { world, table, kept } = await committed();
    await table.append([someBytes('later')]);
    world.publish(table);
    expect(await failure(world.backup(), 'backup-exists')).toMatchObject({ exit: 23, object: 'memory://repo/backups/b.json' });
    await kept();
  });

  test.each([
    [11.9, 'already'],
    [12.1, 'backup-exists'],
  ])('nor %d h later, when nobody waits for that command: %s', async (hours, result) => {
    const { world, kept } = await committed();
    world.now += hours * HOUR;
    const told = await world.backup().then(
      ({ outcome }) => outcome,
      (error: unknown) => (error instanceof BcnError ? error.code : error),
    );
    expect(told).toBe(result);
    await kept();
  });

  test('nor for another wish of that name', async () => {
    const { world, kept } = await committed();
    await failure(world.backup({ mode: 'reference' }), 'backup-exists');
    await kept();
  });
});
