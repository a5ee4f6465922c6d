import type { Making } from './making.js';
import type { Recipe } from './recipe.js';
import { roundTrips } from './round-trips.js';
import { create, insert, insertRows, remove, set } from './words.js';

const HASHED = { 'write.object-storage.enabled': 'true' };
const PARTS = { columns: 'id bigint, s string, p string', rest: 'PARTITIONED BY (p)' };

/** Copies of the table's one data file, with other rows in no way; named where they lie. */
const adopt =
  (t: Making, ...places: readonly string[]) =>
  async () => {
    const [own = ''] = await t.files();
    for (const place of places) await t.copyObject(own, place.replace(/^s3a:/, 's3:'));
    await t.java.addFiles(
      t.full,
      places.map((path) => ({ path, records: 2 })),
    );
  };

const TABLES: Readonly<Record<string, Recipe>> = {
  'data outside the location': {
    ids: [1, 3, 4],
    names: ['write path', 'position row'],
    make: (t) => [
      create(t, 2, { 'write.data.path': `${t.folder}/elsewhere/data` }),
      insert(t, 1, 2),
      insert(t, 3, 4, 5),
      remove(t, 2, 5),
    ],
  },
  'metadata in another bucket': {
    ids: [1, 3],
    names: ['write path', 'metadata log', 'deletion vectors'],
    places: (t) => [t.other],
    make: (t) => [create(t, 3, { 'write.metadata.path': `${t.other}/meta` }), insert(t, 1, 2), insert(t, 3, 4), remove(t, 2, 4)],
  },
  'data and metadata each in a bucket of its own': {
    ids: [1, 3],
    places: (t) => [t.other],
    make: (t) => [
      create(
        t,
        2,
        { 'write.metadata.path': `${t.folder}/meta`, 'write.data.path': `${t.other}/d` },
        { location: `${t.folder}/t` },
      ),
      insert(t, 1, 2),
      insert(t, 3, 4),
      remove(t, 2, 4),
    ],
  },
  'data that moved: one delete file for files under two roots': {
    ids: [1, 4, 5],
    names: ['position row', 'write path'],
    places: (t) => [t.other],
    make: (t) => [
      create(t, 2, { 'write.delete.granularity': 'partition' }),
      insert(t, 1, 2),
      set(t, 'write.data.path', `${t.other}/new`),
      insert(t, 3, 4),
      set(t, 'write.data.path', `${t.folder}/newer/data`),
      insert(t, 5, 6),
      remove(t, 2, 3, 6),
    ],
  },
  'vectors in one Puffin for files under two roots': {
    ids: [1, 4],
    names: ['vector footer', 'write path'],
    places: (t) => [t.other],
    make: (t) => [create(t, 3), insert(t, 1, 2), set(t, 'write.data.path', `${t.other}/d/`), insert(t, 3, 4), remove(t, 2, 3)],
  },
  'a location that was changed': {
    ids: [1, 4],
    names: ['position row'],
    places: (t) => [t.other],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      `ALTER TABLE ${t.full} SET LOCATION '${t.other}/t'`,
      insert(t, 3, 4),
      remove(t, 2, 3),
    ],
  },
  'data in the folder that holds the location': {
    ids: [1, 3],
    names: ['position row'],
    make: (t) => [create(t, 2, { 'write.data.path': t.folder }), insert(t, 1, 2), insert(t, 3, 4), remove(t, 2, 4)],
  },
  'hashed layout in a bucket of its own': {
    ids: [1, 4],
    names: ['write path', 'position row'],
    places: (t) => [t.shared],
    make: (t) => [
      create(t, 2, { ...HASHED, 'write.data.path': t.shared }, PARTS),
      insertRows(t.full, "(1, 'a', 'x')", "(2, 'b', 'x')", "(3, 'c', 'y y')", "(4, 'd', 'y y')"),
      remove(t, 2, 3),
    ],
  },
  'hashed layout in a shared folder, without partitions in the paths': {
    ids: [1, 4],
    names: ['write path', 'deletion vectors'],
    places: (t) => [t.other],
    make: (t) => [
      create(t, 3, { ...HASHED, 'write.object-storage.partitioned-paths': 'false', 'write.data.path': `${t.other}/lake` }, PARTS),
      insertRows(t.full, "(1, 'a', 'x')", "(2, 'b', 'x')", "(3, 'c', 'y')", "(4, 'd', 'y')"),
      remove(t, 2, 3),
    ],
  },
  'files of the same name adopted from two buckets': {
    ids: [1, 1, 1, 2],
    names: ['position row', 'path bound'],
    places: (t) => [t.other],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      adopt(t, `${t.folder}/raw/part-00000.parquet`, `${t.other}/raw/part-00000.parquet`),
      async () => {
        const [own = ''] = await t.files();
        const adopted = `${t.other}/raw/part-00000.parquet`;
        const [lower = '', upper = ''] = [own, adopted].sort();
        const bounds = { id: 2147483546, lower, upper };
        await t.java.deleteFile({
          table: t.full,
          positions: [
            [lower, 1],
            [upper, 1],
          ],
          path_bounds: bounds,
        });
      },
    ],
  },
  'one bucket by two spellings, s3a and s3': {
    ids: [1, 1, 1],
    names: ['position row'],
    make: (t) => [
      create(t, 2, {}, { location: t.location.replace('s3:', 's3a:') }),
      insert(t, 1, 2),
      adopt(t, `${t.location}/data/part-0.parquet`, `${t.folder.replace('s3:', 's3a:')}/raw/part-0.parquet`),
      remove(t, 2),
    ],
  },
  'deletes that spell a data file otherwise, and so do not apply': {
    ids: [1, 2],
    names: ['position row'],
    restore: (t, target) => ['--map', `${t.location.replace('s3:', 's3a:')}=${target}/spelt`],
    make: (t) => [
      create(t, 2),
      insert(t, 1, 2),
      async () => {
        const [path = ''] = await t.files();
        await t.java.deleteFile({ table: t.full, positions: [[path.replace('s3:', 's3a:'), 1]] });
      },
    ],
  },
  'a folder named like the table and more': {
    ids: [1, 3],
    names: ['write path', 'position row'],
    make: (t) => [create(t, 2, { 'write.data.path': `${t.location}_2` }), insert(t, 1, 2), insert(t, 3, 4), remove(t, 2, 4)],
  },
  'roots that the restore is told': {
    ids: [1, 3],
    places: (t) => [t.other],
    restore: (t, target) => ['--map', `${t.other}/d=${target}/told`],
    make: (t) => [create(t, 2, { 'write.data.path': `${t.other}/d` }), insert(t, 1, 2), insert(t, 3, 4), remove(t, 2, 4)],
  },
};

roundTrips('places', TABLES);
