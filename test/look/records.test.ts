import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { recordsOf } from '../../src/look/records.js';
import { entry, LIST_V2, listEntry, manifestSchema } from '../iceberg/avro/manifests.js';
import { file } from '../iceberg/avro/support.js';
import { failure } from '../support/world.js';

async function read(bytes: Buffer | string, key = 'runs/r/meta/a/x.json') {
  const records = [];
  for await (const record of recordsOf(Buffer.from(bytes as string), key, `s3://b/${key}`)) records.push(record);
  return records;
}

test('JSON is one document, its tokens as they are', async () => {
  const text = '{"a": 9223372036854775807,\n "b": "\\u00e9"}';
  expect(await read(`\ufeff${text}\n`)).toEqual([{ text, document: true }]);
  expect(await read('')).toEqual([]);
});

test('gzip is unpacked, all members of it, line by line', async () => {
  const bytes = Buffer.concat([gzipSync('{"a":1}\n{"b":"x\u2028y"}\n'), gzipSync('{"c":3}\n')]);
  expect((await read(bytes, 'runs/r/meta/a/pack-0.ndjson.gz')).map(({ text }) => text)).toEqual([
    '{"a":1}',
    '{"b":"x\u2028y"}',
    '{"c":3}',
  ]);
});

test('manifests and manifest lists, entry by entry, int64 as texts', async () => {
  const manifest = file({ schema: manifestSchema(), blocks: [[entry({ content: 1, referenced_data_file: 'd' }), entry()]] });
  const [first, second] = (await read(manifest, 'runs/r/meta/a/manifests/0.avro')).map(({ text }) => JSON.parse(text) as object);
  expect(first).toEqual({
    status: 1,
    snapshot_id: '3051729675574597004',
    content: 1,
    file_path: 's3://src/t/data/a.parquet',
    file_format: 'PARQUET',
    record_count: '7',
    file_size_in_bytes: 1234,
    referenced_data_file: 'd',
  });
  expect(second).not.toHaveProperty('referenced_data_file');
  const list = file({ schema: LIST_V2, blocks: [[listEntry()]] });
  expect((await read(list, 'runs/r/meta/a/lists/1.avro')).map(({ text }) => JSON.parse(text) as object)).toMatchObject([
    {
      manifest_path: 's3://src/t/metadata/m0.avro',
      manifest_length: 6000,
      added_snapshot_id: '9223372036854775807',
      added_rows_count: '10',
    },
  ]);
});

describe('damaged is 32 and names the object', () => {
  const avro = file({ schema: manifestSchema(), blocks: [[entry()]] });
  test.each([
    ['JSON that is cut', Buffer.from('{"a":'), 'x.json'],
    ['JSON with text behind', Buffer.from('{} x'), 'x.json'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'x.json'],
    ['gzip that is cut', gzipSync('{"a":1}\n').subarray(0, 15), 'x.ndjson.gz'],
    ['gzip of something else', gzipSync('hello\n'), 'x.ndjson.gz'],
    ['Avro that is cut', avro.subarray(0, -20), 'x.avro'],
    ['a COMMIT that is none', Buffer.from('{}'), 'backups/x.json'],
  ])('%s', async (_what, bytes, key) => {
    expect(await failure(read(bytes, key), 'corrupt')).toMatchObject({ exit: 32, object: `s3://b/${key}` });
  });
});

test('what is no text is 22', async () => {
  expect((await failure(read('PAR1', 'x'), 'unsupported')).hint).toContain('--raw');
  const other = file({ schema: { type: 'record', name: 'r', fields: [{ name: 'x', type: 'int' }] }, blocks: [[{ x: 1 }]] });
  await failure(read(other, 'x.avro'), 'unsupported');
});
