import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { type Captured, capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import type { Weakness } from '../support/weak-store.js';
import { failure, World } from '../support/world.js';

type Settled = PromiseSettledResult<Awaited<ReturnType<World['restore']>>>;

/** Two tables whose files have the same names and lengths, so that one restored over the other would not be noticed by its listing. */
async function prepare(weak: Weakness): Promise<{ world: World; captured: Readonly<Record<string, Captured>> }> {
  const world = await World.open({ weak });
  const captured: Record<string, Captured> = {};
  for (const name of ['t', 'u']) {
    const table = await world.table({}, `db/${name}`);
    await table.append([someBytes(`${name}1`), someBytes(`${name}2`)]);
    await table.append([someBytes(`${name}3`)]);
    world.publish(table, `db.${name}`);
    await world.backup({ name, tables: [{ namespace: ['db'], name }] });
    captured[name] = await capture(world, table);
  }
  return { world, captured };
}

const isClaim = (key: string) => /\.bcn-restore-[0-9a-f]+\.json$/.test(key);

/** The first restores `t`; inside its create of the claim, or of whatever `hit` says, the second does its work. */
async function collide(world: World, hit: (key: string, n: number) => boolean, second: () => Promise<unknown>): Promise<Settled> {
  let met = false;
  let n = 0;
  world.gap = async (key) => {
    if (!key.startsWith('memory://wh/') || met || !hit(key, n++)) return;
    met = true;
    await second();
  };
  const [first] = await Promise.allSettled([world.restore({ backupName: 't' })]);
  expect(met).toBe(true);
  world.gap = async () => {};
  return first as Settled;
}

/** Whatever table there is is whole, and of the backup that its restore was asked for. */
async function settle(world: World, captured: Readonly<Record<string, Captured>>, results: Readonly<Record<string, Settled[]>>) {
  let good = 0;
  for (const [name, settled] of Object.entries(results)) {
    for (const result of settled) {
      if (result.status === 'rejected') {
        if (!isCode(result.reason, 'target-not-empty', 'table-exists', 'usage')) throw result.reason;
      } else {
        good++;
        expect(world.tables.get('db.r')?.metadataLocation).toBe(result.value.metadataLocation);
        await expectTable(world, captured[name] as Captured, result.value as Restored);
      }
    }
  }
  return good;
}

describe.each(['late', 'blind'] as const)('where a create is %s', (weak) => {
  /** A restore of `t`, inside whose n-th create another one runs as a whole; for each n. */
  async function inside(backupName: string, check: (good: number, at: string) => unknown) {
    const { world: before, captured } = await prepare(weak);
    let creates = 0;
    const counting = before.fork();
    counting.gap = async (key) => void (key.startsWith('memory://wh/') && creates++);
    await counting.restore({ backupName: 't' });
    for (let at = 0; at < creates; at++) {
      const world = before.fork();
      const second: Settled[] = [];
      const run = async () => second.push(...(await Promise.allSettled([world.restore({ backupName })])));
      const first = await collide(world, (_key, n) => n === at, run);
      const results = backupName === 't' ? { t: [first, ...second] } : { t: [first], [backupName]: second };
      check(await settle(world, captured, results), `at ${at} of ${creates}`);
    }
  }

  test('the same restore as a whole inside any create of the first: one table, told by whoever finished', () =>
    inside('t', (good, at) => expect(good, at).toBeGreaterThan(0)));

  test('another backup to the same place inside any create of the first: never a mixture', () =>
    inside('u', (good, at) => expect(good, at).toBe(1)));

  test('another backup to the same place, dying anywhere inside the create of the claim', { timeout: 60_000 }, async () => {
    const { world: before, captured } = await prepare(weak);
    const all = new Faults();
    await before.fork().restore({ backupName: 'u' }, all);
    for (let death = 0; death <= all.ops; death++) {
      const world = before.fork();
      const first = await collide(world, isClaim, () =>
        world.restore({ backupName: 'u' }, new Faults('crash-before', death)).catch(() => {}),
      );
      const good = await settle(world, captured, { t: [first] });
      // A table that the first did not make, the second had registered before it died: nobody has touched it since.
      const metadataLocation = world.tables.get('db.r')?.metadataLocation;
      if (good === 1 || metadataLocation === undefined) continue;
      const { 'table-uuid': tableUuid } = JSON.parse((await world.get(metadataLocation)).toString());
      const location = world.uri('wh', 'db/r');
      await expectTable(world, captured.u as Captured, { location, metadataLocation, tableUuid } as Restored);
    }
  });

  test('two claims at once, each looking before the other has written: one of the two goes on, the other has written nothing', async () => {
    const { world, captured } = await prepare(weak);
    let waiting = 0;
    let release: () => void = () => {};
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.gap = async (key) => {
      if (!isClaim(key)) return;
      if (++waiting === 2) release();
      await both;
    };
    const writes = [new Faults(), new Faults()] as const;
    const [t, u] = await Promise.allSettled([
      world.restore({ backupName: 't' }, writes[0]),
      world.restore({ backupName: 'u' }, writes[1]),
    ]);
    expect(await settle(world, captured, { t: [t], u: [u] })).toBe(1);
    const [lost, faults] = t.status === 'rejected' ? [t, writes[0]] : [u, writes[1]];
    expect((lost as PromiseRejectedResult).reason).toMatchObject({ code: 'target-not-empty', exit: 23 });
    expect(faults.done('create', 'copy', 'upload').filter((key) => key.startsWith('memory://wh/') && !isClaim(key))).toEqual([]);
  });

  test('two processes with the same command, likewise: both work under one claim', async () => {
    const { world, captured } = await prepare(weak);
    let waiting = 0;
    let release: () => void = () => {};
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.gap = async (key) => {
      if (!isClaim(key)) return;
      if (++waiting === 2) release();
      await both;
    };
    const results = await Promise.allSettled([world.restore({ backupName: 't' }), world.restore({ backupName: 't' })]);
    expect(await settle(world, captured, { t: results })).toBeGreaterThan(0);
  });
});

test('a restore to the store whose weakness the repository knows says what to mind, elsewhere nothing is known', async () => {
  for (const [kind, notes] of [
    ['memory', 1],
    ['apart', 0],
  ] as const) {
    const world = await World.open({ kind, weak: 'late' });
    const table = await world.table();
    await table.append([someBytes('1')]);
    world.publish(table);
    await world.backup();
    world.notes.length = 0;
    await world.restore();
    expect(world.notes.filter((note) => note.includes('without true conditional writes'))).toHaveLength(notes);
  }
});

test('a claim that was replaced is not removed by the one that lost it', async () => {
  const { world, captured } = await prepare('late');
  // Claims after the first has, and has its first file there when the first looks for a second time.
  const all = new Faults();
  await world.fork().restore({ backupName: 'u' }, all);
  const copies = all.log.findIndex(({ op }) => op === 'copy');
  let looked = false;
  class Late extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      if (op === 'create' && isClaim(key) && !looked) {
        looked = true;
        // Its own look at the key was before that: it overwrites.
        await world.remove(key);
        await world.restore({ backupName: 'u' }, new Faults('crash-after', copies)).catch(() => {});
      }
      return result;
    }
  }
  await failure(world.restore({ backupName: 't' }, new Late()), 'target-not-empty');
  const resumed = await world.restore({ backupName: 'u' });
  await expectTable(world, captured.u as Captured, resumed as Restored);
});

test('a claim that another made while this one planned is seen, also where a create looks at nothing', async () => {
  const { world, captured } = await prepare('blind');
  const all = new Faults();
  await world.fork().restore({ backupName: 'u' }, all);
  const claimed = all.log.findIndex(({ op, key }) => op === 'create' && isClaim(key));
  let planned = false;
  class Slow extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      if (!planned && key.includes('/pack-')) {
        planned = true;
        await world.restore({ backupName: 'u' }, new Faults('crash-before', claimed + 1)).catch(() => {});
      }
      return result;
    }
  }
  await failure(world.restore({ backupName: 't' }, new Slow()), 'target-not-empty');
  expect(planned).toBe(true);
  await expectTable(world, captured.u as Captured, (await world.restore({ backupName: 'u' })) as Restored);
});
