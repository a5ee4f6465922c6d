/** Several tables of one backup come back. */
import { expect, test } from 'vitest';
import { fill } from '../../src/restore/many.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare() {
  const world = await World.open();
  for (const name of ['a', 'b']) {
    const table = await world.table({}, `db/${name}`);
    await table.append([someBytes(`${name}1`)]);
    world.publish(table, `db.${name}`);
  }
  await world.backup({ tables: { namespace: 'db', include: [], exclude: [] } });
  return world;
}

const namespace = ['new'];
const targetLocation = 'memory://wh/{database}/{table}';

test('all, or those that are named', async () => {
  const world = await prepare();
  const all = await world.restoreMany({ tables: [], namespace, targetLocation });
  expect(all.results.map(({ table, location, outcome }) => [table, location, outcome])).toEqual([
    ['new.a', 'memory://wh/new/a', 'restored'],
    ['new.b', 'memory://wh/new/b', 'restored'],
  ]);
  const one = await world.restoreMany({ tables: ['db.b'], namespace: ['one'], targetLocation });
  expect(one.results.map(({ table }) => table)).toEqual(['one.b']);
});

test('one that fails does not keep the other, and is named', async () => {
  const world = await prepare();
  await world.put('memory://wh/new/a/somebody.txt', 'x');
  const { results, failed } = await world.restoreMany({ tables: [], namespace, targetLocation });
  expect(results.map(({ table }) => table)).toEqual(['new.b']);
  expect(failed).toMatchObject([{ table: 'db.a', code: 'target-not-empty', object: 'memory://wh/new/a/somebody.txt' }]);
});

test('a place that cannot be that of several is refused before anything is written', async () => {
  const world = await prepare();
  await failure(world.restoreMany({ tables: [], namespace, targetLocation: 'memory://wh/new/t' }), 'usage');
  expect(await world.keys('wh')).toEqual([]);
});

test('a single restore needs to know which', async () => {
  const world = await prepare();
  const error = await failure(world.restore(), 'usage');
  expect(error.message).toContain('db.a, db.b');
  expect(await failure(world.restore({ table: 'db.x' }), 'table-not-found')).toMatchObject({ exit: 20 });
  expect((await world.restore({ table: 'db.b' })).outcome).toBe('restored');
});

test('names are put in as they are', () => {
  expect(fill('s3://w/{database}/$&/{table}', { namespace: ['a', 'b'], name: "$'t" })).toBe("s3://w/a.b/$&/$'t");
});
