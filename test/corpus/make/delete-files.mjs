/** Files of position deletes by hand. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { writeAvro } from './avro.mjs';

const [PATH, POS] = [2147483546, 2147483545];

/** @param {[path: string, pos: bigint][]} rows in the order in which they are to lie there */
export function parquetDeletes(rows) {
  const bytes = parquetWriteBuffer({
    schema: [
      { name: 'table', num_children: 2 },
      { name: 'file_path', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8', field_id: PATH },
      { name: 'pos', type: 'INT64', repetition_type: 'REQUIRED', field_id: POS },
    ],
    columnData: [
      { name: 'file_path', data: rows.map(([path]) => path) },
      { name: 'pos', data: rows.map(([, pos]) => pos) },
    ],
    kvMetadata: [{ key: 'delete-type', value: 'position' }],
    statisticsTruncateLength: 10_000,
  });
  return Buffer.from(bytes);
}

export function avroDeletes(rows) {
  const schema = {
    type: 'record',
    name: 'table',
    fields: [
      { name: 'file_path', type: 'string', 'field-id': PATH },
      { name: 'pos', type: 'long', 'field-id': POS },
    ],
  };
  const header = new Map([
    ['delete-type', Buffer.from('position')],
    ['avro.codec', Buffer.from('deflate')],
  ]);
  return writeAvro({
    header,
    sync: Buffer.from('0123456789abcdef'),
    schema,
    records: rows.map(([file_path, pos]) => ({ file_path, pos })),
  });
}

/** Sets what a manifest's entry says of these rows. */
export function describe(data, rows, { lower, upper } = {}) {
  const paths = rows.map(([path]) => Buffer.from(path)).sort(Buffer.compare);
  const bound = (path) => (path === undefined ? null : [{ key: BigInt(PATH), value: path }]);
  Object.assign(data, {
    record_count: BigInt(rows.length),
    lower_bounds: lower === null ? null : bound(lower ?? paths[0]),
    upper_bounds: upper === null ? null : bound(upper ?? paths.at(-1)),
  });
}
