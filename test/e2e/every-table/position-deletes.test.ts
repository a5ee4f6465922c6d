import type { Making } from './making.js';
import type { Recipe, Step } from './recipe.js';
import { roundTrips } from './round-trips.js';
import { call, create, EXPIRE_ALL_BUT, insert, insertRows, REWRITE_ALL, remove, set } from './words.js';

const FILE = { 'write.delete.granularity': 'file' };
const PARTITION = { 'write.delete.granularity': 'partition' };
const PARTS = { columns: 'id bigint, s string, p string', rest: 'PARTITIONED BY (p)' };
/** The field id of file_path in a position delete file. */
const PATH = 2147483546;
const NAMES = ['position deletes', 'position row'] as const;

function evolved(t: Making): Step[] {
  return [
    create(t, 2, PARTITION, { columns: 'id int, s string, x int', rest: 'PARTITIONED BY (x)' }),
    insertRows(t.full, "(1, 'a', 1)", "(2, 'b', 1)", "(3, 'c', 2)"),
    remove(t, 2),
    `ALTER TABLE ${t.full} ALTER COLUMN id TYPE bigint`,
    `ALTER TABLE ${t.full} ADD COLUMN note string`,
    `ALTER TABLE ${t.full} ADD PARTITION FIELD bucket(2, id)`,
    insertRows(t.full, "(5, 'e', 1, 'n')", "(6, 'f', 1, null)", "(7, 'g', 2, 'm')"),
    remove(t, 5),
    `ALTER TABLE ${t.full} DROP PARTITION FIELD x`,
    insertRows(t.full, "(8, 'h', 3, null)"),
    remove(t, 8),
  ];
}

