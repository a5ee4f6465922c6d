/** Edits of tables with position deletes (see crafted.mjs). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { avroDeletes, describe, parquetDeletes } from './delete-files.mjs';

const PATH = 2147483546n;
const FILE = 2147483646n;
export const fixture = (name) => readFileSync(fileURLToPath(new URL(`../../iceberg/deletes/files/${name}`, import.meta.url)));
const boundOf = (bounds, key) => bounds.find((bound) => bound.key === key).value;

/** As iceberg-go and DuckDB: the data file that all rows name, in a field of its own. */
export function referencedFile(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    data.referenced_data_file = boundOf(data.lower_bounds, PATH).toString('utf8');
    data.sort_order_id = 0n;
  }
}

/** As DuckDB: bounds of the path under the id of `_file`, another order of fields, formats in small letters. */
export function likeDuckdb(draft) {
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
export function unequalBounds(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const paths = neighbours(draft, data);
    data.lower_bounds = [{ key: PATH, value: Buffer.from(paths[0]) }];
    data.upper_bounds = [{ key: PATH, value: Buffer.from(paths.at(-1)) }];
  }
}

/** As with metrics mode truncate(16) on paths; the other file has a lower bound only. */
export function truncatedBounds(draft) {
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
export function zeroRows(draft) {
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
export function dangling(draft) {
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
export function otherSpelling(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const rows = [[boundOf(data.lower_bounds, PATH).toString('utf8').replace('s3a:', 's3:'), 1n]];
    data.split_offsets = data.column_sizes = null;
    describe(data, rows);
    draft.replace(data.file_path, parquetDeletes(rows));
  }
}

/** A data file with the name that a restore gives to a delete file. */
export function orcName(draft) {
  const [{ data_file: data }] = draft.entries(0n);
  const [{ data_file: deletes }] = draft.entries(1n);
  const bytes = draft.files.get(data.file_path);
  data.file_path = `${deletes.file_path}.parquet`;
  draft.replace(data.file_path, bytes);
}

/** One manifest spells the delete files in another way than the others do. */
export function twoSpellings(draft) {
  const optimized = draft.manifests(1n).find(({ uri }) => uri.includes('/optimized-'));
  for (const { data_file: data } of optimized.file.records) data.file_path = data.file_path.replace('s3:', 's3a:');
}
