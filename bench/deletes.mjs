// Memory and speed of a restore that writes thousands of small position-delete files anew: peak memory must not grow with their number.
// Run: npm run build && node bench/deletes.mjs [files …]   (TMPDIR says where; a folder in memory leaves the disk out)
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { backup } from '../dist/backup/backup.js';
import { BcnError } from '../dist/errors.js';
import { restore } from '../dist/restore/restore.js';
import { FileStore } from '../dist/storage/file/file-store.js';
import { Stores } from '../dist/storage/resolver.js';
import { container, recordOf } from './manifests.mjs';

const ROWS = 200;
const PER_MANIFEST = 500;
const [FILE_PATH, POS] = [2147483546, 2147483545];
const [, , step, folder] = process.argv;
const IDENT = { namespace: ['db'], name: 't' };

/** One file of deletes; all are alike, but each is read, changed and written on its own. */
function deletes(dataFile) {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'table', num_children: 2 },
      { name: 'file_path', type: 'BYTE_ARRAY', converted_type: 'UTF8', field_id: FILE_PATH, repetition_type: 'REQUIRED' },
      { name: 'pos', type: 'INT64', field_id: POS, repetition_type: 'REQUIRED' },
    ],
    kvMetadata: [{ key: 'delete-type', value: 'position' }],
  });
  writer.write({ columnData: [
    { name: 'file_path', data: Array(ROWS).fill(dataFile) },
    { name: 'pos', data: Array.from({ length: ROWS }, (_, n) => BigInt(n * 7)) },
  ] });
  writer.finish();
  return Buffer.from(bytes.getBytes());
}

const field = (id, name, type) => ({ name, type, 'field-id': id });
const LIST = { type: 'record', name: 'manifest_file', fields: [
  field(500, 'manifest_path', 'string'), field(501, 'manifest_length', 'long'), field(502, 'partition_spec_id', 'int'), field(517, 'content', 'int'),
  field(515, 'sequence_number', 'long'), field(516, 'min_sequence_number', 'long'), field(503, 'added_snapshot_id', 'long') ] };

/** A table of one data file and so many delete files. Returns its metadata file. */
function makeTable(root, files) {
  const location = `file://${root}/source/t`;
  const path = (uri) => uri.slice('file://'.length);
  for (const part of ['data', 'metadata']) mkdirSync(path(`${location}/${part}`), { recursive: true });
  const put = (uri, bytes) => {
    writeFileSync(path(uri), bytes);
    return { uri, length: bytes.length };
  };
  const dataFile = put(`${location}/data/a.parquet`, Buffer.from('rows'));
  const bytes = deletes(dataFile.uri);
  const entry = (content, { uri, length }) => recordOf({ content, file_path: uri, file_format: 'PARQUET', record_count: ROWS, file_size_in_bytes: length });
  const manifest = (records, content) => ({ content, ...put(`${location}/metadata/${randomUUID()}-m0.avro`, container(records, 'deflate')) });
  const manifests = [manifest([entry(0, dataFile)], 0)];
  for (let n = 0; n < files; n += PER_MANIFEST) {
    const some = Array.from({ length: Math.min(PER_MANIFEST, files - n) }, (_, i) => entry(1, put(`${location}/data/${n + i}-deletes.parquet`, bytes)));
    manifests.push(manifest(some, 1));
  }
  const entries = manifests.map(({ uri, length, content }) => ({ manifest_path: uri, manifest_length: length, partition_spec_id: 0, content,
    sequence_number: 1, min_sequence_number: 1, added_snapshot_id: 1 }));
  const list = put(`${location}/metadata/snap-1.avro`, container(entries, 'deflate', LIST));
  const schema = { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'id', required: false, type: 'long' }] };
  return put(`${location}/metadata/00000-${randomUUID()}.metadata.json`, Buffer.from(JSON.stringify({
    'format-version': 2, 'table-uuid': randomUUID(), location, 'last-sequence-number': 1, 'last-updated-ms': 1, 'last-column-id': 1, 'current-schema-id': 0, schemas: [schema],
    'default-spec-id': 0, 'partition-specs': [{ 'spec-id': 0, fields: [] }], 'last-partition-id': 999, 'default-sort-order-id': 0, 'sort-orders': [{ 'order-id': 0, fields: [] }],
    'current-snapshot-id': 1, snapshots: [{ 'snapshot-id': 1, 'sequence-number': 1, 'timestamp-ms': 1, summary: { operation: 'append' }, 'manifest-list': list.uri }] }))).uri;
}

/** A catalog of one table, which takes another. */
const catalogOf = (metadataLocation) => ({
  type: 'hive', identity: 'bench', normalise: (ident) => ident, load: async (ident) => {
    if (ident.name !== IDENT.name) throw new BcnError('table-not-found', 'no such table');
    return { ident, metadataLocation, raw: { type: 'hive' } };
  }, async *list() {}, findAt: async () => undefined,
  defaultLocation: () => undefined, metadataFileName: (version, uuid) => `${String(version).padStart(5, '0')}-${uuid}.metadata.json`, preflight: async () => ({ namespaceMissing: false }),
  createNamespace: async () => 'already', dropNamespace: async () => 'kept', rehearse: async () => undefined, endRehearsal: async () => undefined, register: async () => 'registered', close: async () => {},
});

async function run() {
  const source = new Stores({ file: () => new FileStore() });
  const { store, key } = source.resolve(`file://${folder}/repo/`);
  const report = { progress: () => {}, info: () => {}, warn: () => {} };
  const deps = { catalog: catalogOf(readFileSync(join(folder, 'metadata'), 'utf8')), source, target: source, repository: { store, prefix: key }, report };
  const options = { jobs: 4, dryRun: false, tmpDir: folder };
  const start = process.cpuUsage();
  if (step === 'backup') await backup(deps, { ...options, ident: IDENT, name: 'b', mode: 'copy' });
  else await restore(deps, { ...options, backupName: 'b', target: { ...IDENT, name: 'r' }, targetLocation: `file://${folder}/target/t`, warehouseBucket: 'w', keepUuid: false });
  const { user, system } = process.cpuUsage(start);
  console.log(JSON.stringify({ seconds: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 }));
}

if (step === 'backup' || step === 'restore') await run();
else {
  const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1000, 10_000];
  console.log(`delete files of ${ROWS} rows; each line is a process of its own; seconds of the processor`);
  console.log('| | files | seconds | files/s | rows/s | peak memory, MiB |\n|---|---|---|---|---|---|');
  for (const files of counts) {
    const root = mkdtempSync(join(tmpdir(), 'bcn-bench-'));
    writeFileSync(join(root, 'metadata'), makeTable(root, files));
    for (const what of ['backup', 'restore']) {
      const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, what, root], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      const { seconds, peak } = JSON.parse(stdout);
      console.log(`| ${what} | ${files} | ${seconds.toFixed(1)} | ${Math.round(files / seconds)} | ${Math.round((files * ROWS) / seconds)} | ${Math.round(peak)} |`);
    }
    rmSync(root, { recursive: true, force: true });
  }
}
