/**
 * Tables that are legal and that no engine at hand writes: made from those of the corpus by editing manifests and files as values (draft.mjs). What is
 * said of each here is what other writers do, or what they may do. Spark counts their rows, unless it cannot read them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { avroDeletes, describe, parquetDeletes } from './delete-files.mjs';
import { readPuffin, writePuffin } from './puffin.mjs';

const PATH = 2147483546n;
const FILE = 2147483646n;
const fixture = (name) => readFileSync(fileURLToPath(new URL(`../../iceberg/deletes/files/${name}`, import.meta.url)));
const boundOf = (bounds, key) => bounds.find((bound) => bound.key === key).value;
const refused = (reason, more = {}) => ({ expect: { exit: 22, reason, ...more } });

/** As iceberg-go and DuckDB: the data file that all rows name, in a field of its own. */
function referencedFile(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    data.referenced_data_file = boundOf(data.lower_bounds, PATH).toString('utf8');
    data.sort_order_id = 0n;
  }
}

/** As DuckDB: bounds of the path under the id of `_file`, another order of fields, formats in small letters. */
function likeDuckdb(draft) {
  for (const { file } of draft.manifests(1n)) {
    const { fields } = file.schema.fields.find(({ name }) => name === 'data_file').type;
    const at = (wanted) => fields.findIndex(({ name }) => name === wanted);
    const [content] = fields.splice(at('content'), 1);
    fields.splice(at('sort_order_id') + 1, 0, content);
    for (const { data_file: data } of file.records) {
      data.referenced_data_file = boundOf(data.lower_bounds, PATH).toString('utf8');
      for (const field of ['lower_bounds', 'upper_bounds']) data[field] = [{ key: FILE, value: boundOf(data[field], PATH) }];
      data.file_format = 'parquet';
    }
  }
}

/** The data files beside a delete file of a partition, in the order of their bytes. */
function neighbours(draft, { file_path: file }) {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const paths = draft.entries(0n).map(({ data_file: { file_path: path } }) => path);
  return paths.filter((path) => path.startsWith(folder)).sort();
}

/** As writers other than Java, which gives no bounds where a file names several data files. */
function unequalBounds(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const paths = neighbours(draft, data);
    data.lower_bounds = [{ key: PATH, value: Buffer.from(paths[0]) }];
    data.upper_bounds = [{ key: PATH, value: Buffer.from(paths.at(-1)) }];
  }
}

/** As with metrics mode truncate(16) on paths; the other file has a lower bound only. */
function truncatedBounds(draft) {
  unequalBounds(draft);
  const [one, other] = draft.entries(1n).map(({ data_file: data }) => data);
  const beginning = boundOf(one.lower_bounds, PATH).subarray(0, 16);
  const above = Buffer.from(beginning);
  above[15]++;
  one.lower_bounds = [{ key: PATH, value: beginning }];
  one.upper_bounds = [{ key: PATH, value: above }];
  other.upper_bounds = null;
}

/** Delete files without rows beside the one that has some. */
function zeroRows(draft) {
  const [{ uri, file }] = draft.manifests(1n);
  const [first] = file.records;
  for (const format of ['parquet', 'avro', 'orc']) {
    const path = first.data_file.file_path.replace('-deletes.parquet', `-empty-deletes.${format}`);
    const more = { column_sizes: null, lower_bounds: null, upper_bounds: null, split_offsets: null };
    file.records.push({
      ...first,
      data_file: { ...first.data_file, ...more, file_path: path, file_format: format.toUpperCase() },
    });
    describe(file.records.at(-1).data_file, []);
    draft.replace(path, fixture(`odd-empty.${format}`));
    if (format === 'orc') draft.facts.orcRows = { [path]: [] };
  }
  for (const list of draft.lists) {
    for (const record of draft.open(list).records) if (record.manifest_path === uri) record.added_files_count += 3n;
  }
}

/** Rows that name files which the table does not have: below its location, and in places that have nothing to do with it. */
function dangling(draft) {
  const [one, other] = draft.entries(1n).map(({ data_file: data }) => data);
  const { location } = draft.facts;
  const real = (data) => neighbours(draft, data).map((path, n) => [path, BigInt(n)]);
  const strays = [
    'file:/tmp/elsewhere/1.parquet',
    `${location}/data/gone.parquet`,
    `${location}_2/data/x.parquet`,
    's3://nowhere/x/y.parquet',
    's3a://nowhere/x/y.parquet',
  ];
  const sorted = (rows) => rows.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const rows = sorted([
    ...real(one),
    ...strays.flatMap((path) => [
      [path, 3n],
      [path, 2n ** 40n],
    ]),
  ]);
  one.split_offsets = one.column_sizes = null;
  describe(one, rows);
  draft.replace(one.file_path, parquetDeletes(rows));

  const avroRows = sorted([...real(other), [strays[3], 7n]]);
  other.file_path = other.file_path.replace(/parquet$/, 'avro');
  other.file_format = 'AVRO';
  other.split_offsets = other.column_sizes = null;
  describe(other, avroRows, { lower: null, upper: null });
  draft.replace(other.file_path, avroDeletes(avroRows));
  draft.countRows();
}

