import { expect, test } from 'vitest';
import { ownedPlaces } from '../../src/roots/owned.js';
import { failure, World } from '../support/world.js';

const LOCATION = 's3://b/db/t';

test.each([
  ['elsewhere', 's3://b/data/t', ['s3://b/data/t']],
  ['in another bucket, with slashes', 's3a://far/x//', ['s3a://far/x//']],
  ['inside the location', 's3://b/db/t/data', []],
  ['the location, spelt otherwise', 's3a://b/db/t/', []],
  ['a folder that contains the location, and others', 's3://b/db', []],
  ['a bucket', 's3://far/', []],
  ['nothing', '', []],
  ['the root of a file system', '/', []],
  ['no place', 'relative/x', []],
  ['where bcn cannot read', 'hdfs://nn/x', []],
])('a write path %s', (_, path, own) => {
  expect(ownedPlaces(LOCATION, { 'write.data.path': path, 'write.metadata.path': path })).toEqual([LOCATION, ...own]);
});

test('a repository inside of what a table writes to is refused, and the reverse', async () => {
  for (const path of ['repo/data', '']) {
    const world = await World.open();
    const table = await world.table({ properties: { 'write.data.path': world.uri('repo', path === '' ? 'db' : path) } });
    await table.append(['1']);
    world.publish(table);
    world.repository = { store: world.store('repo'), prefix: path === '' ? 'db/backups/' : 'repo/' };
    expect((await failure(world.backup(), 'usage')).message).toContain('lie inside each other');
    expect(await world.keys('repo')).toEqual([]);
  }
});

test('so is a target inside of it, or around it', async () => {
  const world = await World.open();
  const table = await world.table({ properties: { 'write.data.path': world.uri('src', 'files/of/t') } });
  await table.append(['1']);
  world.publish(table);
  await world.backup();
  for (const path of ['files/of/t/new', 'files/of/t', 'files/of'])
    expect((await failure(world.restore({ targetLocation: world.uri('src', path) }), 'usage')).message).toContain('source table');
  await world.restore({ targetLocation: world.uri('src', 'files/of/t2') });
});
