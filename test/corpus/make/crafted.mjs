/**
 * Tables that are legal and that no engine at hand writes: made from those of the corpus by editing manifests and files as values (draft.mjs). What is
 * said of each here is what other writers do, or what they may do. Spark counts their rows, unless it cannot read them.
 */
import { execFileSync } from 'node:child_process';
import {
  dangling,
  fixture,
  likeDuckdb,
  orcName,
  otherSpelling,
  referencedFile,
  truncatedBounds,
  twoSpellings,
  unequalBounds,
  zeroRows,
} from './edit-rows.mjs';
import { danglingVectors, gaps, packedFooter, rawVector } from './edit-vectors.mjs';

/** Of xz, which Node has not. */
const PACKER = ['xz', ['--stdout']];
const refused = (reason, more = {}) => ({ expect: { exit: 22, reason, ...more } });

/** Avro as it may be: unions whose null comes last, arrays in blocks of one item that say their length. */
function oddAvro(draft) {
  const turn = (schema) => {
    if (Array.isArray(schema)) return schema.map(turn).reverse();
    if (typeof schema !== 'object') return schema;
    const inner = Object.fromEntries(['type', 'items'].filter((key) => key in schema).map((key) => [key, turn(schema[key])]));
    const fields = schema.fields?.map(({ default: _, ...field }) => ({ ...field, type: turn(field.type) }));
    return { ...schema, ...inner, ...(fields && { fields }) };
  };
  for (const list of draft.lists) {
    for (const { manifest_path: uri } of draft.open(list).records) {
      const file = draft.open(uri);
      if (!file.sized) Object.assign(file, { schema: turn(file.schema), sized: true });
    }
    const file = draft.open(list);
    Object.assign(file, { schema: turn(file.schema), sized: true });
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

/** Paths as some JSON writers spell them, of statistics and of a property that leads outside. */
function respeltPaths(draft) {
  const spell = (text) => text.replaceAll('/', '\\/').replace('s3:', '\\u0073\\u0033:');
  draft.metadata = draft.metadata
    .replace(/("statistics-path"\s*:\s*")([^"]*)/g, (_, start, path) => start + spell(path))
    .replace(/("properties"\s*:\s*\{)/, `$1"write.folder-storage.path":"${spell('s3://corpus/outside')} \\u00e9",`);
}

function sealedDeletes(draft) {
  for (const { data_file: data } of draft.entries(1n)) draft.replace(data.file_path, fixture('sealed-footer.parquet'));
}

function xz(draft) {
  for (const { file } of draft.manifests(0n)) file.header.set('avro.codec', Buffer.from('xz'));
  draft.pack = { xz: (input) => execFileSync(...PACKER, { input }) };
}

/** An entry of a file that is gone, on a store that nobody asks any more. */
function deletedElsewhere(draft) {
  const { data_file: data } = draft.entries(0n).find(({ status }) => status === 2n);
  data.file_path = data.file_path.replace('s3://', 'hdfs://namenode:8020/');
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
  'hand-odd-avro': {
    base: 'spark-deletes-partition',
    note: 'unions whose null comes last, arrays in blocks that say their length',
    edit: (draft) => {
      unequalBounds(draft);
      oddAvro(draft);
    },
  },
  'hand-dangling-vectors': {
    base: 'spark-vectors-many',
    note: 'vectors about files that the table does not have',
    edit: danglingVectors,
  },
  'hand-delete-file-spellings': {
    base: 'spark-deletes-shared',
    note: 'one delete file that two manifests spell differently',
    edit: twoSpellings,
  },
  'hand-deleted-elsewhere': { base: 'spark-v2', note: 'a DELETED entry on hdfs://', edit: deletedElsewhere },
  'hand-puffin-gaps': { base: 'spark-vectors-many', note: 'vectors with gaps, in another order, beside other blobs', edit: gaps },
  'hand-puffin-packed': { base: 'spark-deletion-vectors', note: 'a Puffin footer packed with LZ4', edit: packedFooter },
  'hand-raw-vector': { base: 'spark-deletion-vectors', note: 'a vector that lies in no Puffin file', edit: rawVector },
  'hand-equality': { base: 'spark-compacted', note: 'an equality delete between begin and end of a compaction', edit: equality },
  'hand-v1-null-counts': { base: 'spark-v1', note: 'version 1 lists without counts', edit: nullCounts },
  'hand-statistics-gone': { base: 'spark-statistics', note: 'one of two statistics files is missing', edit: missingStatistics },
  'hand-respelt-paths': {
    base: 'spark-statistics',
    note: 'escapes in paths of statistics, and in a path outside the location',
    edit: respeltPaths,
  },
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
