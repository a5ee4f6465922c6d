/** The tables that Spark writes with files outside their location, or with statistics (see spark.mjs). */
import { COW, create, MOR, TWO } from './statements.mjs';

export const SPARK_PLACE_TABLES = {
  'spark-data-path-outside': {
    note: 'write.data.path outside the location, whose name is the beginning of it',
    outside: ['$L-data'],
    sql: [create(2, { ...COW, 'write.data.path': '$L-data' }), ...TWO, 'DELETE FROM $T WHERE id = 2'],
  },
  'spark-prefix-twin': {
    note: 'the location t, the data in t_2/, which ends in a slash; deletes',
    location: 's3://$B/corpus/spark-prefix-twin/t',
    outside: ['s3://$B/corpus/spark-prefix-twin/t_2'],
    sql: [
      create(2, { ...MOR, 'write.data.path': 's3://$B/corpus/spark-prefix-twin/t_2/' }),
      ...TWO,
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-metadata-path': {
    note: 'write.metadata.path in another bucket',
    outside: ['s3://$O/meta of/spark-metadata-path'],
    sql: [create(2, { ...COW, 'write.metadata.path': 's3://$O/meta of/spark-metadata-path' }), ...TWO],
  },
  'spark-object-path': {
    note: 'write.object-storage.path outside the location, although no file is there',
    sql: [create(2), TWO[0], "ALTER TABLE $T SET TBLPROPERTIES ('write.object-storage.path'='s3://elsewhere/shared')"],
  },
  'spark-object-storage-outside': {
    note: 'hashed object-storage layout in a folder of another bucket that others share; vectors',
    outside: ['s3://$O/shared é/objects'],
    sql: [
      create(
        3,
        { ...MOR, 'write.object-storage.enabled': 'true', 'write.data.path': 's3://$O/shared é/objects' },
        '(id bigint, s string) USING iceberg PARTITIONED BY (s)',
      ),
      "INSERT INTO $T SELECT /*+ COALESCE(1) */ * FROM VALUES (1L, 'a b'), (2L, 'a b'), (3L, 'c')",
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-object-storage-bucket': {
    note: 'hashed object-storage layout in a whole bucket',
    outside: ['s3://$W'],
    sql: [
      create(2, { ...MOR, 'write.object-storage.enabled': 'true', 'write.data.path': 's3://$W' }),
      ...TWO,
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-data-path-above': {
    note: 'write.data.path is a folder that the location lies in',
    location: 's3://$B/corpus/spark-data-path-above/inner/t',
    outside: ['s3://$B/corpus/spark-data-path-above/inner/more'],
    sql: [
      create(2, { ...MOR, 'write.data.path': 's3://$B/corpus/spark-data-path-above/inner/more' }),
      TWO[0],
      "ALTER TABLE $T SET TBLPROPERTIES ('write.data.path'='s3://$B/corpus/spark-data-path-above/inner/t/data')",
      TWO[1],
      'DELETE FROM $T WHERE id IN (2, 5)',
      "ALTER TABLE $T SET TBLPROPERTIES ('write.data.path'='s3://$B/corpus/spark-data-path-above/inner')",
    ],
  },
  'spark-deletes-two-roots': {
    note: 'deletes, in each format, of files in two buckets, whose order is another one after a restore',
    outside: ['s3://$O/spark-deletes-two-roots/data'],
    orcRows: true,
    sql: [
      create(2, { ...MOR, 'write.delete.granularity': 'partition' }),
      TWO[0],
      "ALTER TABLE $T SET TBLPROPERTIES ('write.data.path'='s3://$O/spark-deletes-two-roots/data')",
      TWO[1],
      'DELETE FROM $T WHERE id IN (1, 4)',
      "ALTER TABLE $T SET TBLPROPERTIES ('write.delete.format.default'='avro')",
      'DELETE FROM $T WHERE id IN (2, 5)',
      "ALTER TABLE $T SET TBLPROPERTIES ('write.delete.format.default'='orc')",
      'DELETE FROM $T WHERE id IN (3, 6)',
    ],
  },
  'spark-s3a-beside-s3': {
    note: 'metadata under s3://, data of the same location under s3a://; deletes',
    sql: [
      create(2, { ...MOR, 'write.data.path': 's3a://$B/corpus/spark-s3a-beside-s3/data' }),
      ...TWO,
      'DELETE FROM $T WHERE id = 2',
    ],
  },
  'spark-statistics': {
    note: 'compute_table_stats for two snapshots',
    sql: [
      create(2),
      TWO[0],
      "CALL hms.system.compute_table_stats(table => '$S')",
      TWO[1],
      "CALL hms.system.compute_table_stats(table => '$S')",
    ],
  },
  'spark-partition-statistics': {
    note: 'compute_partition_stats',
    sql: [
      create(2, {}, '(id bigint, s string) USING iceberg PARTITIONED BY (s)'),
      TWO[0],
      "CALL hms.system.compute_partition_stats(table => '$S')",
    ],
  },
  'spark-statistics-both': {
    note: 'statistics of two snapshots, partition statistics outside the location',
    outside: ['$L meta'],
    sql: [
      create(2, { 'write.metadata.path': '$L meta' }, '(id bigint, s string) USING iceberg PARTITIONED BY (s)'),
      TWO[0],
      "CALL hms.system.compute_table_stats(table => '$S')",
      "INSERT INTO $T VALUES (9, 'a')",
      "CALL hms.system.compute_table_stats(table => '$S')",
      "CALL hms.system.compute_partition_stats(table => '$S')",
    ],
  },
};
