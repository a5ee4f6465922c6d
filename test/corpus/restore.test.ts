/** Backup, verify, restore: every good table of the corpus comes back under another name, in another bucket, at roots of three lengths. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type CorpusTable, goodTables, uriOf } from './corpus.js';
import { countRows } from './count-rows.js';
import { expectSameTable } from './expect-same.js';
import { items, JsonMembers, parseJson, text } from './json.js';
import { placesOf, WRITE_PATH } from './places.js';
import type { WalkedTable } from './walk.js';
import { targetLocations, World } from './world.js';

const rowsOf = (table: CorpusTable) => new Map(table.snapshots.map(({ id, rows }) => [`#${id}`, BigInt(rows)]));

async function counted(walked: WalkedTable): Promise<ReadonlyMap<string, bigint>> {
  const counts = await Promise.all(
    walked.snapshots.map(async (snapshot) => [snapshot.id, await countRows(walked, snapshot)] as const),
  );
  return new Map(counts);
}

describe.each(goodTables)('$name: $note', (table) => {
  test('the corpus itself is whole: the rules of a scan give the rows that the engine counted', async () => {
    expect(await counted(await (await World.with(table)).walk(table))).toEqual(rowsOf(table));
  });

  test.each(Object.entries(targetLocations(table.location)))('at a %s location: %s', async (_length, target) => {
    const world = await World.with(table);
    const source = await world.walk(table);
    const made = await world.backup(table.name, 'b');
    expect(made.outcome).toBe('created');
    const verified = await world.verify('b');
    expect(verified.problems).toEqual([]);
    const objects = new Set([...source.live.keys(), ...source.statistics.keys()].map((uri) => uri.replace(/^s3a:/, 's3:')));
    expect(verified.checked.files).toBe(objects.size);
    expect(verified.checked.withoutChecksum).toBe(0);

    // The source is gone: the backup alone has to do.
    world.clearSources();
    const result = await world.restore('b', 'restored', target);
    expect(result.outcome).toBe('restored');
    expect(result.location).toBe(target);

    const metadata = result.metadataLocation as string;
    expect(world.catalog.tables.get('db.restored')?.metadata).toBe(metadata);
    const restored = await world.walkRestored(result);
    expectSameTable(restored, source);
    expect(await counted(restored)).toEqual(rowsOf(table));
    expect(restored.location).toBe(target);
    const json = restored.metadata as JsonMembers;
    expect(text(json.get('table-uuid'))).toBe(result.tableUuid);
    expect(json.get('metadata-log') ?? []).toEqual([]);
    expect(metadata).toMatch(
      source.gzip ? /\/\d{5}-[0-9a-f-]{36}\.gz\.metadata\.json$/ : /\/\d{5}-[0-9a-f-]{36}\.metadata\.json$/,
    );

    // Nothing lies there that the table does not name, and nothing anywhere else.
    const named = new Set([...restored.live.keys(), ...restored.statistics.keys(), ...restored.plain.keys()]);
    const uris = [...world.service.buckets.keys()].flatMap((bucket) => {
      const name = bucket.slice('memory://'.length);
      return name === 'backups'
        ? []
        : world.keys(name).map((key) => `${target.slice(0, target.indexOf('://'))}://${name}/${key}`);
    });
    expect(uris.sort()).toEqual([...named].sort());
  });
});

/** At the root of a bucket nothing can be restored. */
const returning = goodTables.filter(({ location }) => /^[^/]*:\/\/[^/]+\/./.test(location));

describe.each(returning)('A → B → A: $name', (table) => {
  test('metadata.json is the first but for the declared edits, byte for byte', async () => {
    const a = await World.with(table);
    const source = await a.walk(table);
    const original = textOf(a, uriOf(table, table.metadata));
    await a.backup(table.name, 'first');
    await a.restore('first', 'copy', 's3://elsewhere/b é/copy');
    await a.backup('copy', 'second');

    const c = new World(a.place);
    const result = await c.restore('second', table.name, table.location);
    const back = await c.walkRestored(result);
    // Inherent: what lay outside the location lies inside now, delete files that were written anew have other bytes and lengths, those of ORC other names.
    expectSameTable(back, source);
    expect(await counted(back)).toEqual(rowsOf(table));
    const log = /("metadata-log"\s*:\s*)\[[^\]]*\]/;
    const uuid = /("table-uuid"\s*:\s*)"[^"]*"/;
    const expected = original.replace(log, '$1[]').replace(uuid, (_, key) => `${key}"${result.tableUuid}"`);
    expect(spelt(table, textOf(c, result.metadataLocation as string))).toBe(inherent(table, source)(spelt(table, expected)));
  });
});

/** At B a path has another beginning, so how odd writers spelt that of A cannot be known any more. */
function spelt(table: CorpusTable, text: string): string {
  if (!table.name.startsWith('hand-respelt')) return text;
  return text.replaceAll(String.raw`\u0073\u0033`, 's3').replaceAll(String.raw`\/`, '/').replaceAll(String.raw`\u00e9`, 'é');
}

/** What cannot come back to a metadata file. */
function inherent(table: CorpusTable, source: WalkedTable): (text: string) => string {
  if (table.name === 'hand-statistics-gone')
    return (text) => text.replace(/\{"snapshot-id":\d+,"statistics-path":"[^"]*\/gone\.stats".*?\]\},/, '');
  const { at } = placesOf(source, table.location);
  const outside = source.metadata instanceof JsonMembers ? pathsIn(source.metadata) : [];
  return (text) =>
    outside.reduce((edited, path) => edited.replaceAll(JSON.stringify(path), () => JSON.stringify(at(path))), text);
}

function textOf(world: World, uri: string): string {
  const bytes = world.object(uri) as Buffer;
  const json = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
  parseJson(json.toString('utf8'));
  return json.toString('utf8');
}

/** Paths that a metadata file names. */
function pathsIn(metadata: JsonMembers): readonly string[] {
  const properties = metadata.get('properties');
  return [
    ...items(metadata.get('snapshots')).flatMap((snapshot) => snapshot.get('manifest-list') ?? []),
    ...[...items(metadata.get('statistics')), ...items(metadata.get('partition-statistics'))].flatMap(
      (entry) => entry.get('statistics-path') ?? [],
    ),
    ...(properties instanceof JsonMembers ? properties.members : []).flatMap(([key, value]) =>
      WRITE_PATH.test(key) ? [value] : [],
    ),
  ].map((path) => text(path as string));
}
