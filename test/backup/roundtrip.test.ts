import { describe, expect, test } from 'vitest';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { someBytes, type TableOptions } from '../support/table.js';
import { World, type WorldOptions } from '../support/world.js';

const KINDS: readonly NonNullable<WorldOptions['kind']>[] = ['memory', 'apart', 'file'];
const TABLES: Readonly<Record<string, TableOptions>> = {
  v1: { formatVersion: 1 },
  'v1 without uuid, manifests in place': { formatVersion: 1, uuid: null, embedded: true },
  v2: {},
  'v2, uncompressed Avro, gzip metadata': { codec: 'null', gzip: true },
  v3: { formatVersion: 3 },
};

describe.each(KINDS)('in %s stores', (kind) => {
  test.each(Object.entries(TABLES))('%s: what was backed up comes back, from nothing but the repository', async (_, options) => {
    const world = await World.open({ kind });
    const table = await world.table(options);
    await table.append([someBytes('1'), someBytes('2', 70_000)]);
    await table.append([someBytes('3'), '']);
    if (!options.embedded) await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4')]);
    world.publish(table);
    const captured = await capture(world, table);
    const source = await world.dump('src');

    const { outcome, backup } = await world.backup();
    expect(outcome).toBe('created');
    expect(backup?.tables[0]).toMatchObject({ table: 'db.t', files: { total: captured.data.size, new: captured.data.size } });
    expect(await world.dump('src')).toEqual(source);
    for (const uri of source.keys()) await world.remove(uri);
    world.tables.clear();

    const verified = await world.verify();
    expect(verified.problems).toEqual([]);
    const restored = await world.restore();
    expect(restored.outcome).toBe('restored');
    expect(world.tables.get('db.r')).toEqual({ metadataLocation: restored.metadataLocation, location: restored.location });
    await expectTable(world, captured, restored as Restored);
  });
});
