import { describe, expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { FreeTable } from '../support/free-table.js';
import { expectRestored, richTable, seeSource } from '../support/rich-table.js';
import { SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';

/** The rich table is backed up as `base`, moves, and gets one more data file and one more delete file in its new place. */
async function move(to: string, mode: 'copy' | 'reference') {
  const world = new SpeltWorld();
  const table = await richTable(world);
  await world.backup({ name: 'base', mode });
  const before = table.location;
  table.location = to;
  const folder = `${to.replace(/\/$/, '')}/data`;
  const path = `${folder}/new.parquet`;
  const file = await table.put(path, someBytes('new'));
  const deletes = await table.putDeletes(`${folder}/dnew.avro`, [[path, 3]]);
  await table.commit([await table.manifest([file, deletes])]);
  return { world, table, before };
}

const PLACES = ['s3://b/new', 's3://b/t/deeper', 's3://far/place', 's3a://b/t', 's3a://b/new', 's3://b/t/'];

describe.each(PLACES)('after SET LOCATION from s3://b/t to %s', (to) => {
  test('only new content is copied, of deletes only the new one is looked into, and the table comes back', async () => {
    const { world, table } = await move(to, 'copy');
    const source = await seeSource(world, table);
    const faults = new Faults();
    const { backup } = await world.backup({}, faults);
    const base = (await world.commitOf('base')).tables[0];
    const files = base?.files.total as number;
    expect(backup?.tables[0]?.files).toEqual({ total: files + 2, new: 2 });
    expect(faults.done('copy').map((uri) => uri.replace(/^.*\//, ''))).toEqual(['dnew.avro', 'new.parquet']);
    const looked = faults
      .done('get', 'read')
      .filter((uri) => /\/(data|files|stats)\//.test(uri) && !uri.startsWith('memory://repo'));
    expect([...new Set(looked.map((uri) => uri.replace(/^.*\//, '')))]).toEqual(['dnew.avro']);
    expect((await world.verify()).problems).toEqual([]);
    const { metadataLocation } = await world.restore();
    await expectRestored(world, source, metadataLocation as string);
  });

  test('a reference backup copies nothing and comes back', async () => {
    const { world, table } = await move(to, 'reference');
    const source = await seeSource(world, table);
    const faults = new Faults();
    await world.backup({ mode: 'reference' }, faults);
    expect(faults.done('copy', 'upload')).toEqual([]);
    const { metadataLocation } = await world.restore();
    await expectRestored(world, source, metadataLocation as string);
  });

  test('and back again: what the backup in between copied is reused, too', async () => {
    const { world, table, before } = await move(to, 'copy');
    await world.backup();
    table.location = before;
    await table.write();
    const source = await seeSource(world, table);
    const faults = new Faults();
    const { backup } = await world.backup({ name: 'back' }, faults);
    expect(faults.done('copy')).toEqual([]);
    expect(backup?.tables[0]?.files.new).toBe(0);
    const { metadataLocation } = await world.restore({ backupName: 'back' });
    await expectRestored(world, source, metadataLocation as string);
  });
});

test('a table that moves without any other change is no unchanged one', async () => {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  await table.commit([await table.manifest([await table.put('s3://b/t/data/a.parquet', someBytes('a'))])]);
  await world.backup({ name: 'base' });
  table.location = 's3://b/u';
  await table.write();
  const faults = new Faults();
  await world.backup({}, faults);
  expect(faults.done('copy')).toEqual([]);
  expect((await world.commitOf('b')).tables[0]).toMatchObject({ location: 's3://b/u', requires: ['outside'] });
});
