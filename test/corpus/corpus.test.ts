/** What the corpus has to hold, so that making it anew cannot quietly lose a case. */
import { describe, expect, test } from 'vitest';
import type { Value } from './avro.js';
import { type CorpusTable, corpus, corpusTable, filesOf, goodTables, uriOf } from './corpus.js';
import { items, type JsonMembers } from './json.js';
import { type WalkedTable, walkTable } from './walk.js';
import { World } from './world.js';

async function walked(table: CorpusTable): Promise<WalkedTable> {
  const world = await World.with(table);
  return walkTable(uriOf(table, table.metadata), (uri) => world.object(uri));
}

const all: readonly { readonly table: CorpusTable; readonly tree: WalkedTable }[] = await Promise.all(
  goodTables.map(async (table) => ({ table, tree: await walked(table) })),
);
const manifestsOf = (tree: WalkedTable) => tree.snapshots.flatMap(({ manifests }) => manifests);
const entriesOf = (tree: WalkedTable) => manifestsOf(tree).flatMap(({ entries }) => entries);
const data = (entry: ReadonlyMap<string, Value>) => entry.get('data_file') as ReadonlyMap<string, Value>;
const treeOf = (name: string) => all.find(({ table }) => table.name === name)?.tree as WalkedTable;

test('it is small, and every table says what it is for', () => {
  let bytes = 0;
  for (const table of corpus) for (const [, content] of table.base ? [] : filesOf(table)) bytes += content.length;
  expect(bytes).toBeLessThan(3_000_000);
  for (const { note, writer } of corpus) expect(note.length * writer.length).toBeGreaterThan(0);
});

test('writers and format versions', () => {
  const made = new Set(goodTables.map(({ writer, formatVersion }) => `${writer.split(' ')[0]} v${formatVersion}`));
  expect([...made]).toEqual(expect.arrayContaining(['spark v1', 'spark v2', 'spark v3', 'pyiceberg v1', 'pyiceberg v2']));
});

test('every codec of manifests and of lists', () => {
  const codec = (header: readonly (readonly [string, string])[] | undefined) =>
    header?.find(([key]) => key === 'avro.codec')?.[1];
  const manifests = new Set(all.flatMap(({ tree }) => manifestsOf(tree).map(({ header }) => codec(header))));
  const lists = new Set(all.flatMap(({ tree }) => tree.snapshots.flatMap(({ list }) => (list ? [codec(list.header)] : []))));
  const every = ['null', 'deflate', 'snappy', 'zstandard', 'bzip2'];
  expect([...manifests].sort()).toEqual([...every].sort());
  expect([...lists].sort()).toEqual([...every].sort());
});

test('every data format', () => {
  const formats = new Set(
    all.flatMap(({ tree }) => entriesOf(tree).map((entry) => (data(entry).get('file_format') as string).toUpperCase())),
  );
  expect([...formats].sort()).toEqual(['AVRO', 'ORC', 'PARQUET']);
});

describe('entries', () => {
  test('of every status, by both writers', () => {
    for (const writer of ['spark', 'pyiceberg']) {
      const mine = all.filter(({ table }) => table.writer.startsWith(writer));
      const statuses = new Set(mine.flatMap(({ tree }) => entriesOf(tree).map((entry) => entry.get('status'))));
      expect([...statuses].sort(), writer).toEqual([0n, 1n, 2n]);
    }
  });

  test('null and explicit snapshot ids and sequence numbers; ADDED with an older sequence number', () => {
    const found = { inherited: 0, explicit: 0, older: 0 };
    for (const { tree } of all) {
      for (const { entry, entries } of manifestsOf(tree)) {
        for (const each of entries) {
          const sequence = each.get('sequence_number');
          if (sequence === null) found.inherited++;
          else if (sequence !== undefined) found.explicit++;
          const listed = entry.get('sequence_number');
          if (each.get('status') === 1n && typeof sequence === 'bigint' && typeof listed === 'bigint' && sequence < listed)
            found.older++;
        }
      }
    }
    expect(found.inherited).toBeGreaterThan(0);
    expect(found.explicit).toBeGreaterThan(0);
    expect(found.older).toBeGreaterThan(0);
  });

  test('partition values and paths with odd characters', () => {
    const values = new Set(
      entriesOf(treeOf('spark-odd-values')).map((entry) => (data(entry).get('partition') as Map<string, Value>).get('s')),
    );
    for (const value of ['a b', 'ünï', '😀', '%20', 'a+b', 'a=b', '#', '?', 'a/b', '', '$&', '..', null])
      expect(values).toContain(value);
    const paths = all.flatMap(({ table, tree }) => [...tree.live.keys()].map((path) => `${table.location}/${path}`)).join('\n');
    for (const text of [' ', 'ä', '😀', '%2520', '+', '//ata', '$&', ',']) expect(paths).toContain(text);
  });
});

test('row lineage: null first-row-ids beside others in the upgraded table, numbers in the native one', () => {
  const rowIds = (name: string) =>
    new Set(manifestsOf(treeOf(name)).map(({ entry }) => typeof (entry.get('first_row_id') ?? null)));
  expect(rowIds('spark-v3')).toEqual(new Set(['bigint']));
  expect(rowIds('spark-upgraded')).toEqual(new Set(['bigint', 'object']));
});

test('ids that no double holds, and snapshots that no ref names', () => {
  expect(goodTables.some(({ snapshots }) => snapshots.some(({ id }) => BigInt(Number(id)) !== BigInt(id)))).toBe(true);
  const metadata = treeOf('spark-refs').metadata as JsonMembers;
  const refs = metadata.get('refs') as JsonMembers;
  expect(refs.members.map(([name]) => name).sort()).toEqual(['dev', 'main', 'v 1.0/ä']);
  const staged = items(metadata.get('snapshots')).filter((snapshot) => (snapshot.get('summary') as JsonMembers).get('wap.id'));
  expect(staged).toHaveLength(1);
  expect(metadata.get('current-snapshot-id')).not.toBe(items(metadata.get('snapshots')).at(-1)?.get('snapshot-id'));
});

test('metadata logs that name files which are gone', () => {
  const table = corpusTable('spark-expired');
  expect(items((treeOf('spark-expired').metadata as JsonMembers).get('metadata-log')).length).toBeGreaterThan(0);
  expect(table.states).toHaveLength(1);
});

test('several schemas, specs and sort orders', () => {
  const metadata = treeOf('spark-evolved').metadata as JsonMembers;
  expect(items(metadata.get('schemas')).length).toBeGreaterThan(5);
  expect(items(metadata.get('partition-specs'))).toHaveLength(3);
  expect(items(metadata.get('sort-orders'))).toHaveLength(2);
});
