import type { Recipe } from './recipe.js';
import { roundTrips } from './round-trips.js';
import { create, insert, insertRows, remove, set } from './words.js';

const NOT_PYICEBERG = 'it does not read equality deletes';
const NAMES = ['equality deletes'] as const;

const TABLES: Readonly<Record<string, Recipe>> = {
  'of the whole table, by two columns and in three formats': {
    ids: [1, 3],
    names: NAMES,
    notPyiceberg: NOT_PYICEBERG,
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2, 3),
      insert(t, 4, 5, 6),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 2] } }),
      () => t.java.deleteFile({ table: t.full, format: 'avro', equal: { columns: ['s'], where: ['s', 's4'] } }),
      () => t.java.deleteFile({ table: t.full, format: 'orc', equal: { columns: ['id', 's'], where: ['id', 5] } }),
      remove(t, 6),
    ],
  },
  'of one partition, and of the whole of a partitioned table': {
    ids: [1, 4, 5],
    names: NAMES,
    notPyiceberg: NOT_PYICEBERG,
    make: (t) => [
      create(t, 2, {}, { columns: 'id bigint, s string, p string' }),
      `ALTER TABLE ${t.full} ADD PARTITION FIELD p`,
      insertRows(t.full, "(1, 'a', 'x')", "(2, 'b', 'x')", "(3, 'c', 'y')", "(4, 'b', 'y')", "(5, 'e', 'y')"),
      // Equal in both partitions, deleted in one.
      () => t.java.deleteFile({ table: t.full, partition: { p: 'x' }, equal: { columns: ['s'], where: ['s', 'b'] } }),
      // The specification without fields is that of the whole table.
      () => t.java.deleteFile({ table: t.full, spec_id: 0, equal: { columns: ['id'], where: ['id', 3] } }),
    ],
  },
  'committed between start and commit of a compaction': {
    ids: [1, 3, 4],
    names: NAMES,
    notPyiceberg: NOT_PYICEBERG,
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2, 3),
      insert(t, 4),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 2] } }),
      // Its file is younger than the delete, and yet the delete applies, because the sequence number is that of the start.
      async () => t.java.rewrite(t.full, (await t.snapshots())[1] ?? ''),
      // A later delete of the same row, so that an older snapshot with it is not the only one.
      insert(t, 5),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 5] } }),
    ],
  },
  'inserted again after its delete': {
    ids: [1, 2, 3],
    names: NAMES,
    notPyiceberg: NOT_PYICEBERG,
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 2] } }),
      insert(t, 2, 3),
    ],
  },
  'beside position deletes, and then deletion vectors': {
    ids: [1, 5],
    names: [...NAMES, 'position deletes', 'deletion vectors', 'vector footer'],
    notPyiceberg: NOT_PYICEBERG,
    make: (t) => [
      create(t, 2, { 'write.delete.granularity': 'partition' }),
      insert(t, 1, 2, 3),
      insert(t, 4, 5, 6),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 2] } }),
      remove(t, 3),
      set(t, 'format-version', '3'),
      remove(t, 4),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 6] } }),
    ],
  },
};

roundTrips('equality deletes', TABLES);
