import { items, type JsonMembers, parseJson, text } from '../../corpus/json.js';
import { getObject } from '../buckets.js';
import type { Making } from './making.js';
import type { Recipe } from './recipe.js';
import { roundTrips } from './round-trips.js';
import { call, create, insert, insertRows, remove } from './words.js';

const PARTS = { columns: 'id bigint, s string, p string', rest: 'PARTITIONED BY (p)' };

/** Deletes from the bucket the first file that the metadata names here. */
const lose = (t: Making, field: 'statistics' | 'partition-statistics') => async () => {
  const rows = await t.spark.sql(`SELECT file FROM ${t.full}.metadata_log_entries ORDER BY timestamp DESC LIMIT 1`);
  const metadata = parseJson((await getObject(t.lab, String(rows.rows[0]?.[0]))).toString('utf8')) as JsonMembers;
  await t.removeObject(text(items(metadata.get(field))[0]?.get('statistics-path')));
};

const TABLES: Readonly<Record<string, Recipe>> = {
  'of the table and of its partitions, for two snapshots': {
    ids: [1, 3, 4],
    names: ['statistics', 'partition statistics', 'position deletes'],
    make: (t) => [
      create(t, 2, {}, PARTS),
      insertRows(t.full, "(1, 'a', 'x')", "(2, 'b', 'y')", "(3, 'c', 'y')"),
      call(t, 'compute_table_stats'),
      call(t, 'compute_partition_stats'),
      remove(t, 2),
      insertRows(t.full, "(4, 'd', 'x')"),
      call(t, 'compute_table_stats', "columns => array('id')"),
      call(t, 'compute_partition_stats'),
    ],
  },
  'whose file is gone': {
    ids: [1, 2, 3],
    names: ['statistics'],
    lost: { statistics: 1 },
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      call(t, 'compute_table_stats'),
      insert(t, 3),
      call(t, 'compute_table_stats'),
      lose(t, 'statistics'),
    ],
  },
  'of version 3, and those of the partitions gone': {
    ids: [1, 3],
    names: ['statistics', 'partition statistics', 'deletion vectors'],
    lost: { 'partition statistics': 1 },
    make: (t) => [
      create(t, 3, {}, PARTS),
      insertRows(t.full, "(1, 'a', 'x')", "(2, 'b', 'y')", "(3, 'c', 'y')"),
      remove(t, 2),
      call(t, 'compute_table_stats'),
      call(t, 'compute_partition_stats'),
      lose(t, 'partition-statistics'),
    ],
  },
};

roundTrips('statistics', TABLES);
