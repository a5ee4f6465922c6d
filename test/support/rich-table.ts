import { expect } from 'vitest';
import { fixture } from '../iceberg/deletes/support.js';
import { FreeTable } from './free-table.js';
import { ORC, type SeenTable, seeTable } from './rows.js';
import type { SpeltWorld } from './spelt-world.js';
import { someBytes } from './table.js';

const A = 's3://b/t/data/a.parquet';
const E = 's3://b/t/data/aé 😀.parquet';
/** A name that has to be tried out in its new place. */
const FAR = 's3://far/files/x//f.parquet';
const METADATA = 's3://meta/of/t';

/** Position deletes in Avro, Parquet's place taken by ORC, vectors, statistics, a data file far away and metadata far away, in two snapshots. */
export async function richTable(world: SpeltWorld): Promise<FreeTable> {
  const table = new FreeTable(world, 's3://b/t', { 'write.metadata.path': METADATA, 'write.data.path': '' });
  const a = await table.put(A, someBytes('a'));
  const e = await table.put(E, someBytes('e'));
  const far = await table.put(FAR, someBytes('far'));
  const gone = { path: 's3://far/files/y/gone.parquet', size: 7, status: 2 as const };
  const data = await table.manifest([a, e, far, gone]);
  const avro = await table.putDeletes('s3://b/t/data/d.avro', [
    [A, 1],
    [A, 7],
    [FAR, 3],
    ['s3://nowhere/else.parquet', 4],
  ]);
  const bounded = { ...avro, bounds: [A, 's3://nowhere/else.parquet'] as const };
  const orc = await table.put('s3://b/t/data/d.orc', fixture(ORC), { content: 1, format: 'ORC', records: 200 });
  const one = await table.putDeletes('s3://far/files/d1.avro', [[E, 5]], { referenced: E, bounds: [E, E] });
  const deletes = await table.manifest([bounded, orc, one]);
  const first = await table.commit([data, deletes]);
  const vectors = await table.putVectors('s3://b/t/data/v.puffin', [A, FAR]);
  const equality = await table.put('s3://b/t/data/eq.parquet', someBytes('eq'), { content: 2 });
  const later = await table.manifest([...vectors, equality, { ...one, status: 0 }, { ...orc, status: 2 }]);
  const second = await table.commit([data, later]);
  const inside = await table.put('s3://b/t/metadata/s1.puffin', someBytes('s1'));
  const outside = await table.put('s3://far/files/stats/s2.puffin', someBytes('s2'));
  table.statistics = [
    { ...inside, snapshot: first },
    { ...outside, snapshot: second },
    { path: 's3://b/t/metadata/lost.puffin', size: 9, snapshot: first },
  ];
  await table.write();
  return table;
}

/** What the source says, without its lost statistics. */
export async function seeSource(world: SpeltWorld, table: FreeTable): Promise<SeenTable> {
  const read = (uri: string) => (uri.endsWith('/lost.puffin') ? Buffer.alloc(9) : world.read(uri));
  return seeTable(table.metadataLocation, read);
}

const SOURCES = /^(s3[an]?:\/\/)?(b|far|meta|nowhere)\//;

export async function expectRestored(world: SpeltWorld, source: SeenTable, metadataLocation: string): Promise<void> {
  const seen = await seeTable(metadataLocation, (uri) => world.read(uri));
  expect(seen.snapshots).toEqual(source.snapshots);
  expect([...seen.paths].filter((path) => SOURCES.test(path))).toEqual([]);
  const there = ['wh', 'elsewhere', 'elsewhere2'].flatMap((bucket) => world.keys(bucket).map((key) => `s3://${bucket}/${key}`));
  expect(there.sort()).toEqual([...seen.objects].sort());
}
