import { describe, expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import { FILE_PATH, POS } from '../../../src/iceberg/deletes/facts.js';
import { inspectPositionDeletes } from '../../../src/iceberg/deletes/inspect.js';
import { decode, splitAvro } from '../../corpus/avro.js';
import { deleteFile, expectedRows, fixture, fixtures, metadataOf, type Row, readRows, rewrite } from './support.js';

const NEW = 's3://elsewhere/ü/table';
const move = (path: string) => path.replace(/^s3:\/\/(b\/t|warehouse\/delete files\/naïve)\//, `${NEW}/`);
const moved = (rows: readonly Row[]): readonly Row[] => rows.map(([path, pos]) => [move(path), pos]);

describe.each(fixtures)('%s', (name) => {
  test('every row has its new path and its position, in order, and what is said of the file is true', async () => {
    const rows = moved(expectedRows(name));
    const { bytes, facts } = await rewrite(fixture(name), { path: move, keepsOrder: true });
    expect(await readRows(bytes)).toEqual(rows);
    expect(facts).toMatchObject({ size: bytes.length, recordCount: rows.length });
    const paths = rows.map(([path]) => path).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(facts.paths).toEqual(rows.length === 0 ? undefined : { lower: paths[0], upper: paths.at(-1) });
    // What was rewritten can be rewritten.
    const again = await rewrite(bytes, { path: (path) => path });
    expect(await readRows(again.bytes)).toEqual(rows);
  });
});

const parquet = fixtures.filter((name) => name.endsWith('.parquet'));

describe('a Parquet file', () => {
  test.each(parquet)('%s keeps ids, REQUIRED, metadata; its statistics and facts are those of its columns', async (name) => {
    const before = metadataOf(fixture(name));
    const { bytes, facts } = await rewrite(fixture(name), { path: move });
    const { schema, key_value_metadata, row_groups, created_by } = metadataOf(bytes);
    const names = before.schema
      .slice(1)
      .filter(({ field_id, name }) => [FILE_PATH, POS].includes(field_id ?? 0) || /^(file_path|pos)$/.test(name));
    expect(schema).toMatchObject([
      { name: before.schema[0]?.name, num_children: 2 },
      ...names.map(({ name }) => ({ name, repetition_type: 'REQUIRED' })),
    ]);
    expect(schema.find(({ field_id }) => field_id === FILE_PATH)).toMatchObject({
      type: 'BYTE_ARRAY',
      converted_type: 'UTF8',
      logical_type: { type: 'STRING' },
    });
    expect(schema.find(({ field_id }) => field_id === POS)).toMatchObject({ type: 'INT64' });
    if (name !== 'row-zstd.parquet') expect(key_value_metadata).toEqual(before.key_value_metadata);
    expect(created_by).toMatch(/^bcn version \d+ \(build .*\)$/);
    expect(facts.splitOffsets).toEqual(
      row_groups.map(({ columns }) =>
        Number(columns[0]?.meta_data?.dictionary_page_offset ?? columns[0]?.meta_data?.data_page_offset),
      ),
    );
    for (const [column, { field_id }] of schema.slice(1).entries())
      expect(facts.columnSizes?.get(field_id as number)).toBe(
        row_groups.reduce((sum, { columns }) => sum + Number(columns[column]?.meta_data?.total_compressed_size), 0),
      );
    const path = schema.slice(1).findIndex(({ field_id }) => field_id === FILE_PATH);
    for (const { columns } of row_groups) {
      expect(columns[path]?.meta_data?.statistics).toEqual({
        ...{ min_value: facts.paths?.lower, max_value: facts.paths?.upper, null_count: 0n },
        ...{ is_max_value_exact: undefined, is_min_value_exact: undefined },
      });
      for (const { meta_data, offset_index_offset, column_index_offset } of columns) {
        expect([offset_index_offset, column_index_offset, meta_data?.bloom_filter_offset]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        expect(meta_data?.statistics?.null_count).toBe(0n);
      }
    }
  });

  test.each([
    ['arrow-none-1', 'UNCOMPRESSED'],
    ['arrow-snappy-1', 'SNAPPY'],
    ['arrow-gzip-1', 'GZIP'],
    ['arrow-zstd-1', 'GZIP'],
    ['arrow-brotli-1', 'GZIP'],
    ['arrow-lz4-1', 'GZIP'],
  ])('%s is packed by %s', async (name, codec) => {
    const { bytes } = await rewrite(fixture(`${name}.parquet`), { path: move });
    expect(metadataOf(bytes).row_groups.flatMap(({ columns }) => columns.map((column) => column.meta_data?.codec))).toEqual([
      codec,
      codec,
    ]);
  });

  test('without rows has no row groups', async () => {
    const { bytes, facts } = await rewrite(fixture('odd-empty.parquet'), { path: move });
    expect(metadataOf(bytes)).toMatchObject({ num_rows: 0n, row_groups: [] });
    expect(facts).toMatchObject({ recordCount: 0, paths: undefined, splitOffsets: [] });
    expect(facts.columnSizes).toEqual(
      new Map([
        [FILE_PATH, 0],
        [POS, 0],
      ]),
    );
  });

  test('loses the column `row`, also in the description that Iceberg put beside, and what Arrow put there', async () => {
    const { bytes, facts } = await rewrite(fixture('row-zstd.parquet'), { path: move });
    expect(facts.dropped).toEqual(['row']);
    const kept = metadataOf(bytes).key_value_metadata ?? [];
    expect(kept.map(({ key }) => key)).toEqual(['delete-type', 'iceberg.schema']);
    const old = metadataOf(fixture('row-zstd.parquet')).key_value_metadata?.find(({ key }) => key === 'iceberg.schema')
      ?.value as string;
    const start = old.indexOf(', {"id": 2147483544');
    const end = old.indexOf(', {"id": 2147483545');
    // The space behind the comma goes with the field.
    expect(kept[1]?.value).toBe((old.slice(0, start) + old.slice(end)).replace('}, {"id": 2147483545', '},{"id": 2147483545'));
  });
});

describe('an Avro file', () => {
  test.each(fixtures.filter((name) => name.endsWith('.avro')))('%s keeps header, blocks and other fields', async (name) => {
    const before = await splitAvro(fixture(name));
    const { bytes, facts } = await rewrite(fixture(name), { path: move, keepsOrder: true });
    const after = await splitAvro(bytes);
    const codec = /zstd|bzip2/.test(name) && before.blocks.length > 0 ? 'deflate' : before.codec;
    expect(after.header).toEqual(before.header.map(([key, value]) => [key, key === 'avro.codec' ? codec : value]));
    expect(after.sync).toBe(before.sync);
    expect(after.blocks.map(({ count }) => count)).toEqual(before.blocks.map(({ count }) => count));
    const records = decode(before).map((record) => new Map([...record, ['file_path', move(record.get('file_path') as string)]]));
    expect(decode(after)).toEqual(records);
    expect(facts).toMatchObject({ columnSizes: null, splitOffsets: null });
  });

  test('whose paths stay is the same, byte for byte, where its codec can be written', async () => {
    for (const name of ['row-null.avro', 'row-deflate.avro', 'spark-snappy.avro'])
      expect((await rewrite(fixture(name), { path: (path) => path })).bytes.equals(fixture(name)), name).toBe(true);
  });
});

describe('is refused', () => {
  const refusal = async (bytes: Buffer): Promise<BcnError> => {
    const file = deleteFile(bytes, 's3://b/the file');
    const error = await rewrite(file, { path: move }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(BcnError);
    expect(error).toMatchObject({ object: 's3://b/the file' });
    return error as BcnError;
  };

  test.each([
    ['sealed-footer.parquet', /encrypted/],
    ['sealed-columns.parquet', /encrypted/],
    ['odd-data.parquet', /no column "file_path"/],
  ])('%s: unsupported, also before a restore', async (name, message) => {
    const error = await refusal(fixture(name));
    expect(error).toMatchObject({ code: 'unsupported', message: expect.stringMatching(message) });
    await expect(inspectPositionDeletes(deleteFile(fixture(name), 's3://b/the file'))).rejects.toThrow(error.message);
  });

  test('a row without a path', async () => {
    expect(await refusal(fixture('odd-null.parquet'))).toMatchObject({ code: 'corrupt' });
  });

  test.each(['', 'P', 'PAR1', 'PAR1PAR1', 'PAR1\0\0\0\0PAR1', 'Obj', 'Obj\x01', 'nothing of this kind', 'AGS1 and so on'])(
    'the bytes %j',
    async (text) => {
      expect(await refusal(Buffer.from(text, 'latin1'))).toMatchObject({
        code: text.startsWith('AGS1') ? 'unsupported' : 'corrupt',
      });
    },
  );

  test('a wrong checksum: the positions, written anew, would look right', async () => {
    const bytes = Buffer.from(fixture('arrow-none-1.parquet'));
    const page = metadataOf(bytes).row_groups[0]?.columns[1]?.meta_data;
    const at = Number(page?.dictionary_page_offset ?? page?.data_page_offset) + 100;
    bytes[at] = (bytes[at] as number) ^ 1;
    expect(await refusal(bytes)).toMatchObject({ code: 'corrupt', message: expect.stringContaining('checksum') });
  });

  test('another length than stated', async () => {
    const file = { ...deleteFile(fixture('spark-zstd.parquet')), read: async () => Buffer.alloc(3) };
    await expect(rewrite(file, { path: move })).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('a new path that no store can have', async () => {
    for (const path of ['', 's3://b/\ud800'])
      await expect(rewrite(fixture('spark-zstd.parquet'), { path: () => path })).rejects.toMatchObject({ code: 'usage' });
  });

  test('what the map refuses', async () => {
    const error = new BcnError('unsupported', 'no root for this path');
    const path = () => {
      throw error;
    };
    for (const name of ['spark-zstd.parquet', 'spark-gzip.avro'])
      for (const keepsOrder of [true, false])
        await expect(rewrite(fixture(name), { path, keepsOrder })).rejects.toThrow('no root for this path');
  });

  test('work that is no longer wanted', async () => {
    for (const name of ['spark-zstd.parquet', 'spark-gzip.avro'])
      await expect(rewrite(fixture(name), { path: move }, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});
