import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

/** A repository that cannot hold f-1.parquet beside the others, as a folder cannot hold `a` beside `a/b`. */
class Folders extends Faults {
  override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
    if (op === 'copy' && key.startsWith('memory://repo/') && key.endsWith('/f-1.parquet')) {
      throw new BcnError('name-conflict', `${key} cannot live beside others`, { object: key, hint: 'Choose another.' });
    }
    return super.run(op, key, call);
  }
}

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2'), someBytes('3')]);
  world.publish(table);
  return { world, table };
}

test('a file whose name the store cannot hold beside others lies under the hash of its URI', async () => {
  const { world, table } = await prepare();
  await world.backup({}, new Folders());
  const data = (await world.keys('repo')).filter((key) => key.includes('/data/'));
  expect(data.filter((key) => /\/data\/h\/[0-9a-f]{64}$/.test(key))).toHaveLength(1);
  expect(data).toHaveLength(3);
  expect((await world.verify()).problems).toEqual([]);
  await expectTable(world, await capture(world, table), (await world.restore()) as Restored);
});

test('so it does after a crash, and its length is proven too', async () => {
  const { world, table } = await prepare();
  class Dying extends Folders {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op === 'create' && key.includes('/meta/')) throw new Error('killed');
      return super.run(op, key, call);
    }
  }
  await expect(world.backup({}, new Dying())).rejects.toThrow('killed');
  const again = new Folders();
  expect((await world.backup({}, again)).outcome).toBe('created');
  expect((await world.verify()).problems).toEqual([]);

  const uri = `${table.location}/data/f-1.parquet`;
  const fresh = await prepare();
  await fresh.world.put(uri, someBytes('short', 9));
  expect(await failure(fresh.world.backup({}, new Folders()), 'corrupt')).toMatchObject({ object: uri });
});

test('what the run holds is listed once, to prove the lengths; a continued run lists first what it has', async () => {
  const { world } = await prepare();
  const data = ({ log }: Faults) => log.filter(({ op, key }) => op === 'list' && key.endsWith('/data/')).length;
  const faults = new Faults();
  const { plan } = await world.fork().backup({}, faults);
  expect([data(faults), plan?.requests.list]).toEqual([1, 3]);
  await world.backup({}, new Faults('crash-before', faults.ops - 5)).catch(() => {});
  const again = new Faults();
  const continued = await world.backup({}, again);
  expect(again.done('copy')).toEqual([]);
  expect([data(again), continued.plan?.requests.list]).toEqual([2, 3]);
});

test('progress and the plan speak of the same numbers', async () => {
  const { world } = await prepare();
  const { plan, backup } = await world.backup({ jobs: 1 });
  expect(plan?.data).toEqual({
    total: { objects: 3, bytes: 600 },
    reused: { objects: 0, bytes: 0 },
    serverSide: { objects: 3, bytes: 600 },
    streamed: { objects: 0, bytes: 0 },
  });
  expect(backup?.tables[0]?.bytes).toEqual({ total: 600, new: 600 });
});
