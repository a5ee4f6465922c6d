// Manifests as Java writes them, and what a tool without splicing does to them: avsc decodes every record, changes it, encodes it.
import zlib from 'node:zlib';
import avro from 'avsc';

const PER_BLOCK = 200;
const PATH_COLUMN = 2147483546;
export const [SOURCE, TARGET] = ['s3://source-bucket/warehouse/db/table', 's3://target-bucket/restored/db/table'];
export const move = (path) => (path.startsWith(SOURCE) ? TARGET + path.slice(SOURCE.length) : path);

const map = (id, key, value, type) => ({
  name: `f${id}`,
  'field-id': id,
  type: ['null', { type: 'array', logicalType: 'map', items: { type: 'record', name: `k${key}_v${value}`, fields: [
    { name: 'key', type: 'int', 'field-id': key }, { name: 'value', type, 'field-id': value }] } }],
});
const field = (id, name, type) => ({ name, type, 'field-id': id });
const schema = { type: 'record', name: 'manifest_entry', fields: [
  field(0, 'status', 'int'), field(1, 'snapshot_id', ['null', 'long']), field(3, 'sequence_number', ['null', 'long']), field(4, 'file_sequence_number', ['null', 'long']),
  field(2, 'data_file', { type: 'record', name: 'r2', fields: [
    field(134, 'content', 'int'), field(100, 'file_path', 'string'), field(101, 'file_format', 'string'),
    field(102, 'partition', { type: 'record', name: 'r102', fields: [field(1000, 'day', ['null', 'int'])] }),
    field(103, 'record_count', 'long'), field(104, 'file_size_in_bytes', 'long'),
    map(108, 117, 118, 'long'), map(109, 119, 120, 'long'), map(110, 121, 122, 'long'), map(137, 138, 139, 'long'),
    map(125, 126, 127, 'bytes'), map(128, 129, 130, 'bytes'),
    field(131, 'key_metadata', ['null', 'bytes']), field(132, 'split_offsets', ['null', { type: 'array', items: 'long' }]),
    field(140, 'sort_order_id', ['null', 'int']), field(143, 'referenced_data_file', ['null', 'string'])] }),
] };
const type = avro.Type.forSchema(schema, { wrapUnions: false });
const long = avro.Type.forSchema('long');
const bytesType = avro.Type.forSchema('bytes');

const name = (n, suffix) => `${SOURCE}/data/day=2026-01-${n % 28}/00000-${n}-2f1ab0c4-9f0e-4b62-8d0a-5b1c6f0e${n % 9999}-00001${suffix}.parquet`;
const record = (data_file) => ({ status: 1, snapshot_id: 305172967557459, sequence_number: null, file_sequence_number: null, data_file });

/** An entry of which only this is known. */
export const recordOf = (file) => record({
  partition: { day: null }, f108: null, f109: null, f110: null, f137: null, f125: null, f128: null,
  key_metadata: null, split_offsets: null, sort_order_id: null, referenced_data_file: null, ...file,
});

/** Data files with statistics of so many columns. */
export function dataRecords(entries, columns) {
  const counts = (n) => Array.from({ length: columns }, (_, i) => ({ key: i + 1, value: n * (i + 3) * 977 }));
  const bounds = (n) => Array.from({ length: columns }, (_, i) => ({ key: i + 1, value: Buffer.from(`value-${n * i}`.slice(0, 16)) }));
  return Array.from({ length: entries }, (_, n) => record({
    content: 0, file_path: name(n, ''), file_format: 'PARQUET', partition: { day: n % 28 }, record_count: 1000 + n, file_size_in_bytes: 1e8 + n,
    f108: counts(n), f109: counts(1), f110: counts(0), f137: counts(0), f125: bounds(n), f128: bounds(n + 1),
    key_metadata: null, split_offsets: [4], sort_order_id: 0, referenced_data_file: null,
  }));
}

/** Position-delete files of one data file each, as Java writes them: with equal bounds. */
export function deleteRecords(entries) {
  const two = (a, b) => [{ key: PATH_COLUMN, value: a }, { key: PATH_COLUMN - 1, value: b }];
  const number = (n) => { const b = Buffer.alloc(8); b.writeUInt32LE(n); return b; };
  return Array.from({ length: entries }, (_, n) => record({
    content: 1, file_path: name(n, '-deletes'), file_format: 'PARQUET', partition: { day: n % 28 }, record_count: 3, file_size_in_bytes: 1600 + (n % 90),
    f108: two(210, 60), f109: two(3, 3), f110: two(0, 0), f137: null, f125: two(Buffer.from(name(n, '')), number(n)), f128: two(Buffer.from(name(n, '')), number(n + 9)),
    key_metadata: null, split_offsets: [4], sort_order_id: null, referenced_data_file: n % 2 === 0 ? name(n, '') : null,
  }));
}

/** What a restore knows of a delete file that it wrote anew. */
export const FACTS = { size: 1717, columnSizes: new Map([[PATH_COLUMN, 222], [PATH_COLUMN - 1, 61]]), splitOffsets: [4] };

/** An Avro file of entries, or of records of another schema. */
export function container(records, codec, of = schema) {
  const type = avro.Type.forSchema(of, { wrapUnions: false });
  const sync = Buffer.alloc(16, 7);
  const meta = avro.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer({ 'avro.schema': Buffer.from(JSON.stringify(of)), 'avro.codec': Buffer.from(codec) });
  const out = [Buffer.from('Obj\x01'), meta, sync];
  for (let i = 0; i < records.length; i += PER_BLOCK) {
    const part = records.slice(i, i + PER_BLOCK);
    const data = Buffer.concat(part.map((r) => type.toBuffer(r)));
    out.push(long.toBuffer(part.length), bytesType.toBuffer(codec === 'deflate' ? zlib.deflateRawSync(data) : data), sync);
  }
  return Buffer.concat(out);
}

const movedBounds = (list) => list.map(({ key, value }) => ({ key, value: key === PATH_COLUMN ? Buffer.from(move(value.toString())) : value }));
const asMap = (sizes) => [...sizes].map(([key, value]) => ({ key, value }));

function change(file) {
  file.file_path = move(file.file_path);
  if (file.content !== 1) return;
  if (file.referenced_data_file !== null) file.referenced_data_file = move(file.referenced_data_file);
  file.f125 = movedBounds(file.f125);
  file.f128 = movedBounds(file.f128);
  file.file_size_in_bytes = FACTS.size;
  file.f108 = asMap(FACTS.columnSizes);
  file.split_offsets = [...FACTS.splitOffsets];
}

/** The same rewrite, block by block, with the same changes. */
export function withAvsc(bytes, codec) {
  let pos = 4;
  const next = (t) => {
    const { value, offset } = t.decode(bytes, pos);
    pos = offset;
    return value;
  };
  next(avro.Type.forSchema({ type: 'map', values: 'bytes' }));
  pos += 16;
  const out = [bytes.subarray(0, pos)];
  while (pos < bytes.length) {
    const count = next(long);
    const packed = next(bytesType);
    const sync = bytes.subarray(pos, (pos += 16));
    const data = codec === 'deflate' ? zlib.inflateRawSync(packed) : packed;
    const parts = [];
    for (let i = 0, at = 0; i < count; i++) {
      const { value, offset } = type.decode(data, at);
      at = offset;
      change(value.data_file);
      parts.push(type.toBuffer(value));
    }
    const plain = Buffer.concat(parts);
    const again = codec === 'deflate' ? zlib.deflateRawSync(plain) : plain;
    out.push(long.toBuffer(count), long.toBuffer(again.length), again, sync);
  }
  return Buffer.concat(out);
}
