/** The oracle is worth something only when it objects: restored tables are altered, each in one way that a restore could get wrong. */
import { describe, expect, test } from 'vitest';
import type { Value } from './avro.js';
import type { Content, Row } from './content.js';
import { type CorpusTable, corpusTable } from './corpus.js';
import { countRows } from './count-rows.js';
import { expectSameTable } from './expect-same.js';
import { JsonMembers } from './json.js';
import { readPuffin } from './puffin.js';
import { type Fields, type WalkedTable, walkTable } from './walk.js';
import { World } from './world.js';

interface Pair {
  readonly table: CorpusTable;
  readonly world: World;
  readonly metadata: string;
  readonly source: WalkedTable;
  readonly restored: WalkedTable;
}

async function restoredPair(name: string): Promise<Pair> {
  const table = corpusTable(name);
  const world = await World.with(table);
  const source = await world.walk(table);
  await world.backup(name, 'b');
  const result = await world.restore('b', 'restored', 's3://elsewhere/t');
  return { table, world, metadata: result.metadataLocation as string, source, restored: await world.walkRestored(result) };
}

type Edit = (data: Map<string, Value>, entry: Map<string, Value>) => void;

/** With the entries of content `content` changed. */
function withEntries(table: WalkedTable, content: bigint, edit: Edit): WalkedTable {
  const change = (entry: Fields): Fields => {
    const data = new Map(entry.get('data_file') as Fields);
    const copy = new Map(entry);
    if ((data.get('content') ?? 0n) === content) edit(data, copy);
    return copy.set('data_file', data);
  };
  const snapshots = table.snapshots.map((snapshot) => ({
    ...snapshot,
    manifests: snapshot.manifests.map((manifest) => ({ ...manifest, entries: manifest.entries.map(change) })),
  }));
  return { ...table, snapshots };
}

/** With the content files of content `content` changed. */
function withFiles(table: WalkedTable, content: bigint, edit: (file: Content) => Content): WalkedTable {
  return {
    ...table,
    live: new Map([...table.live].map(([uri, file]) => [uri, file.content === content ? edit(file) : file])),
  };
}

const rows = (edit: (rows: readonly Row[]) => readonly Row[]) => (table: WalkedTable) =>
  withFiles(table, 1n, (file) => ({ ...file, rows: edit(file.rows as readonly Row[]) }));
const field = (content: bigint, name: string, value: (was: Value) => Value) => (table: WalkedTable) =>
  withEntries(table, content, (data) => data.set(name, value(data.get(name) as Value)));
const bytes = (content: bigint, edit: (bytes: Buffer) => Buffer) => (table: WalkedTable) =>
  withFiles(table, content, (file) => {
    const altered = edit(Buffer.from(file.bytes));
    const puffin = readPuffin(altered);
    return { ...file, bytes: altered, ...(puffin && { puffin }) };
  });
const flip = (at: number) => (all: Buffer) => {
  all[at] = (all[at] as number) ^ 1;
  return all;
};
/** Bounds of paths as the source has them. */
const staleBounds = (table: WalkedTable, source: WalkedTable): WalkedTable => {
  const olds = source.snapshots.flatMap(({ manifests }) => manifests.flatMap(({ entries }) => entries));
  const old = olds.find((entry) => (entry.get('data_file') as Fields).get('content') === 1n)?.get('data_file') as Fields;
  return withEntries(table, 1n, (data) => {
    for (const name of ['lower_bounds', 'upper_bounds']) data.set(name, old.get(name) as Value);
  });
};

type Alteration = readonly [what: string, table: string, alter: (restored: WalkedTable, source: WalkedTable) => WalkedTable];

