import type { Recipe } from './recipe.js';
import { roundTrips } from './round-trips.js';
import { call, create, insert, remove, set } from './words.js';

const TABLES: Readonly<Record<string, Recipe>> = {
  'all of it, from a second backup that shares delete files with the first': {
    ids: [1, 4, 6],
    names: ['position row', 'path bound'],
    make: (t) => [create(t, 2, { 'write.delete.granularity': 'file' }), insert(t, 1, 2), insert(t, 3, 4), remove(t, 2)],
    later: (t) => [remove(t, 3), insert(t, 5, 6), call(t, 'rewrite_manifests'), remove(t, 5)],
  },
  'all of it, from a second backup, with vectors and another root': {
    ids: [1, 4, 6],
    names: ['vector footer'],
    places: (t) => [t.other],
    make: (t) => [create(t, 3), insert(t, 1, 2), insert(t, 3, 4), remove(t, 2)],
    later: (t) => [set(t, 'write.data.path', `${t.other}/d`), remove(t, 3), insert(t, 5, 6), remove(t, 5)],
  },
  'the current snapshot, of a table with position deletes, tags, a branch': {
    history: 'current',
    ids: [1, 4, 6],
    names: ['position row'],
    make: (t) => [
      create(t, 2, { 'write.delete.granularity': 'file' }),
      insert(t, 1, 2),
      `ALTER TABLE ${t.full} CREATE TAG first`,
      insert(t, 3, 4),
      remove(t, 2),
      `ALTER TABLE ${t.full} CREATE BRANCH dev`,
      `DELETE FROM ${t.full}.branch_dev WHERE id = 4`,
      remove(t, 3),
      insert(t, 5, 6),
      remove(t, 5),
    ],
  },
  'the last two, of a table with deletion vectors': {
    history: 'last:2',
    ids: [1, 4, 6],
    names: ['deletion vectors', 'position deletes'],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      remove(t, 2),
      set(t, 'format-version', '3'),
      insert(t, 3, 4),
      remove(t, 3),
      insert(t, 5, 6),
      remove(t, 5),
    ],
  },
  'the current one, with statistics of others': {
    history: 'current',
    ids: [1, 3],
    names: ['statistics'],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      call(t, 'compute_table_stats'),
      remove(t, 2),
      insert(t, 3),
      call(t, 'compute_table_stats'),
    ],
  },
  'the last two, of files under several roots with equality deletes': {
    history: 'last:2',
    ids: [1, 4],
    names: ['equality deletes'],
    notPyiceberg: 'it does not read equality deletes',
    places: (t) => [t.other],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 2] } }),
      set(t, 'write.data.path', `${t.other}/new`),
      insert(t, 3, 4),
      () => t.java.deleteFile({ table: t.full, equal: { columns: ['id'], where: ['id', 3] } }),
    ],
  },
};

roundTrips('history', TABLES);
