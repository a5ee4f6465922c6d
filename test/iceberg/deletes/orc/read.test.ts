import { describe, expect, test } from 'vitest';
import { openOrc, orcRows } from '../../../../src/iceberg/deletes/orc/read.js';
import { BATCH_ROWS, Int64s } from '../../../../src/iceberg/deletes/rows.js';
import { Source } from '../../../../src/iceberg/deletes/source.js';
import { deleteFile, expectedRows, fixture, metadataOf, readRows, rewrite } from '../support.js';
import { repeatStripe } from './support.js';

const open = (name: string) => new Source(deleteFile(fixture(name)), undefined);

test('what the tail says', async () => {
  const { tail, path, pos, others } = await openOrc(open('spark-zlib.orc'));
  expect(tail).toMatchObject({ rows: 43, stripes: [{ rows: 43 }] });
  expect([path.name, pos.name, others]).toEqual(['file_path', 'pos', []]);
  expect(tail.metadata.map(({ key, value }) => [key.toString(), value.toString()])).toContainEqual(['delete-type', 'position']);
});

test('positions from any row on, over stripes', async () => {
  const name = 'spark-none.orc';
  const source = new Source(deleteFile(repeatStripe(fixture(name), 3)), undefined);
  const rows = [1, 2, 3].flatMap(() => expectedRows(name));
  const deletes = await openOrc(source);
  expect(deletes.tail.stripes).toHaveLength(3);
  for (const start of [0, 1, 42, 43, 44, 86, 90, rows.length - 5]) {
    const cursor = orcRows(source, deletes, (path) => path).positions();
    await cursor.skip(start);
    const out = new Int64s(5);
    await cursor.read(out, 0, 5);
    expect([...out.values]).toEqual(rows.slice(start, start + 5).map(([, pos]) => pos));
  }
  const cursor = orcRows(source, deletes, (path) => path).positions();
  await cursor.skip(rows.length);
  await expect(cursor.read(new Int64s(1), 0, 1)).rejects.toMatchObject({ code: 'corrupt' });
});

test('rows of all stripes', async () => {
  expect((await openOrc(open('arrow-0.12-uncompressed.orc'))).tail.stripes.length).toBeGreaterThan(2);
  const name = 'spark-none.orc';
  const rows = [1, 2, 3].flatMap(() => expectedRows(name));
  const { bytes, facts } = await rewrite(repeatStripe(fixture(name), 3), { path: (path) => path });
  expect(await readRows(bytes)).toEqual(rows);
  expect(facts.recordCount).toBe(rows.length);
});

test('batches are no larger than they may be', async () => {
  const source = open('arrow-0.11-snappy.orc');
  for await (const { positions } of orcRows(source, await openOrc(source), (path) => path).batches())
    expect(positions.length).toBeLessThanOrEqual(BATCH_ROWS);
});

test('the new file is Parquet and says so', async () => {
  for (const [name, codec] of [
    ['spark-none.orc', 'UNCOMPRESSED'],
    ['spark-snappy.orc', 'SNAPPY'],
    ['spark-zlib.orc', 'GZIP'],
  ] as const) {
    const { bytes, facts } = await rewrite(fixture(name), { path: (path) => path });
    expect(facts).toMatchObject({ format: 'PARQUET', source: 'orc' });
    const { row_groups, key_value_metadata } = metadataOf(bytes);
    expect(row_groups[0]?.columns[0]?.meta_data?.codec).toBe(codec);
    expect(key_value_metadata).toContainEqual({ key: 'delete-type', value: 'position' });
  }
});

describe('refused', () => {
  test('a file of data', async () => {
    await expect(openOrc(open('odd-data.orc'))).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('a row without a path', async () => {
    await expect(rewrite(fixture('odd-null.orc'), { path: (path) => path })).rejects.toMatchObject({ code: 'corrupt' });
  });
});