const ALTERATIONS: readonly Alteration[] = [
  ['a delete row is lost', 'spark-deletes-partition', rows((all) => all.slice(1))],
  ['a delete row is there twice', 'spark-deletes-partition', rows((all) => [...all.slice(0, 1), ...all])],
  ['delete rows are not sorted', 'spark-deletes-two-roots', rows((all) => [...all].reverse())],
  ['a position differs', 'spark-deletes-avro', rows((all) => all.map(([path, pos]) => [path, pos + 1n]))],
  [
    'a row names the source',
    'spark-position-deletes',
    (restored, source) =>
      rows((all) => all.map(([path, pos]) => [path.replace(restored.location, source.location), pos]))(restored),
  ],
  [
    'a row about nothing is mapped',
    'hand-dangling',
    rows((all) => all.map(([path, pos]) => [path.replace('_bcn_dangling', 'x'), pos])),
  ],
  ['bounds are those of the source', 'spark-position-deletes', staleBounds],
  ['bounds under the other id are those of the source', 'hand-like-duckdb', staleBounds],
  ['equal bounds are gone', 'spark-position-deletes', field(1n, 'lower_bounds', () => [])],
  ['all bounds are gone', 'spark-position-deletes', field(1n, 'upper_bounds', () => null)],
  [
    'bounds are invented',
    'hand-zero-rows',
    (table) => {
      const some = [
        new Map<string, Value>([
          ['key', 2147483546n],
          ['value', '0x61'],
        ]),
      ];
      return field(1n, 'lower_bounds', (was) => was ?? some)(table);
    },
  ],
  ['cut bounds stay', 'hand-truncated-bounds', staleBounds],
  [
    'referenced_data_file is that of the source',
    'hand-referenced-file',
    (restored, source) =>
      field(1n, 'referenced_data_file', (was) => (was as string).replace(restored.location, source.location))(restored),
  ],
  ['referenced_data_file is gone', 'hand-referenced-file', field(1n, 'referenced_data_file', () => null)],
  ['a sort order is gone', 'hand-referenced-file', field(1n, 'sort_order_id', () => null)],
  [
    'the length of a delete file is that of the source',
    'spark-position-deletes',
    field(1n, 'file_size_in_bytes', (was) => (was as bigint) + 1n),
  ],
  [
    'column sizes are stale',
    'spark-position-deletes',
    field(1n, 'column_sizes', (was) =>
      (was as readonly Fields[]).map((pair) => new Map([...pair, ['value', 9999n]] as [string, Value][])),
    ),
  ],
  ['an ORC file keeps its format', 'spark-deletes-orc', field(1n, 'file_format', () => 'ORC')],
  ['a vector differs in a bit', 'spark-deletion-vectors', bytes(1n, flip(20))],
  ['a vector is elsewhere', 'spark-vectors-many', field(1n, 'content_offset', (was) => (was as bigint) + 42n)],
  ['gaps are closed', 'hand-puffin-gaps', bytes(1n, (all) => Buffer.concat([all.subarray(0, 11), all.subarray(20)]))],
  [
    'a footer names the source',
    'spark-deletion-vectors',
    (restored, source) =>
      withFiles(restored, 1n, (file) => {
        const json = file.puffin?.json.replace(restored.location, () => source.location) as string;
        return { ...file, puffin: { ...(file.puffin as NonNullable<Content['puffin']>), json } };
      }),
  ],
  [
    'a packed footer stays packed',
    'hand-puffin-packed',
    (table) =>
      withFiles(table, 1n, (file) => ({ ...file, puffin: { ...(file.puffin as NonNullable<Content['puffin']>), packed: true } })),
  ],
  ['a raw vector differs', 'hand-raw-vector', bytes(1n, flip(20))],
  ['equality deletes differ', 'hand-equality', bytes(2n, flip(20))],
  ['equality ids differ', 'hand-equality', field(2n, 'equality_ids', () => [2n])],
  [
    'an explicit sequence number is gone',
    'hand-equality',
    (table) => withEntries(table, 0n, (_, entry) => entry.set('sequence_number', null)),
  ],
  ['a data file differs', 'py-add-files-buckets', bytes(0n, flip(20))],
  ['a data file is missing', 'py-add-files-buckets', (table) => ({ ...table, live: new Map([...table.live].slice(1)) })],
  [
    'a file more',
    'py-add-files',
    (table) => {
      const [first] = table.live.values();
      return { ...table, live: new Map([...table.live, ['s3://elsewhere/t/more', first as Content]]) };
    },
  ],
  [
    'files of two roots change places',
    'py-add-files-buckets',
    (table) => {
      const [a, b] = [...table.live.keys()].filter((path) => path.includes('/_bcn_roots/'));
      const swap = (path: string) => (path === a ? b : path === b ? a : path) as string;
      return withEntries({ ...table, live: new Map([...table.live].map(([path, file]) => [swap(path), file])) }, 0n, (data) =>
        data.set('file_path', swap(data.get('file_path') as string)),
      );
    },
  ],
  ['statistics are lost', 'spark-statistics', (table) => ({ ...table, statistics: new Map([...table.statistics].slice(1)) })],
  [
    'statistics differ',
    'spark-statistics-both',
    (table) => ({
      ...table,
      statistics: new Map([...table.statistics].map(([path, file]) => [path, flip(9)(Buffer.from(file))])),
    }),
  ],
  ['an entry of statistics is lost', 'spark-statistics', withoutMember('statistics')],
  ['a property of a path is lost', 'spark-object-path', withoutMember('properties')],
  [
    'a null row count becomes 0',
    'hand-v1-null-counts',
    (table) => ({
      ...table,
      snapshots: table.snapshots.map((snapshot) => ({
        ...snapshot,
        manifests: snapshot.manifests.map((manifest) => ({
          ...manifest,
          entry: new Map([...manifest.entry, ['added_rows_count', 0n]] as [string, Value][]),
        })),
      })),
    }),
  ],
  [
    'a list names the source somewhere',
    'spark-v2',
    (table, source) => ({
      ...table,
      plain: new Map([...table.plain, ['more', Buffer.from(`${source.location}/x`)]]),
    }),
  ],
];

