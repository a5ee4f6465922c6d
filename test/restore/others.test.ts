import { expect, test } from 'vitest';
import { BcnError, isCode } from '../../src/errors.js';
import { Faults } from '../support/faults.js';
import { FreeTable } from '../support/free-table.js';
import { seeTable } from '../support/rows.js';
import { type Asked, SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';
import { failure } from '../support/world.js';

/** A table with one file far away, backed up. */
async function prepare(): Promise<SpeltWorld> {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  const files = [
    await table.put('s3://b/t/data/a.parquet', someBytes('a')),
    await table.put('s3://far/files/f.parquet', someBytes('f')),
  ];
  await table.commit([await table.manifest(files)]);
  await world.backup();
  return world;
}

const FIRST: Asked = { maps: ['s3://far/files=s3://elsewhere/x/files'] };

/** Runs another restore from start to end before each request of the first; never both may have the place, until the first has its table and nothing claims it any more. */
async function race(other: Asked): Promise<void> {
  const before = await prepare();
  const counting = new Faults();
  await before.fork().restore(FIRST, counting);
  for (let at = 0; at < counting.ops; at++) {
    const world = before.fork();
    const second: PromiseSettledResult<unknown>[] = [];
    let made = false;
    const faults = new Faults(undefined, 0, async (op) => {
      if (op === at) made = world.tables.has('db.r');
      if (op === at) second.push(...(await Promise.allSettled([world.restore(other)])));
    });
    const results = [...(await Promise.allSettled([world.restore(FIRST, faults)])), ...second];
    if (!made) expect(results.filter(({ status }) => status === 'fulfilled').length, `at ${at}`).toBeLessThan(2);
    for (const result of results)
      if (result.status === 'rejected' && !isCode(result.reason, 'usage', 'target-not-empty')) throw result.reason;
    const named = new Set<string>();
    for (const [name, { metadataLocation }] of world.tables)
      if (name !== 'db.t') for (const uri of (await seeTable(metadataLocation, (one) => world.read(one))).objects) named.add(uri);
    const there = ['wh', 'elsewhere'].flatMap((bucket) => world.keys(bucket).map((key) => `s3://${bucket}/${key}`));
    expect(there.sort(), `at ${at}`).toEqual([...named].sort());
  }
}

const OTHER = { namespace: ['db'], name: 'other' };

test('two restores that map into one place: one of them goes, the other leaves nothing', { timeout: 60_000 }, () =>
  race({ ...FIRST, target: OTHER, targetLocation: 's3://wh/db/other' }),
);

test("a restore to a location that contains another one's place", { timeout: 60_000 }, () =>
  race({ target: OTHER, targetLocation: 's3://elsewhere/x' }),
);

test("a restore to a location inside another one's place", { timeout: 60_000 }, () =>
  race({ target: OTHER, targetLocation: 's3://elsewhere/x/files/deep' }),
);

test('a place that another restore has claimed a moment ago, around or inside, is let go', { timeout: 60_000 }, async () => {
  const before = await prepare();
  let claims = 0;
  for (const targetLocation of ['s3://elsewhere/x', 's3://elsewhere/x/files/deep']) {
    const other: Asked = { target: OTHER, targetLocation };
    const counting = new Faults();
    await before.fork().restore(FIRST, counting);
    for (let at = 0; at < counting.ops; at++) {
      // The other one has its claim and was killed behind its second look.
      const looks = new Faults();
      await before.fork().restore(other, looks);
      const claimed = looks.log.findIndex(({ op, key }) => op === 'create' && key.endsWith('.json'));
      const world = before.fork();
      const faults = new Faults(undefined, 0, async (op) => {
        if (op === at && !world.tables.has('db.r'))
          await world.restore(other, new Faults('crash-before', claimed + 8)).catch(() => {});
      });
      const first = await world.restore(FIRST, faults).catch((error: unknown) => error);
      // It came too late, and has not begun.
      if (!world.keys('elsewhere').some((key) => key.includes('.bcn-restore-'))) continue;
      claims++;
      const second = await world.restore(other).catch((error: unknown) => error);
      expect(first instanceof Error || second instanceof Error, `${targetLocation} at ${at}`).toBe(true);
    }
  }
  expect(claims).toBeGreaterThan(20);
});

test('objects of somebody else in the place are refused, each time, and stay', async () => {
  const world = await prepare();
  const claim = await claimMoment(world);
  const late = new Faults(undefined, 0, async (op) => {
    if (op === claim + 1) await world.put('s3://elsewhere/x/files/f.parquet', 'mine');
  });
  await failure(world.restore(FIRST, late), 'target-not-empty');
  expect(world.keys('elsewhere')).toEqual(['x/files/f.parquet']);
  expect(world.keys('wh')).toEqual([]);
  await failure(world.restore(FIRST), 'target-not-empty');
  expect(world.read('s3://elsewhere/x/files/f.parquet')?.toString()).toBe('mine');
});

test('… also when an earlier attempt died before it claimed that place', async () => {
  const world = await prepare();
  const claim = await claimMoment(world);
  await world.restore(FIRST, new Faults('crash-before', claim)).catch(() => {});
  const again = await claimMoment(world);
  const late = new Faults(undefined, 0, async (op) => {
    if (op === again + 1) await world.put('s3://elsewhere/x/files/f.parquet', someBytes('f'));
  });
  await failure(world.restore(FIRST, late), 'target-not-empty');
  await failure(world.restore(FIRST), 'target-not-empty');
  await world.abort(FIRST);
  expect(world.keys('elsewhere')).toEqual(['x/files/f.parquet']);
  expect(world.keys('wh')).toEqual([]);
});

/** Number of the request that claims the place elsewhere. */
async function claimMoment(world: SpeltWorld): Promise<number> {
  const counting = new Faults();
  await world.fork().restore(FIRST, counting);
  return counting.log.findIndex(({ op, key }) => op === 'create' && key.startsWith('memory://elsewhere/'));
}

/** A process to which the store refuses these requests. */
function refusing(refused: (op: string, key: string) => boolean): Faults {
  return new (class extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (refused(op, key)) throw new BcnError('storage-auth', `refused: ${op} ${key}`, { object: key, hint: 'Ask for it.' });
      return super.run(op, key, call);
    }
  })();
}

