import { expect, test } from 'vitest';
import { encodeCommit } from '../../src/repository/commit.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const DAY = 24 * 3_600_000;
const U = { namespace: ['db'], name: 'u' };

/** Backups t1…t3 of db.t and u1 of db.u, a day apart. */
async function prepare(): Promise<World> {
  const world = await World.open();
  for (const name of ['t', 'u']) {
    const table = await world.table({}, `db/${name}`);
    await table.append([someBytes(name)]);
    world.publish(table, `db.${name}`);
  }
  for (const name of ['t1', 't2', 't3']) {
    await world.backup({ name });
    world.now += DAY;
  }
  await world.backup({ name: 'u1', tables: [U] });
  return world;
}

const gone = async (world: World, options: Parameters<World['forget']>[0]) =>
  (await world.forget(options)).backups.filter(({ kept }) => !kept).map(({ name }) => name);

async function event(world: World, name: string, kind: string): Promise<void> {
  await world.happen(name, `000001-${kind}.json`);
}

/** A backup whose record holds the tables of several. */
async function joined(world: World, name: string, others: readonly string[], partial = false, more: object = {}): Promise<void> {
  const commits = await Promise.all(others.map((other) => world.commit(other)));
  const [first] = commits;
  if (!first) throw new Error('none');
  const { id: _id, selector: _selector, ...rest } = first;
  const tables = commits.flatMap((commit) => commit?.tables ?? []).map((table) => ({ ...table, ...more }));
  const when = new Date(world.now).toISOString();
  await world.put(world.uri('repo', `backups/${name}.json`), encodeCommit({ ...rest, name, when, partial, tables }).bytes);
}

test('each table by itself, or all together', async () => {
  const world = await prepare();
  expect(await gone(world, { dryRun: true })).toEqual(['t1', 't2']);
  expect(await gone(world, { dryRun: true, table: 'db.u' })).toEqual([]);
  expect(await failure(world.forget({ groupBy: 'none', dryRun: true }), 'usage')).toMatchObject({
    exit: 2,
    table: 'db.t',
    message: expect.stringMatching(/last good backups of db\.t: t1, t2, t3\. Nothing was deleted/),
  });
  expect(await gone(world, { groupBy: 'none', allowLast: true })).toEqual(['t1', 't2', 't3']);
  await failure(world.verify({ name: 't3' }), 'backup-not-found');
  expect((await world.verify({ name: 'u1' })).problems).toEqual([]);
});

test('what is deleted already neither counts nor protects', async () => {
  const world = await prepare();
  await world.delete('t3');
  expect(await gone(world, { policy: { last: 2 } })).toEqual([]);
  expect(await gone(world, {})).toEqual(['t1']);
  expect(await gone(world, {})).toEqual([]);
});

test.each(['damaged', 'partial', 'incomplete'])('a %s backup is no substitute for the last good one', async (what) => {
  const world = await prepare();
  if (what === 'damaged') await event(world, 't3', 'damaged');
  else {
    await world.delete('t3');
    await joined(world, 'part', ['t1'], what === 'partial', what === 'partial' ? {} : { missing: { files: 1, bytes: 1 } });
  }
  await world.delete('t2');
  expect(await failure(world.forget(), 'usage')).toMatchObject({ message: expect.stringMatching(/db\.t: t1\. /) });
  expect((await world.verify({ name: 't1' })).problems).toEqual([]);
  expect(await gone(world, { allowLast: true })).toEqual(['t1']);
});

test('a backup of several tables goes only when no table keeps it', async () => {
  const world = await prepare();
  await joined(world, 'both', ['t1', 'u1']);
  world.now += DAY;
  await world.backup({ name: 't4' });
  // Still the newest of db.u.
  const { backups } = await world.forget({ dryRun: true });
  expect(backups.find(({ name }) => name === 'both')).toMatchObject({
    kept: true,
    reasons: ['last (db.u)'],
    tables: ['db.t', 'db.u'],
  });
  expect(await gone(world, { table: 'db.t', dryRun: true })).not.toContain('both');
  world.now += DAY;
  await world.backup({ name: 'u2', tables: [U] });
  expect(await gone(world, {})).toEqual(['t1', 't2', 't3', 'u1', 'both']);
});

test('a backup that others reuse may go: nothing chains', async () => {
  const world = await prepare();
  await world.forget();
  world.now += 2 * DAY;
  expect((await world.prune()).backups).toEqual(['t1', 't2']);
  expect((await world.verify({ name: 't3' })).problems).toEqual([]);
});
