/** What the corpus has to hold, so that making it anew cannot quietly lose a case. */
import { describe, expect, test } from 'vitest';
import type { Value } from './avro.js';
import { type CorpusTable, corpus, corpusTable, filesOf, goodTables } from './corpus.js';
import { items, type JsonMembers } from './json.js';
import type { WalkedTable } from './walk.js';
import { World } from './world.js';

async function walked(table: CorpusTable): Promise<WalkedTable> {
  return (await World.with(table)).walk(table);
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
  expect(bytes).toBeLessThan(3_500_000);
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

test('every format', () => {
  const formats = new Set(
    all.flatMap(({ tree }) => entriesOf(tree).map((entry) => (data(entry).get('file_format') as string).toUpperCase())),
  );
  expect([...formats].sort()).toEqual(['AVRO', 'ORC', 'PARQUET', 'PUFFIN']);
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
    const paths = all.flatMap(({ tree }) => [...tree.live.keys()]).join('\n');
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

describe('deletes', () => {
  const deletes = (tree: WalkedTable) => entriesOf(tree).filter((entry) => (data(entry).get('content') ?? 0n) !== 0n);
  const files = (tree: WalkedTable) => [...tree.live.values()];
  const bounds = (entry: ReadonlyMap<string, Value>, id: bigint) =>
    ['lower_bounds', 'upper_bounds'].map((field) => {
      const pairs = (data(entry).get(field) ?? []) as readonly ReadonlyMap<string, Value>[];
      return pairs.find((pair) => pair.get('key') === id)?.get('value');
    });
  const every = all.flatMap(({ tree }) => deletes(tree));

  test('of every format, and equality deletes', () => {
    const formats = new Set(
      every.map((entry) => `${data(entry).get('content')} ${(data(entry).get('file_format') as string).toLowerCase()}`),
    );
    expect([...formats].sort()).toEqual(['1 avro', '1 orc', '1 parquet', '1 puffin', '2 parquet']);
  });

  test('rows of one data file, of several, of none, of files that the table does not have', () => {
    const named = all.flatMap(({ tree }) =>
      files(tree).flatMap(({ rows }) => (rows ? [{ tree, paths: new Set(rows.map(([path]) => path)) }] : [])),
    );
    const sizes = new Set(named.map(({ paths }) => Math.min(paths.size, 2)));
    expect([...sizes].sort()).toEqual([0, 1, 2]);
    const strays = named.flatMap(({ tree, paths }) => [...paths].filter((path) => !tree.named.includes(path)));
    expect(strays.some((path) => path.startsWith('s3://corpus/corpus/spark-deletes-partition/'))).toBe(true);
    expect(strays.some((path) => path.startsWith('file:'))).toBe(true);
  });

  test('bounds that are equal, unequal, cut, on one side, under the id of _file, absent', () => {
    const kinds = new Set(
      every.flatMap((entry) => {
        if (data(entry).get('content') !== 1n) return [];
        const file = bounds(entry, 2147483646n).some((bound) => bound !== undefined) ? 'file ' : '';
        const [lower, upper] = bounds(entry, file ? 2147483646n : 2147483546n) as (string | undefined)[];
        if (lower === undefined && upper === undefined) return ['none'];
        if (lower === undefined || upper === undefined) return ['one side'];
        return [file + (lower === upper ? 'equal' : lower.length < 50 ? 'cut' : 'unequal')];
      }),
    );
    expect([...kinds].sort()).toEqual(['cut', 'equal', 'file equal', 'none', 'one side', 'unequal']);
  });

  test('fields that most writers leave alone: referenced_data_file on rows, a sort order', () => {
    const rows = every.filter((entry) => (data(entry).get('file_format') as string).toLowerCase() === 'parquet');
    expect(rows.some((entry) => typeof data(entry).get('referenced_data_file') === 'string')).toBe(true);
    expect(rows.some((entry) => typeof data(entry).get('sort_order_id') === 'bigint')).toBe(true);
  });

  test('several files in one manifest; one file in several manifests and snapshots; vectors that share a file', () => {
    const most = (tree: WalkedTable) => Math.max(...manifestsOf(tree).map(({ entries }) => entries.length));
    expect(most(treeOf('spark-deletes-partition'))).toBeGreaterThan(1);
    const shared = treeOf('spark-deletes-shared');
    const [path] = deletes(shared).map((entry) => data(entry).get('file_path'));
    const naming = manifestsOf(shared).filter(({ entries }) =>
      entries.some((entry) => data(entry).get('file_path') === path && entry.get('status') !== 2n),
    );
    expect(new Set(naming.map(({ entry }) => entry.get('manifest_path'))).size).toBeGreaterThan(1);
    expect(naming.length).toBeGreaterThan(2);
    expect(files(treeOf('spark-vectors-many')).some(({ puffin }) => (puffin?.blobs.length ?? 0) > 2)).toBe(true);
  });

  test('deleted entries of files that are gone', () => {
    const tree = treeOf('spark-deletes-expired');
    const gone = deletes(tree).filter((entry) => entry.get('status') === 2n);
    expect(gone.length).toBeGreaterThan(0);
    for (const entry of gone) expect(tree.live.has(data(entry).get('file_path') as string)).toBe(false);
  });

  test('Puffin files with gaps, other blobs, a packed footer; none at all', () => {
    const puffins = (name: string) => files(treeOf(name)).flatMap(({ puffin }) => puffin ?? []);
    expect(puffins('hand-puffin-gaps').flatMap(({ blobs }) => blobs.map(({ type }) => type))).toContain(
      'apache-datasketches-theta-v1',
    );
    expect(puffins('hand-puffin-packed')).toMatchObject([{ packed: true }]);
    const raw = files(treeOf('hand-raw-vector')).filter(({ format }) => format === 'puffin');
    expect(raw).toHaveLength(1);
    expect(raw[0]?.puffin).toBeUndefined();
  });

  test('rows beside vectors in a table of version 3', () => {
    const last = treeOf('spark-deletes-upgraded').snapshots.at(-1);
    const formats = (last?.manifests ?? []).flatMap(({ entries }) => entries.map((entry) => data(entry)));
    const live = formats.flatMap((one) => (one.get('content') === 1n ? [one.get('file_format')] : []));
    expect(live.sort()).toEqual(['PARQUET', 'PUFFIN']);
  });
});

test('version 1 lists without counts', () => {
  const entries = manifestsOf(treeOf('hand-v1-null-counts')).map(({ entry }) => entry);
  expect(entries.length).toBeGreaterThan(0);
  for (const entry of entries) expect(entry.get('added_rows_count') ?? entry.get('deleted_files_count')).toBeNull();
});

test('statistics of both kinds, one of which is gone', () => {
  const count = (name: string) => treeOf(name).statistics.size;
  expect([count('spark-statistics'), count('spark-partition-statistics'), count('spark-statistics-both')]).toEqual([2, 1, 3]);
  expect(count('hand-statistics-gone')).toBe(1);
});

test('files outside the location: in every role, in other buckets, in none of their folders, under a longer name, in another scheme', () => {
  const outside = (name: string) => {
    const { location } = corpusTable(name);
    return treeOf(name).named.filter((path) => !path.startsWith(`${location}/`));
  };
  expect(outside('spark-metadata-path').some((path) => path.endsWith('.avro'))).toBe(true);
  expect(outside('spark-statistics-both').some((path) => path.endsWith('.stats'))).toBe(true);
  expect(outside('spark-object-storage-outside').some((path) => path.endsWith('.puffin'))).toBe(true);
  expect(outside('spark-prefix-twin').every((path) => path.startsWith(`${corpusTable('spark-prefix-twin').location}_2/`))).toBe(
    true,
  );
  expect(outside('spark-s3a-beside-s3').every((path) => path.startsWith('s3a://'))).toBe(true);
  const added = outside('py-add-files-buckets').filter((path) => path.endsWith('/f.parquet'));
  expect(new Set(added.map((path) => path.split('/')[2]))).toEqual(new Set(['corpus', 'corpus-two', 'corpus-three']));
});
