import { describe, expect, test } from 'vitest';
import { fixture } from '../iceberg/deletes/support.js';
import { type FreeFile, FreeTable } from '../support/free-table.js';
import { ORC, seeTable } from '../support/rows.js';
import { type Asked, SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';
import { failure } from '../support/world.js';

const A = 's3://b/t/data/a.parquet';

/** A table of these data files, and of what `more` makes, backed up. */
async function prepare(files: readonly string[], more?: (table: FreeTable) => Promise<readonly FreeFile[]>): Promise<SpeltWorld> {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  const named: FreeFile[] = [];
  for (const path of files) named.push(await table.put(path, someBytes(path)));
  const others = more ? [await table.manifest(await more(table))] : [];
  await table.commit([await table.manifest(named), ...others]);
  await world.backup();
  return world;
}

async function refused(world: SpeltWorld, asked: Asked, code: 'usage' | 'unsupported'): Promise<string> {
  const { message } = await failure(world.restore({ ...asked, dryRun: true }), code);
  await failure(world.restore(asked), code);
  expect([...world.keys('wh'), ...world.keys('elsewhere')]).toEqual([]);
  return message;
}

test('two files that meet below the target are named', async () => {
  const world = await prepare([A, 's3://far/x/a.parquet']);
  const message = await refused(world, { maps: ['s3://far/x=s3://wh/db/r/data'] }, 'unsupported');
  expect(message).toContain(`${A} and s3://far/x/a.parquet`);
});

test('… also where one of them is deleted', async () => {
  const gone = { path: 's3://far/x/a.parquet', size: 3, status: 2 as const };
  const world = await prepare([A], async () => [gone]);
  await refused(world, { maps: ['s3://far/x=s3://wh/db/r/data'] }, 'unsupported');
});

test('files that pass each other do not meet', async () => {
  const world = await prepare([A, 's3://far/x/b.parquet']);
  expect(await world.restore({ maps: ['s3://far/x=s3://wh/db/r/data'] })).toMatchObject({ outcome: 'restored' });
});

describe('a file that has the name which a file of deletes in ORC gets', () => {
  test.each([
    ['data', {}],
    ['other deletes', { content: 2 as const }],
  ])('%s: refused, and neither is lost', async (_, named) => {
    const world = await prepare([A], async (table) => [
      await table.put('s3://b/t/data/d.orc', fixture(ORC), { content: 1, format: 'ORC', records: 200 }),
      await table.put('s3://b/t/data/d.orc.parquet', someBytes('twin'), named),
    ]);
    expect(await refused(world, {}, 'unsupported')).toContain('s3://b/t/data/d.orc.parquet');
    const maps = ['s3://b/t/data/d.orc.parquet=s3://elsewhere/x'];
    expect(await refused(world, { maps }, 'usage')).toContain('elsewhere/x');
  });
});

test.each([
  ['outside', ['s3://far/x/f.parquet=s3://elsewhere/f.parquet']],
  ['inside', [`${A}=s3://elsewhere/f.parquet`]],
])('a --map of a file %s is refused by name', async (_, maps) => {
  const world = await prepare([A, 's3://far/x/f.parquet']);
  expect(await refused(world, { maps }, 'usage')).toContain('elsewhere/f.parquet');
});

test('one object, spelt in two ways, meets itself', async () => {
  const world = await prepare([A]);
  const table = new FreeTable(world, 's3://b/u');
  const data = await table.put('s3://b/u/data/a.parquet', someBytes('a'));
  const far = await table.put('s3://far/x/f.parquet', someBytes('f'));
  const spelt = [{ ...data, path: 's3a://b/u/data/a.parquet' }, far, { ...far, path: 's3n://far/x/f.parquet' }];
  await table.commit([await table.manifest([data]), await table.manifest(spelt)]);
  await world.backup({ name: 'u' });
  const source = await seeTable(table.metadataLocation, (uri) => world.read(uri));
  const maps = ['s3://far/x=s3://elsewhere/x', 's3n://far/x=s3://elsewhere/x'];
  const { metadataLocation } = await world.restore({ backupName: 'u', maps });
  const seen = await seeTable(metadataLocation as string, (uri) => world.read(uri));
  expect(Object.values(seen.snapshots).flat()).toEqual(Object.values(source.snapshots).flat());
  expect(world.keys('elsewhere')).toEqual(['x/f.parquet']);
});