const TABLES: Readonly<Record<string, Recipe>> = {
  'Parquet, a file for each data file; a tag and a branch share them': {
    ids: [1, 3, 4, 6],
    names: [...NAMES, 'path bound'],
    make: (t) => [
      create(t, 2, FILE),
      insert(t, 1, 2, 3),
      insert(t, 4, 5, 6),
      remove(t, 2),
      `ALTER TABLE ${t.full} CREATE TAG first`,
      `ALTER TABLE ${t.full} CREATE BRANCH dev`,
      `DELETE FROM ${t.full}.branch_dev WHERE id = 4`,
      remove(t, 5),
      call(t, 'rewrite_manifests'),
    ],
  },
  'Parquet, a file for each partition, over several data files': {
    ids: [1, 4, 6],
    names: [...NAMES, 'path bound'],
    make: (t) => [
      create(t, 2, PARTITION, PARTS),
      insertRows(t.full, "(1, 'a', 'x')", "(2, 'b', 'x')", "(3, 'c', 'y')"),
      insertRows(t.full, "(4, 'd', 'x')", "(5, 'e', 'x')", "(6, 'f', 'y')"),
      remove(t, 2, 3, 5),
    ],
  },
  Avro: {
    ids: [1, 3, 4],
    names: NAMES,
    notPyiceberg: 'it reads delete files in Parquet only',
    make: (t) => [
      create(t, 2, { ...FILE, 'write.delete.format.default': 'avro' }),
      insert(t, 1, 2, 3),
      insert(t, 4, 5),
      remove(t, 2, 5),
    ],
  },
  ORC: {
    ids: [1, 3, 4],
    names: NAMES,
    notPyiceberg: 'it reads delete files in Parquet only',
    make: (t) => [
      create(t, 2, { ...PARTITION, 'write.delete.format.default': 'orc' }),
      insert(t, 1, 2, 3),
      insert(t, 4, 5),
      remove(t, 2, 5),
    ],
  },
  'ORC, rewritten and expired': {
    ids: [1, 4, 6],
    names: NAMES,
    notPyiceberg: 'it reads delete files in Parquet only',
    make: (t) => [
      create(t, 2, { ...FILE, 'write.delete.format.default': 'orc' }),
      insert(t, 1, 2),
      insert(t, 3, 4),
      remove(t, 2),
      remove(t, 3),
      call(t, 'rewrite_position_delete_files', REWRITE_ALL),
      insert(t, 5, 6),
      remove(t, 5),
      call(t, 'expire_snapshots', EXPIRE_ALL_BUT(3)),
    ],
  },
  'a staged snapshot with deletes': {
    ids: [1, 2, 3, 4],
    names: NAMES,
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2, 3),
      set(t, 'write.wap.enabled', 'true'),
      `SET spark.wap.id = ${t.table.replace('.', '_')}`,
      remove(t, 2),
      'RESET spark.wap.id',
      insert(t, 4),
    ],
  },
  'deletes rewritten, data rewritten, snapshots expired': {
    ids: [1, 3, 4, 7, 9],
    names: NAMES,
    make: (t) => [
      create(t, 2, FILE),
      insert(t, 1, 2, 3),
      insert(t, 4, 5),
      remove(t, 2),
      remove(t, 5),
      call(t, 'rewrite_position_delete_files', REWRITE_ALL),
      call(t, 'rewrite_data_files', "options => map('rewrite-all', 'true', 'delete-file-threshold', '1')"),
      insert(t, 7, 8, 9),
      remove(t, 8),
      call(t, 'expire_snapshots', EXPIRE_ALL_BUT(2)),
    ],
  },
  'a file that says which data file it is for': {
    ids: [1, 3, 4],
    names: [...NAMES, 'path bound', 'referenced data file'],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2, 3),
      insert(t, 4, 5),
      async () => {
        const [first = '', second = ''] = await t.files();
        await t.java.deleteFile({ table: t.full, positions: [[first, 1]], referenced_data_file: first });
        await t.java.deleteFile({ table: t.full, format: 'orc', positions: [[second, 1]], referenced_data_file: second });
      },
    ],
    notPyiceberg: 'it reads delete files in Parquet only',
  },
  'bounds of paths under the id of _file': {
    ids: [1, 3],
    names: [...NAMES, 'path bound'],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2, 3),
      async () => {
        const [path = ''] = await t.files();
        await t.java.deleteFile({
          table: t.full,
          positions: [[path, 1]],
          referenced_data_file: path,
          path_bounds: { id: 2147483646, lower: path, upper: path },
        });
      },
    ],
  },
  'bounds that are cut, and bounds that differ': {
    ids: [1, 4],
    names: [...NAMES, 'path bound'],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      insert(t, 3, 4),
      async () => {
        const [first = '', second = ''] = await t.files();
        const [lower = '', upper = ''] = [first, second].sort();
        await t.java.deleteFile({ table: t.full, positions: [[first, 1]], path_bounds: { id: PATH, lower, upper } });
        const cut = { id: PATH, lower: second.slice(0, 16), upper: `${second.slice(0, 15)}\u007f` };
        await t.java.deleteFile({ table: t.full, positions: [[second, 0]], path_bounds: cut });
      },
    ],
  },
  'rows that name files which are not in the table': {
    ids: [1, 3],
    names: NAMES,
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2, 3),
      async () => {
        const [path = ''] = await t.files();
        const gone = `${t.location}/data/00000-gone.parquet`;
        await t.java.deleteFile({
          table: t.full,
          positions: [
            [gone, 0],
            [path, 1],
            [`${t.location}/data/zzz.parquet`, 7],
          ],
        });
      },
    ],
  },
  'delete files without a row': {
    ids: [1, 2, 3],
    names: ['position deletes'],
    notPyiceberg: 'it reads delete files in Parquet only',
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2, 3),
      () => t.java.deleteFile({ table: t.full, format: 'avro', positions: [] }),
      () => t.java.deleteFile({ table: t.full, format: 'orc', positions: [] }),
    ],
  },
  'schema and partitions that changed between deletes': {
    ids: [1, 3, 6, 7],
    names: NAMES,
    make: (t) => [...evolved(t)],
  },
  'a partition column that was dropped': {
    ids: [1, 3, 6, 7],
    names: NAMES,
    notUsed: 'Spark itself writes and rewrites no position deletes beside a specification whose column is gone',
    make: (t) => [...evolved(t), `ALTER TABLE ${t.full} DROP COLUMN x`],
  },
  'version 1 that became 2: deletes of rows in old files': {
    ids: [1, 3, 5],
    names: NAMES,
    make: (t) => [create(t, 1), insert(t, 1, 2, 3), set(t, 'format-version', '2'), insert(t, 4, 5), remove(t, 2, 4)],
  },
};

roundTrips('position deletes', TABLES);