/** Deletes that spell their data file in another way than the table does: Java, which compares paths as text, does not apply them. */
function otherSpelling(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const rows = [[boundOf(data.lower_bounds, PATH).toString('utf8').replace('s3a:', 's3:'), 1n]];
    data.split_offsets = data.column_sizes = null;
    describe(data, rows);
    draft.replace(data.file_path, parquetDeletes(rows));
  }
}

/** Vectors in another order than that of the footer, with bytes of nobody and another kind of blob between them. */
function gaps(draft) {
  const puffins = new Map(
    draft.entries(1n).map(({ data_file: data }) => [data.file_path, readPuffin(draft.files.get(data.file_path))]),
  );
  for (const [uri, { footer, blobs }] of puffins) {
    const moved = new Map();
    const parts = [];
    let at = 4;
    const add = (bytes) => {
      parts.push(bytes);
      at += bytes.length;
      return at - bytes.length;
    };
    const sketch = { type: 'apache-datasketches-theta-v1', fields: [1], 'snapshot-id': 1, 'sequence-number': 1 };
    add(Buffer.from('no blob'));
    const last = [
      {
        ...sketch,
        offset: add(Buffer.alloc(9, 0x5a)),
        length: 9,
        properties: { ndv: '9', 'referenced-data-file': 'of another kind' },
      },
    ];
    for (const [n, blob] of [...blobs.entries()].reverse()) {
      moved.set(BigInt(footer.blobs[n].offset), BigInt(add(blob)));
      add(Buffer.alloc(n + 1, 0xff));
    }
    const vectors = footer.blobs.map((blob) => ({ ...blob, offset: Number(moved.get(BigInt(blob.offset))) }));
    draft.replace(uri, writePuffin(Buffer.concat(parts), { ...footer, blobs: [vectors[0], ...last, ...vectors.slice(1)] }));
    for (const { data_file: data } of draft.entries(1n)) {
      if (data.file_path !== uri) continue;
      data.content_offset = moved.get(data.content_offset);
      data.file_format = 'puffin';
    }
  }
}

function packedFooter(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const bytes = draft.files.get(data.file_path);
    const { footer } = readPuffin(bytes);
    const end = bytes.length - 12 - bytes.readInt32LE(bytes.length - 12) - 4;
    draft.replace(data.file_path, writePuffin(bytes.subarray(4, end), footer, { packed: true }));
  }
}

/** As DuckDB before June 2026, and DuckLake: a vector without a container. */
function rawVector(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const { blobs } = readPuffin(draft.files.get(data.file_path));
    Object.assign(data, { content_offset: 0n, content_size_in_bytes: BigInt(blobs[0].length), file_format: 'puffin' });
    draft.replace(data.file_path, blobs[0]);
  }
}

/**
 * An insert of `id = 2` becomes a delete of all older rows whose id is 2, as Flink writes it; the compaction after it began before it: what it wrote
 * has the sequence number from before the delete.
 */
function equality(draft) {
  const third = draft.open(draft.lists[2]).records.find((record) => record.sequence_number === 3n);
  const { header, records } = draft.open(third.manifest_path);
  header.set('content', Buffer.from('deletes'));
  Object.assign(records[0].data_file, { content: 2n, equality_ids: [1n], sort_order_id: null });
  for (const list of draft.lists) {
    for (const record of draft.open(list).records) if (record.manifest_path === third.manifest_path) record.content = 1n;
  }
  const compacted = draft.entries(0n).filter(({ status, sequence_number: sequence }) => status === 1n && sequence !== null);
  if (compacted.length !== 1) throw new Error(`${compacted.length} compacted files`);
  compacted[0].sequence_number = 2n;
  for (const record of draft.open(draft.lists[3]).records) {
    if (record.content === 0n && record.sequence_number === 4n && record.min_sequence_number > 2n)
      record.min_sequence_number = 2n;
  }
}

