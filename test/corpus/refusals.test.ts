/** Tables that nobody can bring back faithfully: exit 22 with the reason, and nothing written anywhere. */
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { corpusTable, refusedTables } from './corpus.js';
import { countRows } from './count-rows.js';
import { expectSameTable } from './expect-same.js';
import type { WalkedTable } from './walk.js';
import { World } from './world.js';

/** What the message or the error's object has to name besides the reason: the path, or for a fact of metadata.json the field. */
const NAMES: Readonly<Record<string, RegExp>> = {
  'refused-codec-xz': /s3:\/\/corpus\/corpus\/spark-v2\/metadata\/.*\.avro/,
  'refused-encrypted-deletes': /s3:\/\/corpus\/corpus\/spark-position-deletes\/data\/.*-deletes\.parquet/,
  'refused-hdfs': /hdfs:\/\/namenode:8020\/corpus\//,
  'refused-relative-path': /data\/.*\.parquet/,
  'refused-snapshot-key': /snapshot \d+/,
};

const atBackup = refusedTables.filter(({ expect }) => expect.ok === undefined && expect.at === undefined);

describe.each(atBackup)('$name: $note', (table) => {
  if (table.expect.ok) throw new Error('not refused');
  const { exit, reason } = table.expect;

  test.each(['copy', 'reference'] as const)('--data %s', async (mode) => {
    const world = await World.with(table);
    const before = sources(world);
    const error = await world.backup(table.name, 'b', mode).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BcnError);
    const { message, exit: found, table: named, hint, object } = error as BcnError;
    expect(found).toBe(exit);
    expect(message).toContain(reason);
    expect(`${message} ${object}`).toMatch(NAMES[table.name] ?? /./);
    expect(named).toBe(`db.${table.name}`);
    expect(hint).toBeTruthy();

    expect(world.keys('backups')).toEqual([]);
    expect(sources(world)).toEqual(before);
    const { put, copy, delete: deleted } = world.meter.usage().requests;
    expect({ put, copy, deleted }).toEqual({ put: 0, copy: 0, deleted: 0 });
  });

  test('beside a repository that holds backups, too', async () => {
    const world = await World.with(table);
    await world.place.store.create(`${world.place.prefix}bcn.json`, RECORD);
    const before = world.keys('backups');
    await expect(world.backup(table.name, 'b')).rejects.toMatchObject({ exit });
    expect(world.keys('backups')).toEqual(before);
  });
});

describe.each(refusedTables.filter(({ expect }) => expect.ok === undefined && expect.at === 'restore'))(
  '$name: $note',
  (table) => {
    if (table.expect.ok) throw new Error('not refused');
    const { exit, reason } = table.expect;

    test('the backup is whole, a restore is refused before it writes', async () => {
      const world = await World.with(table);
      await world.backup(table.name, 'b');
      expect((await world.verify('b')).problems).toEqual([]);
      world.clearSources();
      const before = world.keys('backups');
      const error = await world.restore('b', 'restored', 's3://elsewhere/t').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BcnError);
      expect(error).toMatchObject({ exit, hint: expect.stringMatching(/--map |rewrite_position_delete_files/) });
      for (const text of [reason, ...(table.outside ?? []), table.location]) expect((error as BcnError).message).toContain(text);
      expect(sources(world)).toEqual([]);
      expect(world.keys('backups')).toEqual(before);
      expect(world.catalog.tables.has('db.restored')).toBe(false);
    });
  },
);

test('delete rows in another spelling: --merge-spellings lets them apply, a map of its own keeps them from it', async () => {
  const table = corpusTable('refused-delete-spelling');
  const world = await World.with(table);
  const source = await world.walk(table);
  const last = (walked: WalkedTable) => countRows(walked, walked.snapshots.at(-1) as WalkedTable['snapshots'][number]);
  expect(await last(source)).toBe(6n);
  await world.backup(table.name, 'b');
  const merged = await world.walkRestored(await world.restore('b', 'merged', 's3://elsewhere/t', { mergeSpellings: true }));
  expectSameTable(merged, source);
  expect(await last(merged)).toBe(5n);
  const text = `${table.location.replace('s3:', 's3a:')}=s3a://elsewhere/t2`;
  const [from, to] = text.split('=') as [string, string];
  const apart = await world.restore('b', 'apart', 's3://elsewhere/t2', { maps: [{ source: from, target: to, text }] });
  expect(await last(await world.walkRestored(apart))).toBe(6n);
});

/** Everything that lies outside the repository. */
function sources(world: World): readonly string[] {
  return [...world.service.buckets.keys()].flatMap((bucket) => {
    const name = bucket.slice('memory://'.length);
    return name === 'backups' ? [] : world.keys(name).map((key) => `${name}/${key}`);
  });
}

const RECORD = Buffer.from(
  JSON.stringify({ format: 1, id: '0'.repeat(32), features: [], grace_ms: 86_400_000, created: '2026-01-01T00:00:00.000Z' }),
);
