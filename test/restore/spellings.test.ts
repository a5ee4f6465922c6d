import { describe, expect, test } from 'vitest';
import { fixture } from '../iceberg/deletes/support.js';
import { FreeTable } from '../support/free-table.js';
import { ORC, type SeenTable, seeTable } from '../support/rows.js';
import { type Asked, SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';
import { failure } from '../support/world.js';

const S3 = 's3://b/t/data/a.parquet';
const S3A = 's3a://b/t/data/a.parquet';

type Rows = readonly (readonly [string, number])[];

/** One data file, spelt so, and a file of deletes for each of these lots of rows. */
async function prepare(spelt: string, ...lots: readonly Rows[]): Promise<{ world: SpeltWorld; source: SeenTable }> {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  const data = await table.manifest([await table.put(spelt, someBytes('a'))]);
  const files = await Promise.all(lots.map((rows, n) => table.putDeletes(`s3://b/t/data/d${n}.avro`, rows)));
  await table.commit(files.length === 0 ? [data] : [data, await table.manifest(files)]);
  await world.backup();
  return { world, source: await seeTable(table.metadataLocation, (uri) => world.read(uri)) };
}

async function restored(world: SpeltWorld, asked: Asked = {}): Promise<SeenTable> {
  const { metadataLocation } = await world.restore(asked);
  return seeTable(metadataLocation as string, (uri) => world.read(uri));
}

describe('deletes that spell a data file as the table does', () => {
  test.each([
    ['s3 in a table at s3', S3],
    ['s3a in a table at s3', S3A],
  ])('%s: apply', async (_, spelt) => {
    const { world, source } = await prepare(spelt, [[spelt, 1]]);
    expect((await restored(world)).snapshots).toEqual(source.snapshots);
  });
});

describe('deletes that spell it otherwise, and do not apply', () => {
  const lots: readonly (readonly [string, readonly Rows[]])[] = [
    ['alone', [[[S3, 1]]]],
    ['behind one that does', [[[S3A, 1]], [[S3, 2]]]],
    ['before one that does', [[[S3, 2]], [[S3A, 1]]]],
    [
      'in the same file',
      [
        [
          [S3, 2],
          [S3A, 1],
        ],
      ],
    ],
  ];

  test.each(lots)('%s: refused, with a way out', async (_, rows) => {
    const { world } = await prepare(S3A, ...rows);
    const { message, hint } = await failure(world.restore(), 'unsupported');
    expect(message).toContain(`${S3} for ${S3A}`);
    expect(hint).toMatch(/--merge-spellings.* --map s3a:\/\/b\/t=s3a:\/\/wh\/db\/r/);
    expect(world.keys('wh')).toEqual([]);
  });

  test.each(lots)('%s: with --map they stay apart', async (_, rows) => {
    const { world, source } = await prepare(S3A, ...rows);
    expect((await restored(world, { maps: ['s3a://b/t=s3a://wh/db/r'] })).snapshots).toEqual(source.snapshots);
  });

  test.each(lots)('%s: with --merge-spellings they apply, and the plan says so', async (_, rows) => {
    const { world } = await prepare(S3A, ...rows);
    const planned = await world.restore({ mergeSpellings: true, dryRun: true });
    expect(planned.plan?.edits).toContainEqual({ field: 'deletes', from: '1 data files spelt otherwise', to: 'apply to them' });
    const [row] = Object.values((await restored(world, { mergeSpellings: true })).snapshots).flat();
    for (const [, pos] of rows.flat()) expect(row?.split(': ')[1]?.split(' ')).toContain(String(pos));
  });
});

test('deletes of data files in old snapshots count, those of deleted entries do not', async () => {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  const data = await table.put(S3A, someBytes('a'));
  const deletes = await table.manifest([await table.putDeletes('s3://b/t/data/d.avro', [[S3, 1]])]);
  await table.commit([await table.manifest([data]), deletes]);
  await table.commit([await table.manifest([{ ...data, status: 2 }])]);
  await world.backup();
  await failure(world.restore(), 'unsupported');
  await world.restore({ history: { kind: 'current' } });
});

test('a --map of a folder inside the location, spelt otherwise, makes one of two spellings, too', async () => {
  const { world } = await prepare(S3A, [[S3, 1]]);
  const maps = ['s3a://b/t/data=s3://wh/db/r/data'];
  await failure(world.restore({ maps }), 'unsupported');
  await restored(world, { maps, mergeSpellings: true });
});

describe('one delete file that two manifests spell in two ways', () => {
  test.each([
    ['Avro', 's3a://b/t/data/d.avro', 's3://b/t/data/d.avro'],
    ['Avro, the other way', 's3://b/t/data/d.avro', 's3a://b/t/data/d.avro'],
  ])('%s: each has its new length', async (_, first, second) => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.manifest([await table.put(S3, someBytes('a'))]);
    const file = await table.putDeletes(first, [[S3, 1]]);
    const manifests = [await table.manifest([file]), await table.manifest([{ ...file, path: second, status: 0 }])];
    await table.commit([data, manifests[0] as never]);
    await table.commit([data, manifests[1] as never]);
    await world.backup();
    const source = await seeTable(table.metadataLocation, (uri) => world.read(uri));
    expect((await restored(world)).snapshots).toEqual(source.snapshots);
  });

  test('ORC: each has the new name and format', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.manifest([await table.put(S3, someBytes('a'))]);
    const orc = await table.put('s3://b/t/data/d.orc', fixture(ORC), { content: 1, format: 'ORC', records: 200 });
    const other = { ...orc, path: 's3a://b/t/data/d.orc' };
    await table.commit([data, await table.manifest([orc]), await table.manifest([other])]);
    await world.backup();
    const source = await seeTable(table.metadataLocation, (uri) => world.read(uri));
    expect((await restored(world)).snapshots).toEqual(source.snapshots);
  });
});

test('one file of vectors, spelt in two ways', async () => {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  const other = 's3://b/t/data/b.parquet';
  const data = await table.manifest([await table.put(S3, someBytes('a')), await table.put(other, someBytes('b'))]);
  const [one, two] = await table.putVectors('s3://b/t/data/v.puffin', [S3, other]);
  const spelt = { ...two, path: 's3a://b/t/data/v.puffin' };
  await table.commit([data, await table.manifest([one, spelt] as never)]);
  await world.backup();
  const source = await seeTable(table.metadataLocation, (uri) => world.read(uri));
  expect((await restored(world)).snapshots).toEqual(source.snapshots);
});

test('one data file, spelt in two ways, each with its own deletes', async () => {
  const world = new SpeltWorld();
  const table = new FreeTable(world);
  const data = await table.put(S3, someBytes('a'));
  await table.commit([
    await table.manifest([data]),
    await table.manifest([{ ...data, path: S3A }]),
    await table.manifest([await table.putDeletes('s3://b/t/data/d.avro', [[S3A, 1]])]),
  ]);
  await world.backup();
  expect((await world.verify()).problems).toEqual([]);
  const source = await seeTable(table.metadataLocation, (uri) => world.read(uri));
  await failure(world.restore(), 'unsupported');
  expect((await restored(world, { maps: ['s3a://b/t=s3a://wh/db/r'] })).snapshots).toEqual(source.snapshots);
});
