import { beforeEach, describe, expect, test } from 'vitest';
import { FILE_PATH, POS } from '../../../../src/iceberg/deletes/facts.js';
import { GROUP_ROWS, ParquetDeleteWriter, type ParquetShape } from '../../../../src/iceberg/deletes/parquet/write.js';
import { metadataOf, readRows } from '../support.js';

const SHAPE: ParquetShape = {
  root: 'table',
  columns: [
    { fieldId: FILE_PATH, name: 'file_path' },
    { fieldId: POS, name: 'pos' },
  ],
  codec: 'SNAPPY',
  keyValues: [{ key: Buffer.from([0xff, 0x00]), value: Buffer.from([0xfe]) }],
  rows: 2 * GROUP_ROWS,
};

let writer: ParquetDeleteWriter;
beforeEach(async () => {
  writer = await ParquetDeleteWriter.open(SHAPE);
});

test('row groups end when they are full, and rows are all there', async () => {
  const chunks: Buffer[] = [];
  const all = BigInt64Array.from({ length: GROUP_ROWS }, (_, i) => BigInt(i));
  writer.add('a', all.subarray(0, GROUP_ROWS - 5));
  expect(writer.room).toBe(5);
  expect(() => writer.add('b', all.subarray(0, 6))).toThrow(RangeError);
  writer.add('b', all.subarray(0, 5));
  expect(writer.room).toBe(0);
  chunks.push(writer.flush());
  expect(writer.room).toBe(GROUP_ROWS);
  writer.add('c', BigInt64Array.of(2n ** 63n - 1n));
  const { bytes, result } = writer.finish();
  const file = Buffer.concat([...chunks, bytes]);
  expect(metadataOf(file).row_groups.map(({ num_rows }) => num_rows)).toEqual([BigInt(GROUP_ROWS), 1n]);
  expect(result).toMatchObject({
    rows: GROUP_ROWS + 1,
    size: file.length,
    splitOffsets: [4, chunks[0]?.length],
    paths: { lower: 'a', upper: 'c' },
  });
  const rows = await readRows(file);
  expect(rows.slice(-7)).toEqual([
    ['a', BigInt(GROUP_ROWS - 6)],
    ['b', 0n],
    ['b', 1n],
    ['b', 2n],
    ['b', 3n],
    ['b', 4n],
    ['c', 2n ** 63n - 1n],
  ]);
});

test('a row group ends before its dictionary becomes too large', () => {
  const path = 'x'.repeat(1000);
  let rows = 0;
  for (; writer.room > 0; rows++) writer.add(`${path}${rows}`, BigInt64Array.of(1n));
  expect(rows).toBeGreaterThan(8000);
  expect(rows).toBeLessThan(9000);
  writer.flush();
  expect(writer.room).toBe(GROUP_ROWS);
});

describe('without rows', () => {
  test('a file is whole', () => {
    const { bytes, result } = writer.finish();
    expect(result).toEqual({
      size: bytes.length,
      rows: 0,
      columnSizes: new Map([
        [FILE_PATH, 0],
        [POS, 0],
      ]),
      splitOffsets: [],
      paths: undefined,
    });
    expect(metadataOf(bytes)).toMatchObject({ num_rows: 0n, row_groups: [] });
  });
});

test('statistics are whole and in the order of bytes; metadata are bytes', () => {
  const long = 'x'.repeat(100);
  for (const path of [`${long}\u{fffd}`, `${long}\u{1f600}`, `${long}b`]) writer.add(path, BigInt64Array.of(-1n, 7n));
  const { bytes } = writer.finish();
  const [path, pos] = metadataOf(bytes).row_groups[0]?.columns ?? [];
  expect(path?.meta_data?.statistics).toMatchObject({ min_value: `${long}b`, max_value: `${long}\u{1f600}` });
  expect(pos?.meta_data?.statistics).toMatchObject({ min_value: -1n, max_value: 7n });
  expect(path?.meta_data?.encodings).toEqual(['PLAIN', 'RLE_DICTIONARY']);
  expect(pos?.meta_data?.encodings).toEqual(['PLAIN']);
  expect(bytes.includes(Buffer.from([2, 0xff, 0x00, 0x18, 1, 0xfe]))).toBe(true);
});
