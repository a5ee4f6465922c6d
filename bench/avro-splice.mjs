// How fast a manifest is rewritten, beside avsc decoding and encoding the same records in the same run.
// Run: npm run build && node bench/avro-splice.mjs [entries] [columns]
import zlib from 'node:zlib';
import avro from 'avsc';
import { readManifest, rewriteManifest } from '../dist/iceberg/manifest.js';

const ENTRIES = Number(process.argv[2] ?? 20_000);
const COLUMNS = Number(process.argv[3] ?? 8);
const PER_BLOCK = 200;
const ROUNDS = 7;
const [SOURCE, TARGET] = ['s3://source-bucket/warehouse/db/table', 's3://target-bucket/restored/db/table'];

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

const counts = (n) => Array.from({ length: COLUMNS }, (_, i) => ({ key: i + 1, value: n * (i + 3) * 977 }));
const bounds = (n) => Array.from({ length: COLUMNS }, (_, i) => ({ key: i + 1, value: Buffer.from(`value-${n * i}`.slice(0, 16)) }));
const records = Array.from({ length: ENTRIES }, (_, n) => ({
  status: 1, snapshot_id: 305172967557459, sequence_number: null, file_sequence_number: null,
  data_file: {
    content: 0, file_path: `${SOURCE}/data/day=2026-01-${n % 28}/00000-${n}-2f1ab0c4-9f0e-4b62-8d0a-5b1c6f0e${n % 9999}-00001.parquet`, file_format: 'PARQUET',
    partition: { day: n % 28 }, record_count: 1000 + n, file_size_in_bytes: 1e8 + n,
    f108: counts(n), f109: counts(1), f110: counts(0), f137: counts(0), f125: bounds(n), f128: bounds(n + 1),
    key_metadata: null, split_offsets: [4], sort_order_id: 0, referenced_data_file: null,
  },
}));

function container(codec) {
  const bytes = (b) => [avro.Type.forSchema('bytes').toBuffer(b)];
  const sync = Buffer.alloc(16, 7);
  const meta = avro.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer({ 'avro.schema': Buffer.from(JSON.stringify(schema)), 'avro.codec': Buffer.from(codec) });
  const out = [Buffer.from('Obj\x01'), meta, sync];
  for (let i = 0; i < records.length; i += PER_BLOCK) {
    const part = records.slice(i, i + PER_BLOCK);
    const data = Buffer.concat(part.map((r) => type.toBuffer(r)));
    out.push(avro.Type.forSchema('long').toBuffer(part.length), ...bytes(codec === 'deflate' ? zlib.deflateRawSync(data) : data), sync);
  }
  return Buffer.concat(out);
}

async function best(work) {
  let fastest = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    await work();
    fastest = Math.min(fastest, performance.now() - start);
  }
  return ENTRIES / (fastest / 1000);
}

const move = (path) => (path.startsWith(SOURCE) ? TARGET + path.slice(SOURCE.length) : path);

/** What a tool without splicing does: decode, change, encode, block by block. */
function withAvsc(bytes, codec) {
  let pos = 4;
  const long = avro.Type.forSchema('long');
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
    const packed = next(avro.Type.forSchema('bytes'));
    const sync = bytes.subarray(pos, (pos += 16));
    const data = codec === 'deflate' ? zlib.inflateRawSync(packed) : packed;
    const parts = [];
    for (let i = 0, at = 0; i < count; i++) {
      const { value, offset } = type.decode(data, at);
      at = offset;
      value.data_file.file_path = move(value.data_file.file_path);
      parts.push(type.toBuffer(value));
    }
    const plain = Buffer.concat(parts);
    const again = codec === 'deflate' ? zlib.deflateRawSync(plain) : plain;
    out.push(long.toBuffer(count), long.toBuffer(again.length), again, sync);
  }
  return Buffer.concat(out);
}

for (const codec of ['null', 'deflate']) {
  const bytes = container(codec);
  const same = (await rewriteManifest(bytes, 'bench', { path: move })).equals(withAvsc(bytes, codec));
  if (!same) throw new Error('the two results differ');
  const read = await best(() => readManifest(bytes, 'bench', () => {}));
  const splice = await best(() => rewriteManifest(bytes, 'bench', { path: move }));
  const both = await best(() => rewriteManifest(bytes, 'bench', { path: move }, () => {}));
  const peer = await best(() => withAvsc(bytes, codec));
  const k = (n) => `${Math.round(n / 1000)}k entries/s`;
  console.log(
    `${codec}, ${COLUMNS} columns, ${Math.round(bytes.length / ENTRIES)} bytes per entry: read ${k(read)}, rewrite ${k(splice)}, read and rewrite ${k(both)}; ` +
      `avsc decode and encode ${k(peer)}; ratio ${(splice / peer).toFixed(1)}`,
  );
}
