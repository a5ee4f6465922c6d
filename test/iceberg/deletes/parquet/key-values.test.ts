import { expect, test } from 'vitest';
import { keptKeyValues } from '../../../../src/iceberg/deletes/parquet/key-values.js';

const pair = (key: string, value: string | undefined) => ({
  key: Buffer.from(key),
  value: value === undefined ? undefined : Buffer.from(value),
});
const shown = (pairs: ReturnType<typeof keptKeyValues>) => pairs.map(({ key, value }) => [key.toString(), value?.toString()]);
const PATH = '{"id":2147483546,"name":"file_path","required":true,"type":"string"}';
const ROW = '{ "id" : 2147483544, "name":"row","type":{"type":"struct","fields":[{"id":2147483546}]}}';
const POS = '{"name":"pos", "id":2147483545}';

test('all are kept, byte for byte', () => {
  const pairs = [
    pair('delete-type', 'position'),
    pair('iceberg.schema', `{"fields":[${PATH},${ROW}]}`),
    pair('ARROW:schema', 'x'),
    pair('empty', undefined),
  ];
  pairs.push({ key: Buffer.from([0xff]), value: Buffer.from([0xfe, 0x00]) });
  expect(keptKeyValues(pairs, false)).toEqual(pairs);
});

test('where columns are left out, their descriptions go', () => {
  const schema = (fields: string) => `{"type":"struct", "schema-id":0,"fields" : ${fields} ,"x":1}`;
  const before = [
    pair('delete-type', 'position'),
    pair('ARROW:schema', 'x'),
    pair('pandas', '{}'),
    pair('iceberg.schema', schema(`[ ${PATH}, ${ROW},${POS} ]`)),
    pair('none', undefined),
  ];
  expect(shown(keptKeyValues(before, true))).toEqual([
    ['delete-type', 'position'],
    ['iceberg.schema', schema(`[${PATH},${POS}]`)],
    ['none', undefined],
  ]);
});

test('a description that is not one stays', () => {
  for (const text of ['', 'no JSON', '[]', '{"fields":3}', '{"fields":[3]}', '{"other":[]}', '{"fields":[{"id"']) {
    expect(shown(keptKeyValues([pair('iceberg.schema', text)], true))).toEqual([['iceberg.schema', text]]);
  }
  const bytes = [{ key: Buffer.from('iceberg.schema'), value: Buffer.from([0x7b, 0xff, 0x7d]) }];
  expect(keptKeyValues(bytes, true)).toEqual(bytes);
});
