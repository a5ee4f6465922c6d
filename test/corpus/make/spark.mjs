/**
 * The tables that Spark writes: name → statements. `$T` = the table, `$L` = its location, `$S` = the table's name for
 * procedures, `$B` = the bucket, `$O` = another one, `$W` = one that holds nothing else. `space` = catalog and namespace, `hms.corpus` unless said otherwise. Location: `s3://<bucket>/corpus/<name>` unless said otherwise.
 */
import { COW, create, HISTORY, TWO } from './statements.mjs';

const ODD_VALUES = ['a b', 'ünï', '😀', '%20', 'a+b', 'a=b', '#', '?', 'a/b', '', ',', ':', '$&', '..', '"'];

export const SPARK_TABLES = {
  'spark-v1': { note: 'format version 1: no sequence numbers', sql: [create(1, COW), ...HISTORY] },
  'spark-v1-void': {
    note: 'a dropped partition field of version 1 becomes void',
    sql: [
      create(1, COW, '(id bigint, s string) USING iceberg PARTITIONED BY (s, bucket(2, id))'),
      TWO[0],
      'ALTER TABLE $T DROP PARTITION FIELD s',
      TWO[1],
    ],
  },
  'spark-v2': { note: 'copy-on-write: entries of every status', sql: [create(2, COW), ...HISTORY] },
  'spark-v3': { note: 'row lineage: first-row-id everywhere', sql: [create(3, COW), ...HISTORY] },
  'spark-upgraded': {
    note: 'written as version 1, then 2, then 3: lists and manifests of all three in one table',
    sql: [
      create(1, COW),
      HISTORY[0],
      "ALTER TABLE $T SET TBLPROPERTIES ('format-version'='2')",
      HISTORY[1],
      "ALTER TABLE $T SET TBLPROPERTIES ('format-version'='3')",
      'DELETE FROM $T WHERE id = 2',
      "INSERT INTO $T VALUES (9, 'i')",
    ],
  },
  'spark-partitioned': {
    note: 'identity, bucket, day and truncate; manifests with several partitions',
    sql: [
      create(
        2,
        COW,
        '(id bigint, s string, at timestamp) USING iceberg PARTITIONED BY (s, bucket(3, id), days(at), truncate(2, s))',
      ),
      "INSERT INTO $T VALUES (1, 'aaa', timestamp'2024-01-01 01:02:03'), (2, 'bbb', timestamp'1969-12-31 23:59:59'), (3, null, null)",
      "INSERT INTO $T VALUES (4, 'aaa', timestamp'2024-01-01 05:00:00'), (-5, 'ccc', timestamp'2024-02-29 00:00:00')",
      "DELETE FROM $T WHERE s = 'bbb'",
    ],
  },
  'spark-odd-values': {
    note: 'partition values with every character that some layer takes for its own',
    sql: [
      create(2, { 'owner-note': 'costs $& and $1 and \\\\d' }, '(id bigint, s string) USING iceberg PARTITIONED BY (s)'),
      `INSERT INTO $T VALUES ${ODD_VALUES.map((value, index) => `(${index}, '${value}')`).join(', ')}, (99, null)`,
    ],
  },
  'spark-odd-location': {
    note: 'odd characters in the location itself, under s3a',
    location: 's3a://$B/corpus/odd näme 😀 +%20=é,&(1)',
    sql: [create(2, COW), ...TWO, 'DELETE FROM $T WHERE id = 2'],
  },
  'spark-evolved': {
    note: 'columns added, dropped, renamed, promoted, re-added; three partition specs, a dropped partition column; a sort order',
    sql: [
      create(2, COW, '(id int, s string, f float, d decimal(9,2), x int) USING iceberg PARTITIONED BY (x)'),
      "INSERT INTO $T VALUES (1, 'a', 1.5, 12.34, 1), (2, 'b', cast('NaN' as float), null, 2)",
      'ALTER TABLE $T ALTER COLUMN id TYPE bigint',
      'ALTER TABLE $T ALTER COLUMN f TYPE double',
      'ALTER TABLE $T ALTER COLUMN d TYPE decimal(18,2)',
      'ALTER TABLE $T RENAME COLUMN s TO text',
      'ALTER TABLE $T ADD COLUMN (n struct<a: int, b: array<string>, c: map<string, bigint>>)',
      'ALTER TABLE $T ADD PARTITION FIELD bucket(2, id)',
      "INSERT INTO $T VALUES (9007199254740993, 'c', 2.5, 1.00, 3, named_struct('a', 1, 'b', array('x'), 'c', map('k', 9007199254740993)))",
      'ALTER TABLE $T DROP PARTITION FIELD x',
      'ALTER TABLE $T WRITE ORDERED BY text DESC NULLS LAST',
      "INSERT INTO $T VALUES (4, 'd', -0.0, 0, 4, null)",
      'ALTER TABLE $T DROP COLUMN x',
      'ALTER TABLE $T ADD COLUMN x date',
      "INSERT INTO $T VALUES (5, 'e', 1, 1, null, date'2024-05-06')",
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-types': {
    note: 'bounds and partition values of many types, variant among them, which Hive cannot hold',
    space: 'static.lab',
    sql: [
      create(
        3,
        {},
        '(id bigint, b boolean, i int, f float, d double, dec decimal(38,9), dt date, ts timestamp, tn timestamp_ntz, bin binary, v variant) ' +
          'USING iceberg PARTITIONED BY (b, f, dec, dt, bin)',
      ),
      "INSERT INTO $T VALUES (1, true, 1, cast('NaN' as float), 1e300, 12345678901234567890123456789.123456789, date'1969-01-01', timestamp'2024-01-01', timestamp_ntz'2024-01-01', X'00FF', parse_json('{\"a\":1}'))",
      "INSERT INTO $T VALUES (2, false, -2147483648, -0.0, -1, -1, date'2024-01-01', timestamp'1900-01-01', null, X'', null), (3, null, null, null, null, null, null, null, null, null, null)",
    ],
  },
  'spark-refs': {
    note: 'branch, tag, a staged (WAP) snapshot that no ref names, a rollback',
    sql: [
      create(2, COW),
      TWO[0],
      'ALTER TABLE $T CREATE TAG `v 1.0/ä`',
      'ALTER TABLE $T CREATE BRANCH dev',
      "INSERT INTO $T.branch_dev VALUES (10, 'dev')",
      TWO[1],
      "ALTER TABLE $T SET TBLPROPERTIES ('write.wap.enabled'='true')",
      'SET spark.wap.id=corpus-wap',
      "INSERT INTO $T VALUES (11, 'staged')",
      'RESET spark.wap.id',
      "INSERT INTO $T VALUES (12, 'rolled back')",
      { rollBack: 1 },
    ],
  },
  'spark-expired': {
    note: 'expired snapshots: the metadata log names files whose snapshots are gone, parents dangle',
    sql: [
      create(2, { ...COW, 'write.metadata.previous-versions-max': '2', 'write.metadata.delete-after-commit.enabled': 'true' }),
      ...HISTORY.slice(0, 4),
      "CALL hms.system.expire_snapshots(table => '$S', older_than => timestamp'2100-01-01', retain_last => 2)",
    ],
  },
  'spark-rewritten': {
    note: 'rewrite_manifests (EXISTING entries with inherited values made explicit), rewrite_data_files (ADDED with an older sequence number)',
    sql: [
      create(2, COW, '(id bigint, s string) USING iceberg PARTITIONED BY (truncate(1, s))'),
      ...TWO,
      "INSERT INTO $T VALUES (7, 'a'), (8, 'b')",
      "CALL hms.system.rewrite_manifests('$S')",
      "CALL hms.system.rewrite_data_files(table => '$S', options => map('rewrite-all', 'true'))",
      'DELETE FROM $T WHERE id = 1',
    ],
  },
  'spark-compacted': {
    note: 'a compaction that leaves one file alone',
    sql: [
      create(2, COW),
      ...TWO,
      "INSERT INTO $T VALUES (2, 'zzz')",
      `CALL hms.system.rewrite_data_files(table => '$S', where => 's < "y"', options => map('rewrite-all', 'true'))`,
    ],
  },
  'spark-gzip': {
    note: 'gzip metadata',
    sql: [create(2, { ...COW, 'write.metadata.compression-codec': 'gzip' }), ...TWO],
  },
  'spark-orc': { note: 'ORC data files', sql: [create(2, { ...COW, 'write.format.default': 'orc' }), ...TWO] },
  'spark-avro': { note: 'Avro data files', sql: [create(2, { ...COW, 'write.format.default': 'avro' }), ...TWO] },
  'spark-codec-zstd': { note: 'zstandard manifests', sql: [create(2, { 'write.manifest.compression-codec': 'zstd' }), ...TWO] },
  'spark-codec-snappy': { note: 'snappy manifests', sql: [create(2, { 'write.manifest.compression-codec': 'snappy' }), ...TWO] },
  'spark-codec-none': {
    note: 'uncompressed manifests',
    sql: [create(2, { 'write.manifest.compression-codec': 'uncompressed' }), ...TWO],
  },
  'spark-empty-v2': { note: 'no snapshot: current-snapshot-id is -1', sql: [create(2)] },
  'spark-empty-v3': { note: 'no snapshot: current-snapshot-id is null or absent', sql: [create(3)] },
  'spark-emptied': { note: 'a current snapshot without files', sql: [create(2, COW), TWO[0], 'DELETE FROM $T'] },
  'spark-data-path': {
    note: 'write.data.path and write.metadata.path inside the location, with odd characters',
    sql: [
      create(2, { ...COW, 'write.data.path': '$L/my/dätä +%41=,', 'write.metadata.path': '$L/my/meta' }),
      ...TWO,
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-data-path-root': {
    note: 'write.data.path is the location itself',
    sql: [create(2, { 'write.data.path': '$L' }), ...TWO],
  },
  'spark-object-storage': {
    note: 'hashed object-storage layout inside the location',
    sql: [
      create(2, { 'write.object-storage.enabled': 'true' }, '(id bigint, s string) USING iceberg PARTITIONED BY (s)'),
      ...TWO,
    ],
  },
};
