import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { type Captured, capture, expectTable, type Restored } from '../support/compare.js';
import { type FaultKind, Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World, type WorldOptions } from '../support/world.js';

async function prepare(
  kind: WorldOptions['kind'] | 'weak',
  mode: 'copy' | 'reference',
): Promise<{ world: World; captured: Captured; requests: number }> {
  const world = await World.open(kind === 'weak' ? { weak: 'late' } : { kind });
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4')]);
  world.publish(table);
  await world.backup({ mode });
  const faults = new Faults();
  await world.fork().restore({}, faults);
  return { world, captured: await capture(world, table), requests: faults.ops };
}

const claims = async (world: World) =>
  (await world.keys('wh')).filter((key) => key.includes('.bcn-restore-')).map((key) => world.uri('wh', key));

async function survives(before: World, captured: Captured, kind: FaultKind, at: number): Promise<void> {
  const world = before.fork();
  const untouched = [await world.dump('src'), await world.dump('repo')];
  const first = await world.restore({}, new Faults(kind, at)).then(
    (result) => result,
    (error: unknown) => error,
  );
  const entry = world.tables.get('db.r');
  const uuid = async (metadataLocation: string) => {
    const { 'table-uuid': tableUuid } = JSON.parse((await world.get(metadataLocation)).toString());
    return { location: world.uri('wh', 'db/r'), metadataLocation, tableUuid };
  };
  if (entry) await expectTable(world, captured, await uuid(entry.metadataLocation), await claims(world));
  if (first instanceof Error) {
    if (kind.startsWith('crash')) expect(first).toMatchObject({ name: 'Killed' });
    else expect(isCode(first, 'storage-unavailable', 'catalog-unavailable', 'commit-unknown')).toBe(true);
    const held = new Set(await world.keys('wh'));
    const claimed = (await claims(world)).length > 0;
    const again = new Faults();
    const second = await world.restore({}, again).catch((error: unknown) => error);
    if (second instanceof Error) {
      // Only the last answer of all was lost: the table is there, and nothing says any more whose it is.
      expect(entry && !claimed && isCode(second, 'table-exists')).toBe(true);
    } else {
      expect(second).toMatchObject({ outcome: entry ? 'already' : 'restored' });
      for (const uri of again.done('copy', 'upload')) expect(held).not.toContain(uri.slice(world.uri('wh').length + 1));
      expect(second).toMatchObject({ metadataLocation: world.tables.get('db.r')?.metadataLocation });
      if (entry) expect(world.tables.get('db.r')).toEqual(entry);
      await expectTable(world, captured, second as Restored);
    }
  } else await expectTable(world, captured, first as Restored);
  expect(await claims(world)).toEqual([]);
  // Nor a rehearsal's entry.
  expect([...world.tables.keys()]).toEqual(['db.t', 'db.r']);
  expect([await world.dump('src'), await world.dump('repo')]).toEqual(untouched);
}

const ALL: readonly FaultKind[] = ['crash-before', 'crash-after', 'outage-before', 'outage-after', 'once-before', 'once-after'];
const DEATHS: readonly FaultKind[] = ['crash-before', 'crash-after'];

describe.each([
  ['memory', 'copy', ALL],
  ['apart', 'copy', DEATHS],
  ['memory', 'reference', DEATHS],
  ['weak', 'copy', DEATHS],
] as const)('%s stores, mode %s', (stores, mode, kinds) => {
  test.each(kinds)(
    '%s at every request: no half table, and the same command finishes without copying twice',
    { timeout: 120_000 },
    async (kind) => {
      const { world, captured, requests } = await prepare(stores, mode);
      expect(requests).toBeGreaterThan(30);
      for (let at = 0; at < requests; at++) {
        await survives(world, captured, kind, at).catch((error: unknown) => {
          throw new Error(`${kind} at request ${at} of ${requests}`, { cause: error });
        });
      }
    },
  );

  test('a 412 for a create that was our own success does not disturb', async () => {
    const { world, captured, requests } = await prepare(stores, mode);
    for (let at = 0; at < requests; at++) {
      const there = world.fork();
      await expectTable(there, captured, (await there.restore({}, new Faults('conflict-after', at))) as Restored);
    }
  });
});
