import { expect, test } from 'vitest';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'z-first' });
  const captured = await capture(world, table);
  const newer = async () => {
    world.now += 3_600_000;
    await table.append([someBytes('2')]);
    world.publish(table);
    await world.backup({ name: 'a-second' });
    return capture(world, table);
  };
  return { world, captured, newer };
}

/** Kills a restore of `latest` right after its first copy. */
async function interrupt(world: World): Promise<void> {
  const whole = new Faults();
  await world.fork().restore({ backupName: 'latest' }, whole);
  const at = whole.log.findIndex(({ op, key }) => op === 'copy' && key.includes('/data/'));
  await world.restore({ backupName: 'latest' }, new Faults('crash-after', at)).catch(() => undefined);
}

test('the newest backup comes back, and is named', async () => {
  const { world, newer } = await prepare();
  const captured = await newer();
  const result = await world.restore({ backupName: 'latest' });
  expect(result.backup).toBe('a-second');
  await expectTable(world, captured, result as Restored);
});

test('an interrupted restore is continued with the backup it began with, although there is a newer one', async () => {
  const { world, captured, newer } = await prepare();
  await interrupt(world);
  await newer();
  const faults = new Faults();
  const result = await world.restore({ backupName: 'latest' }, faults);
  expect(result).toMatchObject({ outcome: 'restored', backup: 'z-first' });
  expect(faults.done('copy')).toEqual([]);
  expect(world.notes.join()).toContain(
    'a restore of z-first to memory://wh/db/r was interrupted; it is continued, although a-second is newer',
  );
  await expectTable(world, captured, result as Restored);
});

test('it can be aborted likewise', async () => {
  const { world, newer } = await prepare();
  await interrupt(world);
  expect(await world.keys('wh')).not.toEqual([]);
  await newer();
  await world.abort({ backupName: 'latest' });
  expect(await world.keys('wh')).toEqual([]);
});

test('with other options, or a claim of a backup that is gone, the target is taken', async () => {
  const { world, newer } = await prepare();
  await interrupt(world);
  await newer();
  await failure(world.restore({ backupName: 'latest', keepUuid: true }), 'target-not-empty');
  await failure(world.restore({ backupName: 'a-second' }), 'target-not-empty');
  const { id } = (await world.commit('z-first')) ?? {};
  await world.put(world.uri('repo', `events/${id}/1-deleted.json`), '');
  await failure(world.restore({ backupName: 'latest' }), 'target-not-empty');
});
