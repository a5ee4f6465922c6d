import { describe, expect, test } from 'vitest';
import { CONTENT_KINDS } from '../../src/iceberg/content-kind.js';
import { readManifest } from '../../src/iceberg/manifest.js';
import { readManifestList } from '../../src/iceberg/manifest-list.js';
import { inflateMetadata, readMetadata } from '../../src/iceberg/metadata.js';
import { Amounts } from '../../src/look/amounts.js';
import { showBackup } from '../../src/look/show.js';
import { type CorpusTable, corpusTable, goodTables, uriOf } from '../corpus/corpus.js';
import { World as CorpusWorld } from '../corpus/world.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

/** What the current snapshot holds, by its own manifests, all of them read. */
async function contentOf(world: CorpusWorld, table: CorpusTable) {
  const name = uriOf(table, table.metadata);
  const { bytes } = inflateMetadata(world.object(name) as Buffer, name);
  const { snapshots, currentSnapshotId } = readMetadata(bytes, name);
  const current = snapshots.find(({ id }) => id === currentSnapshotId);
  const lists = current?.manifestList === undefined ? [] : [current.manifestList];
  const listed = await Promise.all(lists.map((list) => readManifestList(world.object(list) as Buffer, list)));
  const amounts = new Amounts();
  for (const path of [...(current?.manifests ?? []), ...listed.flat().map((entry) => entry.path)]) {
    await readManifest(world.object(path) as Buffer, path, (entry) => {
      if (entry.status !== 2) amounts.addEntry(entry);
    });
  }
  return amounts.get();
}

test.each(goodTables)('$name: what it is and holds', async (table) => {
  const world = await CorpusWorld.with(table);
  await world.backup(table.name, 'b');
  const { tables, backup } = await showBackup(world.place, 'b');
  expect(tables).toMatchObject([{ table: `db.${table.name}` }]);
  const facts = tables[0]?.facts;
  expect(facts?.content).toEqual(await contentOf(world, table));
  expect(facts?.snapshots).toHaveLength(backup.tables[0]?.snapshots ?? 0);
  expect(facts?.schema.columns.length).toBeGreaterThan(0);
  expect(facts?.places[0]).toEqual({ place: table.location.replace(/\/+$/, ''), why: 'location' });
});

test('kinds of deletes', async () => {
  for (const [table, kind] of [
    ['spark-position-deletes', 'position-deletes'],
    ['hand-equality', 'equality-deletes'],
    ['spark-deletion-vectors', 'vectors'],
  ] as const) {
    const world = await CorpusWorld.with(corpusTable(table));
    await world.backup(table, 'b');
    const content = (await showBackup(world.place, 'b')).tables[0]?.facts?.content;
    expect(content?.[kind].files).toBeGreaterThan(0);
    expect(CONTENT_KINDS.filter((one) => (content?.[one].files ?? 0) > 0)).toEqual(['data', kind]);
  }
});

test('places outside the location', async () => {
  const table = corpusTable('spark-data-path-outside');
  const world = await CorpusWorld.with(table);
  await world.backup(table.name, 'b');
  const places = (await showBackup(world.place, 'b')).tables[0]?.facts?.places ?? [];
  expect(places.length).toBeGreaterThan(1);
  for (const { why } of places.slice(1)) expect(['property', 'common folder', 'other spelling']).toContain(why);
});

describe('requests', () => {
  test('no manifest of data is read: record, COMMIT, two LISTs of events, ROOT, metadata, one list', async () => {
    const world = await World.open();
    const table = await world.table();
    for (let i = 0; i < 5; i++) await table.append([someBytes(String(i))]);
    world.publish(table);
    await world.backup();
    const faults = new Faults();
    await showBackup(world.place(faults), 'b');
    expect(faults.log.map(({ op }) => op).sort()).toEqual(['get', 'get', 'get', 'get', 'get', 'list', 'list']);
  });
});

test('secrets of properties are not shown', async () => {
  const world = await World.open();
  const table = await world.table({ properties: { 'custom.api-token': 'hunter22', 'write.x': 'y' } });
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup();
  const { tables } = await showBackup(world.place(), 'b');
  expect(tables[0]?.facts?.properties).toMatchObject({ 'custom.api-token': '***', 'write.x': 'y' });
});

test('a table whose metadata is damaged is named; a request that fails is thrown', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup();
  await failure(showBackup(world.place(new Faults('once-before', 4)), 'b'), 'storage-unavailable');
  const root = (await world.keys('repo')).find((key) => key.endsWith('root.ndjson.gz')) as string;
  await world.remove(world.uri('repo', root));
  const { tables, backup } = await showBackup(world.place(), 'b');
  expect(backup.name).toBe('b');
  expect(tables).toMatchObject([{ table: 'db.t', error: { code: 'corrupt', object: world.uri('repo', root), table: 'db.t' } }]);
});
