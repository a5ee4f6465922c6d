import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { type Captured, capture, expectTable, type Restored } from '../support/compare.js';
import { type FaultKind, Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World, type WorldOptions } from '../support/world.js';

/** A table of three snapshots; with `based`, the first two of them are backed up already. */
async function prepare(options: WorldOptions, based: boolean): Promise<{ world: World; captured: Captured; requests: number }> {
  const world = await World.open(options);
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  if (based) await world.backup({ name: 'base' });
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4'), someBytes('5')]);
  world.publish(table);
  const faults = new Faults();
  await world.fork().backup({}, faults);
  return { world, captured: await capture(world, table), requests: faults.ops };
}

const copied = (faults: Faults) => faults.done('copy', 'upload').filter((uri) => uri.includes('/data/'));

async function survives(before: World, captured: Captured, kind: FaultKind, at: number): Promise<void> {
  const world = before.fork();
  const source = await world.dump('src');
  const faults = new Faults(kind, at);
  const first = await world.backup({}, faults).then(
    ({ outcome }) => outcome,
    (error: unknown) => error,
  );
  expect(await world.dump('src')).toEqual(source);
  const visible = await world.commit();
  if (visible) expect((await world.verify()).problems).toEqual([]);
  if (first === 'created') expect(visible).toBeDefined();
  else {
    if (kind.startsWith('crash')) expect(first).toMatchObject({ name: 'Killed' });
    else expect(isCode(first, 'storage-unavailable', 'catalog-unavailable')).toBe(true);
    const held = new Set(await world.keys('repo'));
    const again = new Faults();
    expect((await world.backup({}, again)).outcome).toBe(visible ? 'already' : 'created');
    if (visible) expect((await world.commit())?.id).toBe(visible.id);
    for (const uri of copied(again)) expect(held).not.toContain(uri.slice(world.uri('repo').length + 1));
  }
  const verified = await world.verify();
  expect(verified.problems).toEqual([]);
  expect(verified.checked.files).toBe(captured.data.size);
  await expectTable(world, captured, (await world.restore()) as Restored);
  // Whether the run could note that it had ended or not, nothing changes any more.
  const id = (await world.commit())?.id;
  const further = await world.backup().catch((error: unknown) => error);
  expect(isCode(further, 'backup-exists') || (first === 'created' && further)).toBeTruthy();
  expect((await world.commit())?.id).toBe(id);
}

const ALL: readonly FaultKind[] = ['crash-before', 'crash-after', 'outage-before', 'outage-after', 'once-before', 'once-after'];
const DEATHS: readonly FaultKind[] = ['crash-before', 'crash-after'];

describe.each([
  [{ kind: 'memory' }, false, ALL],
  [{ kind: 'memory' }, true, ALL],
  [{ kind: 'apart' }, false, DEATHS],
  [{ weak: 'late' }, false, [...DEATHS, 'once-after']],
  [{ weak: 'blind' }, true, ['crash-after', 'outage-before']],
] as const)('%j stores, with a base: %s', (stores, based, kinds) => {
  test.each(kinds)(
    '%s at every request: no half backup, and the same command finishes without copying twice',
    { timeout: 120_000 },
    async (kind) => {
      const { world, captured, requests } = await prepare(stores, based);
      expect(requests).toBeGreaterThan(25);
      for (let at = 0; at < requests; at++) {
        await survives(world, captured, kind, at).catch((error: unknown) => {
          throw new Error(`${kind} at request ${at} of ${requests}`, { cause: error });
        });
      }
    },
  );

  test('a 412 for a create that was our own success does not disturb', async () => {
    const { world, captured, requests } = await prepare(stores, based);
    for (let at = 0; at < requests; at++) {
      const there = world.fork();
      expect((await there.backup({}, new Faults('conflict-after', at))).outcome, `at ${at}`).toBe('created');
      expect((await there.verify()).problems).toEqual([]);
      await expectTable(there, captured, (await there.restore()) as Restored);
    }
  });
});
