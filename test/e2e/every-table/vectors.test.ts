import { getObject, putObject, split } from '../buckets.js';
import type { Making } from './making.js';
import { puffinWithGap } from './puffin.js';
import type { Recipe } from './recipe.js';
import { roundTrips } from './round-trips.js';
import { call, create, EXPIRE_ALL_BUT, insert, insertRows, remove, set } from './words.js';

const NAMES = ['deletion vectors', 'vector footer', 'referenced data file'] as const;

const TABLES: Readonly<Record<string, Recipe>> = {
  'of one file, deleted from again and again': {
    ids: [1, 4],
    names: NAMES,
    make: (t) => [create(t, 3), insert(t, 1, 2, 3, 4), remove(t, 2), remove(t, 3)],
  },
  'of several files in one Puffin': {
    ids: [1, 4, 6],
    names: NAMES,
    make: (t) => [create(t, 3), insert(t, 1, 2), insert(t, 3, 4), insert(t, 5, 6), remove(t, 2, 3, 5)],
  },
  'in partitions, with updates: rows keep their ids': {
    ids: [1, 2, 4, 5, 6],
    names: NAMES,
    make: (t) => [
      create(t, 3, {}, { columns: 'id bigint, s string, p string', rest: 'PARTITIONED BY (p)' }),
      insertRows(t.full, "(1, 'a', 'x')", "(2, 'b', 'y')", "(3, 'c', 'y')"),
      insertRows(t.full, "(4, 'd', 'x')", "(5, 'e', 'y')"),
      `UPDATE ${t.full} SET s = 'changed' WHERE id IN (2, 4)`,
      `MERGE INTO ${t.full} t USING (SELECT explode(array(3L, 6L)) AS id) n ON t.id = n.id
         WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, s, p) VALUES (n.id, 'new', 'x')`,
    ],
  },
  'beside deletes of version 2, which stay': {
    ids: [1, 4, 6, 7],
    names: [...NAMES, 'position deletes', 'position row'],
    make: (t) => [
      create(t, 2, { 'write.delete.granularity': 'partition' }),
      insert(t, 1, 2, 3),
      insert(t, 4, 5, 6),
      remove(t, 2, 5),
      set(t, 'format-version', '3'),
      insert(t, 7, 8),
      remove(t, 8),
      remove(t, 3),
    ],
  },
  'version 1 that became 2 and then 3': {
    ids: [1, 3, 5],
    names: [...NAMES, 'position deletes'],
    make: (t) => [
      create(t, 1),
      insert(t, 1, 2),
      set(t, 'format-version', '2'),
      insert(t, 3, 4),
      remove(t, 2),
      set(t, 'format-version', '3'),
      insert(t, 5, 6),
      remove(t, 4, 6),
    ],
  },
  'compacted and expired': {
    ids: [1, 3, 5],
    names: NAMES,
    make: (t) => [
      create(t, 3),
      insert(t, 1, 2, 3),
      insert(t, 4, 5),
      remove(t, 2, 4),
      call(t, 'rewrite_data_files', "options => map('rewrite-all', 'true')"),
      insert(t, 6),
      insert(t, 7, 8),
      remove(t, 6),
      remove(t, 7),
      remove(t, 8),
      call(t, 'expire_snapshots', EXPIRE_ALL_BUT(3)),
    ],
  },
  'as other writers lay them: bare, and with gaps between': {
    ids: [1, 3],
    names: NAMES,
    notPyiceberg: 'it reads vectors from complete Puffin files only',
    make: (t) => [
      create(t, 3),
      insert(t, 1, 2),
      insert(t, 3, 4),
      `ALTER TABLE ${t.full} CREATE BRANCH made`,
      `DELETE FROM ${t.full}.branch_made WHERE id IN (2, 4)`,
      () => layVectors(t),
    ],
  },
};

/** Lays the vectors of the branch `made` anew, and commits them to main: the first bare, the second behind bytes that belong to nothing. */
async function layVectors(t: Making): Promise<void> {
  const columns = 'file_path, content_offset, content_size_in_bytes, referenced_data_file';
  const entries = await t.spark.sql(
    `SELECT data_file.* FROM (SELECT struct(${columns}) AS data_file FROM ${t.full}.delete_files VERSION AS OF 'made')`,
  );
  for (const [n, [file, offset, length, data]] of entries.rows.map((row) => row.map(String)).entries()) {
    const start = Number(offset);
    const vector = (await getObject(t.lab, file ?? '')).subarray(start, start + Number(length));
    const bytes = n === 0 ? vector : puffinWithGap(vector, data ?? '');
    const path = `${t.location}/data/laid-${n}.puffin`;
    const { bucket, key } = split(path);
    await putObject(t.lab, bucket, key, bytes);
    const at = { path, offset: bytes.indexOf(vector), length: vector.length, records: 1 };
    await t.java.deleteFile({ table: t.full, referenced_data_file: data ?? '', vector: at });
  }
}

roundTrips('deletion vectors', TABLES);
