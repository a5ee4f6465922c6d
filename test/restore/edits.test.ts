import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createPathCatalog } from '../../src/catalog/path/path-catalog.js';
import { restore } from '../../src/restore/restore.js';
import { Stores } from '../../src/storage/resolver.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { someBytes, type TableOptions, type TableWriter } from '../support/table.js';
import { World } from '../support/world.js';

async function prepare(options: TableOptions = {}, path = 'db/t'): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table(options, path);
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup();
  return { world, table };
}

async function metadataOf(world: World, uri: string | undefined): Promise<Record<string, unknown>> {
  const bytes = await world.get(uri as string);
  return JSON.parse((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString());
}

describe('table-uuid', () => {
  test('is new, and told in the plan', async () => {
    const { world, table } = await prepare();
    const restored = await world.restore();
    const metadata = await metadataOf(world, restored.metadataLocation);
    expect(metadata['table-uuid']).toBe(restored.tableUuid);
    expect(restored.tableUuid).not.toBe(table.uuid);
    expect(restored.plan?.edits).toContainEqual(
      expect.objectContaining({ field: 'table-uuid', from: table.uuid, to: restored.tableUuid }),
    );
  });

  test('is kept with --keep-uuid, and is no edit', async () => {
    const { world, table } = await prepare();
    const restored = await world.restore({ keepUuid: true });
    expect(restored.tableUuid).toBe(table.uuid);
    expect(restored.plan?.edits.map(({ field }) => field)).toEqual(['metadata-log']);
    await expectTable(world, await capture(world, table), restored as Restored);
  });

  test('is made where a v1 table has none', async () => {
    const { world } = await prepare({ formatVersion: 1, uuid: null });
    const restored = await world.restore({ keepUuid: true });
    expect((await metadataOf(world, restored.metadataLocation))['table-uuid']).toBe(restored.tableUuid);
  });
});

test('the metadata file: the next version, in metadata/, gzip where the source was', async () => {
  for (const gzip of [false, true]) {
    const { world, table } = await prepare({ gzip });
    expect(table.metadataLocation).toMatch(/\/00001-/);
    const { metadataLocation } = await world.restore();
    const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    expect(metadataLocation).toMatch(
      new RegExp(`^memory://wh/db/r/metadata/00002-${uuid}${gzip ? '\\.gz' : ''}\\.metadata\\.json$`),
    );
    expect((await world.get(metadataLocation as string))[0] === 0x1f).toBe(gzip);
    expect((await metadataOf(world, metadataLocation))['metadata-log']).toEqual([]);
  }
});

test('write.metadata.path and write.data.path inside the location are mapped and used', async () => {
  const properties = { 'write.metadata.path': 'memory://src/db/t/meta data', 'write.data.path': 'memory://src/db/t/d' };
  const { world, table } = await prepare({ properties });
  const restored = await world.restore();
  expect(restored.metadataLocation).toMatch(/^memory:\/\/wh\/db\/r\/meta data\/00002-/);
  expect((await metadataOf(world, restored.metadataLocation)).properties).toMatchObject({
    'write.metadata.path': 'memory://wh/db/r/meta data',
    'write.data.path': 'memory://wh/db/r/d',
  });
  await expectTable(world, await capture(world, table), restored as Restored);
  expect((await world.commit())?.tables[0]?.write_paths).toEqual(properties);
});

test('a location with a trailing slash, odd names and long histories come back byte for byte', async () => {
  const world = await World.open();
  const table = await world.table({}, 'db/t/');
  await table.append({ 'a b%20?#+=/part ü=😎/x.parquet': 'x', [`${'p'.repeat(300)}/y`]: 'y', 'double//slash': 'z' });
  for (let i = 0; i < 5; i++) await table.append([`${i}`]);
  world.publish(table);
  const captured = await capture(world, table);
  await world.backup();
  expect((await world.verify()).problems).toEqual([]);
  // Keys that cannot be kept are hashed: a segment of 300 bytes, an empty one.
  expect((await world.keys('repo')).filter((key) => key.includes('/data/h/'))).toHaveLength(2);
  await expectTable(world, captured, (await world.restore()) as Restored);
});

test('a table without snapshots', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.writeMetadata();
  world.publish(table);
  await world.backup();
  expect(await world.verify()).toMatchObject({ problems: [], checked: { files: 0 } });
  await expectTable(world, await capture(world, table), (await world.restore()) as Restored);
});

test('branches, tags and snapshots that no ref names', async () => {
  const world = await World.open();
  const table = await world.table();
  const first = await table.append(['1']);
  const second = await table.append(['2']);
  table.refs = { main: { 'snapshot-id': first.id, type: 'branch' }, 'old/tag': { 'snapshot-id': first.id, type: 'tag' } };
  await table.append(['3']);
  world.publish(table);
  const { backup } = await world.backup();
  expect(backup?.tables[0]?.refs).toHaveLength(2);
  expect(backup?.tables[0]?.refs).toContainEqual({ name: 'old/tag', type: 'tag', snapshotId: first.id.toString() });
  const restored = await world.restore();
  const { snapshots } = (await metadataOf(world, restored.metadataLocation)) as { snapshots: unknown[] };
  expect(snapshots).toHaveLength(3);
  expect((await world.get(restored.metadataLocation as string)).toString()).toContain(`"snapshot-id": ${second.id},`);
  await expectTable(world, await capture(world, table), restored as Restored);
});

test('into a path catalog: its own place, v<N+1>.metadata.json, loadable at once', async () => {
  const { world, table } = await prepare();
  const captured = await capture(world, table);
  const store = world.store('wh');
  const stores = new Stores({ memory: (bucket) => (bucket === 'wh' ? store : world.store(bucket as 'src')) });
  const catalog = createPathCatalog({ warehouse: 'memory://wh/warehouse', stores });
  const report = { progress: () => {}, warn: () => {}, info: () => {} };
  const deps = { catalog, repository: world.place(), target: stores, source: stores, report };
  const target = { namespace: ['ns'], name: 'r' };
  const options = {
    backupName: 'b',
    target,
    warehouseBucket: 'wh',
    keepUuid: false,
    jobs: 2,
    dryRun: false,
    tmpDir: world.tmpDir,
  };
  const restored = await restore(deps, options);
  expect(restored).toMatchObject({
    location: 'memory://wh/warehouse/ns/r',
    metadataLocation: 'memory://wh/warehouse/ns/r/metadata/v2.metadata.json',
  });
  expect((await catalog.load(target)).metadataLocation).toBe(restored.metadataLocation);
  await expectTable(world, captured, restored as Restored, ['memory://wh/warehouse/ns/r/metadata/version-hint.text']);
});
