/** Files that are read in parts. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { FILE_PATH, POS } from '../../../src/iceberg/deletes/facts.js';
import { file as avroFile } from '../avro/support.js';
import { deleteFile, type Row, readRows, rewrite } from './support.js';

const MiB = 1024 * 1024;
/** Long enough that some hundred rows are many MiB. */
const rows: readonly Row[] = Array.from({ length: 700 }, (_, i) => [
  `s3://b/t/${i % 2 ? 'x' : 'y'}/${String(i).padStart(30_000, '0')}`,
  BigInt(i),
]);
const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
/** Turns the order of x and y around. */
const path = (path: string) => path.replace('/x/', '/z/');

function parquet(rows: readonly Row[]): Buffer {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    codec: 'UNCOMPRESSED',
    schema: [
      { name: 'table', num_children: 2 },
      { name: 'file_path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED', field_id: FILE_PATH },
      { name: 'pos', type: 'INT64', repetition_type: 'REQUIRED', field_id: POS },
    ],
  });
  const columnData = [
    { name: 'file_path', data: rows.map(([path]) => path), encoding: 'PLAIN' as const },
    { name: 'pos', data: rows.map(([, pos]) => pos) },
  ];
  writer.write({ columnData, rowGroupSize: 400, pageSize: MiB / 2 });
  writer.finish();
  return Buffer.from(bytes.getBytes());
}

function avro(rows: readonly Row[]): Buffer {
  const fields = [
    { name: 'file_path', type: 'string', 'field-id': FILE_PATH },
    { name: 'pos', type: 'long', 'field-id': POS },
  ];
  const records = rows.map(([file_path, pos]) => ({ file_path, pos }));
  const blocks = Array.from({ length: Math.ceil(records.length / 9) }, (_, i) => records.slice(9 * i, 9 * i + 9));
  return avroFile({ schema: { type: 'record', name: 'table', fields }, blocks });
}

test.each([
  ['Parquet', parquet],
  ['Avro', avro],
])('%s: what lies in many parts comes out whole, in order and merged', async (_, write) => {
  for (const source of [rows, sorted]) {
    const file = deleteFile(write(source));
    expect(file.size).toBeGreaterThan(20 * MiB);
    const { bytes, chunks } = await rewrite(file, { path });
    const mapped = source.map(([p, pos]): Row => [path(p), pos]);
    const expected = source === sorted ? mapped.sort(([a], [b]) => (a < b ? -1 : 1)) : mapped;
    const found = await readRows(bytes);
    expect(found.length).toBe(expected.length);
    // Not by toEqual: the difference would have many MiB.
    expect(found.findIndex(([p, pos], i) => p !== expected[i]?.[0] || pos !== expected[i]?.[1])).toBe(-1);
    expect(Math.max(...file.reads.map(([start, end]) => end - start))).toBeLessThan(6 * MiB);
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(12 * MiB);
  }
});
