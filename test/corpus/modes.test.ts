/** The ways to restore other than the plain one: from the source's own files, with parts elsewhere, with less of the past. */
import { describe, expect, test } from 'vitest';
import { type CorpusTable, corpusTable, goodTables } from './corpus.js';
import { countRows } from './count-rows.js';
import { expectSameTable } from './expect-same.js';
import type { JsonMembers } from './json.js';
import type { WalkedTable } from './walk.js';
import { World } from './world.js';

const TARGET = 's3://elsewhere/t';

const names = [
  'spark-odd-values',
  'spark-deletes-orc',
  'spark-deletes-two-roots',
  'spark-s3a-beside-s3',
  'spark-statistics-both',
  'hand-dangling',
  'hand-equality',
  'hand-puffin-gaps',
  'hand-raw-vector',
  'py-add-files-buckets',
  'py-two-spellings',
];

test.each(names)('a backup by reference of %s is restored from the source', async (name) => {
  const table = corpusTable(name);
  const world = await World.with(table);
  const source = await world.walk(table);
  await world.backup(name, 'light', 'reference');
  expect((await world.verify('light')).problems).toEqual([]);
  expect(world.keys('backups').filter((key) => /\.(parquet|orc|puffin|stats)$/.test(key))).toEqual([]);
  const restored = await world.walkRestored(await world.restore('light', 'restored', TARGET));
  expectSameTable(restored, source);
});

/** A place outside each table's location, which goes to a place of its own. */
const MAPS: Readonly<Record<string, string>> = {
  'py-add-files': 's3://corpus/corpus/py-add-files-foreign',
  'py-add-files-buckets': 's3://corpus-two/py-add-files-buckets/a/x',
  'spark-prefix-twin': 's3://corpus/corpus/spark-prefix-twin/t_2',
  'spark-metadata-path': 's3://corpus-two/meta of/spark-metadata-path',
  'spark-object-storage-outside': 's3://corpus-two/shared é/objects',
  'spark-deletes-two-roots': 's3://corpus-two/spark-deletes-two-roots/data',
  'spark-statistics-both': 's3://corpus/corpus/spark-statistics-both meta',
  'spark-deletes-partition': 's3://corpus/corpus/spark-deletes-partition/data/p=a',
};

test.each(Object.entries(MAPS))('%s with --map %s=…', async (name, from) => {
  const table = corpusTable(name);
  const world = await World.with(table);
  const source = await world.walk(table);
  await world.backup(name, 'b');
  world.clearSources();
  const to = 's3://third-place/$& é/here';
  const maps = [{ source: from, target: to, text: `${from}=${to}` }];
  const result = await world.restore('b', 'restored', TARGET, { maps });
  expectSameTable(await world.walkRestored(result), source, maps);
  expect(world.keys('third-place').length).toBeGreaterThan(0);
});

test.each(goodTables)('a second backup of $name copies and writes nothing, and brings back the same', async (table) => {
  const world = await World.with(table);
  const source = await world.walk(table);
  await world.backup(table.name, 'one');
  const before = world.meter.usage().requests.copy;
  const keys = new Set(world.keys('backups'));
  const {
    plans: [plan],
  } = await world.backup(table.name, 'two');
  expect(world.meter.usage().requests.copy).toBe(before);
  expect(plan?.data.reused).toEqual(plan?.data.total);
  expect(world.keys('backups').filter((key) => !keys.has(key) && key.includes('/meta/'))).toEqual([]);
  expect((await world.verify('two')).problems).toEqual([]);
  world.clearSources();
  expectSameTable(await world.walkRestored(await world.restore('two', 'restored', TARGET)), source);
});

const current = ({ metadata }: WalkedTable) => (metadata as JsonMembers).get('current-snapshot-id');
const withSnapshot = goodTables.filter(({ snapshots }) => snapshots.length > 0);

describe.each(['current', 'last:2'])('--history %s', (history) => {
  test.each(withSnapshot)('of $name: the rows of what is left, and no file more', async (table: CorpusTable) => {
    const world = await World.with(table);
    const source = await world.walk(table);
    await world.backup(table.name, 'b');
    world.clearSources();
    const keep = history === 'current' ? ({ kind: 'current' } as const) : ({ kind: 'last', count: 2 } as const);
    const restored = await world.walkRestored(await world.restore('b', 'restored', TARGET, { history: keep }));
    expect(current(restored)).toBe(current(source));
    expect(restored.snapshots.map(({ id }) => id)).toContain(current(source));
    expect(restored.snapshots.length).toBeLessThanOrEqual(history === 'current' ? 1 : 2);
    for (const snapshot of restored.snapshots) {
      const rows = table.snapshots.find(({ id }) => `#${id}` === snapshot.id)?.rows;
      expect(await countRows(restored, snapshot)).toBe(BigInt(rows as number));
    }
    const named = new Set([...restored.live.keys(), ...restored.statistics.keys(), ...restored.plain.keys()]);
    const scheme = restored.location.slice(0, restored.location.indexOf('://'));
    expect(world.keys('elsewhere').map((key) => `${scheme}://elsewhere/${key}`)).toEqual([...named].sort());
  });
});