/** As old writers of version 1: lists that count nothing. */
function nullCounts(draft) {
  for (const list of draft.lists) {
    for (const record of draft.open(list).records) {
      for (const name of Object.keys(record)) if (name.endsWith('_count')) record[name] = null;
    }
  }
}

function missingStatistics(draft) {
  let n = 0;
  draft.metadata = draft.metadata.replace(/("statistics-path"\s*:\s*")[^"]*"/g, (field, start) =>
    n++ === 0 ? `${start}${draft.facts.location}/metadata/gone.stats"` : field,
  );
}

function sealedDeletes(draft) {
  for (const { data_file: data } of draft.entries(1n)) draft.replace(data.file_path, fixture('sealed-footer.parquet'));
}

function xz(draft) {
  for (const { file } of draft.manifests(0n)) file.header.set('avro.codec', Buffer.from('xz'));
  draft.pack = { xz: (input) => execFileSync('xz', ['--stdout'], { input }) };
}

/** A data file with the name that a restore gives to a delete file. */
function orcName(draft) {
  const [{ data_file: data }] = draft.entries(0n);
  const [{ data_file: deletes }] = draft.entries(1n);
  const bytes = draft.files.get(data.file_path);
  data.file_path = `${deletes.file_path}.parquet`;
  draft.replace(data.file_path, bytes);
}

const rename = (to) => (draft) => {
  const [{ data_file: data }] = draft.entries(0n);
  data.file_path = to(data.file_path, draft.facts.location);
};

export const CRAFTED_TABLES = {
  'hand-referenced-file': {
    base: 'spark-position-deletes',
    note: 'referenced_data_file and a sort order on a position-delete file of version 2',
    edit: referencedFile,
  },
  'hand-like-duckdb': {
    base: 'spark-position-deletes',
    note: 'path bounds under 2147483646, fields in another order',
    edit: likeDuckdb,
  },
  'hand-unequal-bounds': { base: 'spark-deletes-partition', note: 'path bounds that are not equal', edit: unequalBounds },
  'hand-truncated-bounds': {
    base: 'spark-deletes-partition',
    note: 'path bounds cut to 16 bytes, or on one side only',
    edit: truncatedBounds,
  },
  'hand-zero-rows': { base: 'spark-position-deletes', note: 'delete files without rows', edit: zeroRows },
  'hand-dangling': {
    base: 'spark-deletes-partition',
    note: 'delete rows that name files which the table does not have',
    edit: dangling,
  },
  'hand-puffin-gaps': { base: 'spark-vectors-many', note: 'vectors with gaps, in another order, beside other blobs', edit: gaps },
  'hand-puffin-packed': { base: 'spark-deletion-vectors', note: 'a Puffin footer packed with LZ4', edit: packedFooter },
  'hand-raw-vector': { base: 'spark-deletion-vectors', note: 'a vector that lies in no Puffin file', edit: rawVector },
  'hand-equality': { base: 'spark-compacted', note: 'an equality delete between begin and end of a compaction', edit: equality },
  'hand-v1-null-counts': { base: 'spark-v1', note: 'version 1 lists without counts', edit: nullCounts },
  'hand-statistics-gone': { base: 'spark-statistics', note: 'one of two statistics files is missing', edit: missingStatistics },
  'refused-encrypted-deletes': {
    base: 'spark-position-deletes',
    note: 'an encrypted Parquet delete file',
    edit: sealedDeletes,
    ...refused('encrypted'),
  },
  'refused-delete-spelling': {
    base: 'spark-s3a-beside-s3',
    note: 'delete rows that name a data file in s3:// which the table has in s3a://',
    edit: otherSpelling,
    ...refused('spell the paths of 1 data file', { at: 'restore' }),
  },
  'refused-orc-name': {
    base: 'spark-deletes-orc',
    note: 'a data file with the name that an ORC delete file gets when it becomes Parquet',
    edit: orcName,
    ...refused('would both become', { at: 'restore' }),
  },
  'refused-codec-xz': { base: 'spark-v2', note: 'manifests packed with xz', edit: xz, ...refused('xz') },
  'refused-relative-path': {
    base: 'spark-v2',
    note: 'a path that is not absolute',
    edit: rename((path, location) => path.slice(location.length + 1)),
    ...refused('not absolute'),
  },
  'refused-hdfs': {
    base: 'spark-v2',
    note: 'a file on a store that bcn cannot read',
    edit: rename((path) => path.replace('s3://', 'hdfs://namenode:8020/')),
    ...refused('where bcn cannot read'),
  },
};