function withoutMember(name: string) {
  return (table: WalkedTable): WalkedTable => ({
    ...table,
    metadata: new JsonMembers((table.metadata as JsonMembers).members.filter(([key]) => key !== name)),
  });
}

test.each(ALTERATIONS)('%s (%s)', async (_what, name, alter) => {
  const { restored, source } = await restoredPair(name);
  expectSameTable(restored, source);
  const altered = alter(restored, source);
  expect(altered).not.toEqual(restored);
  expect(() => expectSameTable(altered, source)).toThrow(/./);
});

describe('rows are counted by what decides about them', () => {
  const last = async (table: WalkedTable) => countRows(table, table.snapshots.at(-1) as WalkedTable['snapshots'][number]);
  const cases: readonly (readonly [what: string, table: string, alter: Alteration[2], right: bigint, wrong: bigint])[] = [
    [
      'a lost explicit sequence number',
      'hand-equality',
      (table) => withEntries(table, 0n, (_, entry) => entry.set('sequence_number', null)),
      5n,
      6n,
    ],
    ['a stale referenced_data_file', 'hand-referenced-file', field(1n, 'referenced_data_file', () => 's3://gone'), 5n, 6n],
    ['stale bounds', 'spark-position-deletes', staleBounds, 5n, 6n],
    ['rows that name other files', 'spark-deletes-partition', rows((all) => all.map(([path, pos]) => [`${path}x`, pos])), 4n, 8n],
  ];
  test.each(cases)('%s', async (_what, name, alter, right, wrong) => {
    const { restored, source } = await restoredPair(name);
    expect(await last(restored)).toBe(right);
    expect(await last(alter(restored, source))).toBe(wrong);
  });
});

test('lengths are compared with the objects, and objects have to be there', async () => {
  const { world, metadata, restored } = await restoredPair('spark-statistics');
  const files = [...restored.live.keys(), ...restored.statistics.keys()];
  const manifests = restored.snapshots.flatMap(({ manifests }) => manifests.map(({ entry }) => entry.get('manifest_path')));
  for (const uri of [...files, ...(manifests as string[])]) {
    const read = (at: string) => {
      const found = world.object(at);
      return at === uri && found ? Buffer.concat([found, Buffer.from('x')]) : found;
    };
    await expect(walkTable(metadata, read), uri).rejects.toThrow(uri);
    if (!restored.statistics.has(uri))
      await expect(
        walkTable(metadata, (at) => (at === uri ? undefined : world.object(at))),
        uri,
      ).rejects.toThrow('missing');
  }
});
