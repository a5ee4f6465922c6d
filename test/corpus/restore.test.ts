/** Backup, verify, restore: every good table of the corpus comes back under another name, in another bucket, at roots of three lengths. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type CorpusTable, corpusTable, goodTables, uriOf } from './corpus.js';
import { expectSameTable } from './expect-same.js';
import { type JsonMembers, parseJson, text } from './json.js';
import { walkTable } from './walk.js';
import { targetLocations, World } from './world.js';

const liveRows = (table: CorpusTable) => table.snapshots.map(({ id, rows }) => [`#${id}`, BigInt(rows)]);

describe.each(goodTables)('$name: $note', (table) => {
  const sourceUri = uriOf(table, table.metadata);

  test('the corpus itself is whole: the metadata counts the rows that the engine counted', async () => {
    const world = await World.with(table);
    const walked = await walkTable(sourceUri, (uri) => world.object(uri));
    const counted = walked.snapshots.map(({ id, manifests }) => {
      const live = manifests.flatMap(({ entries }) => entries.filter((entry) => entry.get('status') !== 2n));
      return [
        id,
        live.reduce((sum, entry) => sum + ((entry.get('data_file') as Map<string, bigint>).get('record_count') ?? 0n), 0n),
      ];
    });
    expect(new Map(counted as [string, bigint][])).toEqual(new Map(liveRows(table) as [string, bigint][]));
  });

  test.each(Object.entries(targetLocations(table.location)))('at a %s location: %s', async (_length, target) => {
    const world = await World.with(table);
    const before = world.keys('corpus');
    const source = await walkTable(sourceUri, (uri) => world.object(uri));
    const made = await world.backup(table.name, 'b');
    expect(made.outcome).toBe('created');
    const verified = await world.verify('b');
    expect(verified.problems).toEqual([]);
    expect(verified.checked.files).toBe(source.live.size);
    expect(verified.checked.withoutChecksum).toBe(0);

    // The source is gone: the backup alone has to do.
    world.service.buckets.get('memory://corpus')?.clear();
    const result = await world.restore('b', 'restored', target);
    expect(result.outcome).toBe('restored');
    expect(result.location).toBe(target);
    expect(world.keys('corpus')).toEqual([]);
    expect(before.length).toBeGreaterThan(0);

    const metadata = result.metadataLocation as string;
    expect(world.catalog.tables.get('db.restored')?.metadata).toBe(metadata);
    const restored = await walkTable(metadata, (uri) => world.object(uri));
    expectSameTable(restored, source);
    expect(restored.location).toBe(target);
    const json = restored.metadata as JsonMembers;
    expect(text(json.get('table-uuid'))).toBe(result.tableUuid);
    expect(json.get('metadata-log') ?? []).toEqual([]);
    expect(metadata).toMatch(
      source.gzip ? /\/\d{5}-[0-9a-f-]{36}\.gz\.metadata\.json$/ : /\/\d{5}-[0-9a-f-]{36}\.metadata\.json$/,
    );

    // Nothing lies there that the table does not name.
    const lists = restored.snapshots.flatMap(({ list }) => (list ? [list.path] : []));
    const manifests = restored.snapshots.flatMap(({ manifests }) =>
      manifests.map(({ entry }) => entry.get('manifest_path') as string),
    );
    const named = new Set([...restored.live.keys(), ...lists, ...manifests, metadata.slice(target.length + 1)]);
    const bucket = target.split('/')[2] as string;
    const prefix = target.split('/').slice(3).join('/');
    expect(world.keys(bucket)).toEqual([...named].map((key) => `${prefix}/${key}`).sort());
  });
});

describe.each(goodTables)('A → B → A: $name', (table) => {
  test('metadata.json is the first but for the declared edits, byte for byte', async () => {
    const a = await World.with(table);
    const source = await walkTable(uriOf(table, table.metadata), (uri) => a.object(uri));
    const original = textOf(a, uriOf(table, table.metadata));
    await a.backup(table.name, 'first');
    await a.restore('first', 'copy', 's3://elsewhere/b é/copy');
    await a.backup('copy', 'second');

    const c = new World(a.place);
    const result = await c.restore('second', table.name, table.location);
    const back = await walkTable(result.metadataLocation as string, (uri) => c.object(uri));
    expectSameTable(back, source);
    const log = /("metadata-log"\s*:\s*)\[[^\]]*\]/;
    const uuid = /("table-uuid"\s*:\s*)"[^"]*"/;
    const expected = original.replace(log, '$1[]').replace(uuid, (_, key) => `${key}"${result.tableUuid}"`);
    // At B a path has other characters, so how odd writers spelt those of A cannot be known any more.
    const spelt =
      table.name === 'hand-respelt'
        ? (text: string) => text.replaceAll(String.raw`\u0073\u0033`, 's3').replaceAll(String.raw`\/`, '/')
        : (text: string) => text;
    expect(textOf(c, result.metadataLocation as string)).toBe(spelt(expected));
  });
});

test('a backup by reference is restored from the source', async () => {
  const table = corpusTable('spark-odd-values');
  const world = await World.with(table);
  const source = await walkTable(uriOf(table, table.metadata), (uri) => world.object(uri));
  await world.backup(table.name, 'light', 'reference');
  expect((await world.verify('light')).problems).toEqual([]);
  expect(world.keys('backups').filter((key) => key.endsWith('.parquet'))).toEqual([]);
  const { metadataLocation } = await world.restore('light', 'restored', 's3://elsewhere/t');
  expectSameTable(await walkTable(metadataLocation as string, (uri) => world.object(uri)), source);
});

function textOf(world: World, uri: string): string {
  const bytes = world.object(uri) as Buffer;
  const json = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
  parseJson(json.toString('utf8'));
  return json.toString('utf8');
}
