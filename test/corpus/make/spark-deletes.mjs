/** The tables that Spark writes with deletes beside the data (see spark.mjs). */
import { create, HISTORY, MOR, TWO } from './statements.mjs';

const BY_PARTITION = { ...MOR, 'write.delete.granularity': 'partition' };

/** Two files in each of two partitions; rows of all four are deleted, so that each delete file names two data files. */
const PARTITIONED = (properties) => [
  create(2, { ...BY_PARTITION, ...properties }, '(id bigint, p string) USING iceberg PARTITIONED BY (p)'),
  "INSERT INTO $T VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, 'b')",
  "INSERT INTO $T VALUES (5, 'a'), (6, 'a'), (7, 'b'), (8, 'b')",
  'DELETE FROM $T WHERE id IN (1, 4, 5, 8)',
];

const ODD = ['a b', 'ünï', '😀', '%20', '#', '?', '$&', '"', ','];
/** Two rows for each odd value, with the ids 1 and 2. */
const ODD_ROWS = `SELECT /*+ COALESCE(1) */ id, s, 1 FROM VALUES ${ODD.map((value) => `('${value}')`).join(', ')} AS v(s), VALUES (1L), (2L) AS w(id)`;

export const SPARK_DELETE_TABLES = {
  'spark-position-deletes': {
    note: 'merge-on-read, version 2: deletes of one file, bounds that are equal',
    sql: [create(2, MOR), ...TWO, 'DELETE FROM $T WHERE id = 2'],
  },
  'spark-old-deletes': {
    note: 'delete files in a retained snapshot only: the current one has none',
    sql: [create(2, MOR), ...TWO, 'DELETE FROM $T WHERE id = 2', HISTORY[4]],
  },
  'spark-deletes-partition': {
    note: 'Parquet deletes of several files: bounds that are not equal, two delete files in one manifest',
    sql: PARTITIONED({}),
  },
  'spark-deletes-avro': {
    note: 'Avro deletes of several files',
    sql: PARTITIONED({ 'write.delete.format.default': 'avro' }),
  },
  'spark-deletes-orc': {
    note: 'ORC deletes of several files; one of them is gone again in the current snapshot',
    orcRows: true,
    sql: [...PARTITIONED({ 'write.delete.format.default': 'orc' }), "DELETE FROM $T WHERE p = 'b'"],
  },
  'spark-deletes-shared': {
    note: 'delete files that two manifests and several tagged snapshots name',
    sql: [
      create(2, BY_PARTITION),
      ...TWO,
      'DELETE FROM $T WHERE id IN (2, 5)',
      'ALTER TABLE $T CREATE TAG first',
      'DELETE FROM $T WHERE id = 3',
      "CALL hms.system.rewrite_manifests('$S')",
      'ALTER TABLE $T CREATE TAG second',
      "INSERT INTO $T VALUES (9, 'i')",
    ],
  },
  'spark-deletes-expired': {
    note: 'DELETED entries of delete files which are gone',
    sql: [
      create(2, MOR),
      ...TWO,
      'DELETE FROM $T WHERE id = 2',
      'DELETE FROM $T WHERE id = 3',
      "CALL hms.system.rewrite_position_delete_files(table => '$S', options => map('rewrite-all', 'true'))",
      "CALL hms.system.expire_snapshots(table => '$S', older_than => timestamp'2100-01-01', retain_last => 1)",
    ],
  },
  'spark-deletes-upgraded': {
    note: 'version 2 deletes beside the vectors of version 3; lists without first-row-id beside others',
    sql: [
      create(2, MOR),
      ...TWO,
      'DELETE FROM $T WHERE id = 2',
      "ALTER TABLE $T SET TBLPROPERTIES ('format-version'='3')",
      'DELETE FROM $T WHERE id = 5',
      "INSERT INTO $T VALUES (9, 'i')",
    ],
  },
  'spark-deletes-odd-values': {
    note: 'deletes of files whose paths have every character that some layer takes for its own',
    location: 's3a://$B/corpus/odd deletes 😀 +%20=é,&(1)',
    sql: [
      create(2, BY_PARTITION, '(id bigint, s string, n bigint) USING iceberg PARTITIONED BY (n, s)'),
      `INSERT INTO $T ${ODD_ROWS}`,
      `INSERT INTO $T ${ODD_ROWS}`,
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-vectors-odd-values': {
    note: 'vectors of such files',
    location: 's3a://$B/corpus/odd vectors 😀 +%20=é,&(1)',
    sql: [
      create(3, MOR, '(id bigint, s string, n bigint) USING iceberg PARTITIONED BY (n, s)'),
      `INSERT INTO $T ${ODD_ROWS}`,
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-deletion-vectors': {
    note: 'merge-on-read, version 3: one vector',
    sql: [create(3, MOR), ...TWO, 'DELETE FROM $T WHERE id = 2'],
  },
  'spark-vectors-many': {
    note: 'vectors of several data files in one Puffin file, one of them replaced later',
    sql: [
      create(3, MOR),
      ...TWO,
      "INSERT INTO $T SELECT /*+ COALESCE(1) */ * FROM VALUES (7L, 'g'), (8L, 'h'), (9L, 'i')",
      'DELETE FROM $T WHERE id % 3 = 0',
      'DELETE FROM $T WHERE id = 4',
    ],
  },
};