test('a place that may not be written: refused, and nothing is left that keeps others away', async () => {
  const world = await prepare();
  const error = await failure(
    world.restore(
      FIRST,
      refusing((op, key) => op === 'create' && key.includes('/elsewhere/')),
    ),
    'storage-auth',
  );
  expect(error.object).toContain('elsewhere');
  expect(world.keys('wh')).toEqual([]);
  await world.restore({ target: OTHER });
});

test('a place where nothing may be deleted: the restore finishes, and says what stays', async () => {
  const world = await prepare();
  await world.restore(
    FIRST,
    refusing((op, key) => op === 'delete' && key.includes('/elsewhere/')),
  );
  expect(world.keys('wh').filter((key) => key.includes('.bcn-restore-'))).toEqual([]);
  expect(world.notes.join()).toMatch(/db\.r is restored; the record of it at memory:\/\/elsewhere\/.* stays/);
});

test('… and an abort refuses before it announces itself, so that the restore can still finish', async () => {
  const world = await prepare();
  const counting = new Faults();
  await world.fork().restore(FIRST, counting);
  await world.restore(FIRST, new Faults('crash-before', counting.ops - 12)).catch(() => {});
  await failure(
    world.abort(
      FIRST,
      refusing((op, key) => op === 'delete' && key.includes('/elsewhere/')),
    ),
    'storage-auth',
  );
  expect(world.keys('wh').filter((key) => key.endsWith('.aborting'))).toEqual([]);
  await world.restore(FIRST);
  expect([...world.keys('elsewhere'), ...world.keys('wh')].filter((key) => key.includes('.bcn-restore-'))).toEqual([]);
});
