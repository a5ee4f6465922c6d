import type { Recipe } from './recipe.js';
import { roundTrips } from './round-trips.js';
import { create, insert, insertRows, remove } from './words.js';

const PARTS = { columns: 'id bigint, s string, p string', rest: 'PARTITIONED BY (p)' };
const ODD = ['a b', 'ünï😀', '%20', 'a+b', 'a=b', ',', "it''s", '#', '$&', '$1', 'a/b', '..', '?', '"', '', ':'];

/** Two rows for each odd value, of which one is deleted. */
const oddRows = (): string[] => ODD.flatMap((value, n) => [`(${n}, 'kept', '${value}')`, `(${100 + n}, 'gone', '${value}')`]);

const TABLES: Readonly<Record<string, Recipe>> = {
  'odd characters in partition values, with position deletes': {
    ids: ODD.map((_value, n) => n),
    names: ['position row'],
    make: (t) => [
      create(t, 2, { 'write.delete.granularity': 'file' }, PARTS),
      insertRows(t.full, ...oddRows()),
      `DELETE FROM ${t.full} WHERE s = 'gone'`,
    ],
  },
  'odd characters in the location, with deletion vectors': {
    ids: [1, 4],
    names: ['deletion vectors'],
    make: (t) => [
      create(t, 3, {}, { ...PARTS, location: `${t.location} näme 😀 +%20=,&(1)$&` }),
      insertRows(t.full, "(1, 'a', '#')", "(2, 'b', '#')", "(3, 'c', '%41')", "(4, 'd', '%41')"),
      remove(t, 2, 3),
    ],
  },
  'a location that ends in a slash': {
    ids: [1, 3],
    names: ['position row'],
    make: (t) => [create(t, 2, {}, { location: `${t.location}/` }), insert(t, 1, 2), insert(t, 3, 4), remove(t, 2, 4)],
  },
  'refs named __proto__ and a/b': {
    ids: [1, 4],
    names: ['position row'],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      `ALTER TABLE ${t.full} CREATE TAG \`__proto__\``,
      remove(t, 2),
      `ALTER TABLE ${t.full} CREATE BRANCH \`a/b\``,
      `ALTER TABLE ${t.full} CREATE TAG \`constructor\``,
      insert(t, 3, 4),
      remove(t, 3),
    ],
  },
  'metadata in gzip': {
    ids: [1, 4],
    names: ['deletion vectors', 'metadata log'],
    make: (t) => [
      create(t, 3, { 'write.metadata.compression-codec': 'gzip' }),
      insert(t, 1, 2),
      insert(t, 3, 4),
      remove(t, 2, 3),
    ],
  },
  'manifests in zstd, then without compression': {
    ids: [1, 4],
    names: ['position row', 'path bound'],
    make: (t) => [
      create(t, 2, { 'write.manifest.compression-codec': 'zstd' }),
      insert(t, 1, 2),
      remove(t, 2),
      `ALTER TABLE ${t.full} SET TBLPROPERTIES ('write.manifest.compression-codec' = 'uncompressed')`,
      insert(t, 3, 4),
      remove(t, 3),
    ],
  },
};

roundTrips('names', TABLES);
