import { expect, test } from 'vitest';
import { detectFormat } from '../../../src/iceberg/deletes/format.js';
import { Source } from '../../../src/iceberg/deletes/source.js';
import { deleteFile, fixture } from './support.js';

const detect = (bytes: Buffer) => detectFormat(new Source(deleteFile(bytes), undefined));

test.each([
  ['spark-zstd.parquet', 'parquet'],
  ['spark-gzip.avro', 'avro'],
  ['spark-zlib.orc', 'orc'],
])('%s is %s', async (name, format) => {
  expect(await detect(fixture(name))).toBe(format);
});

test('what is encrypted says so', async () => {
  for (const magic of ['PARE', 'AGS1'])
    await expect(detect(Buffer.from(`${magic}....`))).rejects.toMatchObject({ code: 'unsupported' });
});

test('what is none of these is damage', async () => {
  for (const text of ['', 'O', 'Obj', 'PAR2', 'PFA1', '{"a":1}'])
    await expect(detect(Buffer.from(text))).rejects.toMatchObject({ code: 'corrupt' });
});
