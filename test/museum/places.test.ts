/** Files wherever a table has them: under its location, beside it, in places that only look alike, under names that need care. */
import { describe, expect, test } from 'vitest';
import { World } from '../support/world.js';
import { comeBack, restored } from './come-back.js';
import { positionDeletes } from './deletes.js';
import { at, data, LOCATION, lay, pathBounds } from './lay.js';
import { rowsOf, type Tree } from './read.js';

const snapshot = (...files: readonly ReturnType<typeof data>[]) => [{ id: 1n, manifests: [{ pieces: files }] }];
const pathsOf = ({ snapshots }: Tree) =>
  snapshots.flatMap(({ manifests }) => manifests.flatMap(({ entries }) => entries.map(({ data_file }) => data_file.file_path)));

test('13630: files of one name in different folders (object-storage layout) stay apart', async () => {
  const files = ['0101/x', '0110/x', '0110/y'].map((folder) => data(at(`${folder}/part.parquet`), [folder]));
  const { after } = await comeBack({ snapshots: snapshot(...files) });
  expect(await rowsOf(after)).toEqual(['0101/x', '0110/x', '0110/y']);
  expect(new Set(pathsOf(after)).size).toBe(3);
});

test('13630: so do files of one name under two roots', async () => {
  const files = ['memory://src/one/f.parquet', 'memory://src/two/f.parquet'].map((path) => data(path, [path]));
  const { after } = await comeBack({ snapshots: snapshot(data(at('f.parquet'), ['own']), ...files) });
  expect(await rowsOf(after)).toEqual(['own', 'memory://src/one/f.parquet', 'memory://src/two/f.parquet']);
  expect(new Set(pathsOf(after)).size).toBe(3);
});

describe('15172: a path that is the location itself', () => {
  test.each([
    ['as it is', LOCATION, 'memory://wh/db/r'],
    ['with a slash', `${LOCATION}/`, 'memory://wh/db/r/'],
  ])('%s', async (_, value, expected) => {
    const { after } = await comeBack({
      snapshots: snapshot(data(at('a.parquet'), ['a'])),
      properties: { 'write.data.path': value },
    });
    expect(after.metadata.properties).toEqual({ 'write.data.path': expected });
    expect(after.metadata.location).toBe('memory://wh/db/r');
  });
});

test.each(['memory://src/a.b[c]+(d)^$', 'memory://src/axb', 'memory://src/$&$1'])(
  '17521: a location or target that a regular expression would read otherwise (%s)',
  async (location) => {
    const file = data(`${location}/data/a.parquet`, ['a']);
    const { after } = await comeBack(
      { location, snapshots: snapshot(file), properties: { 'write.data.path': `${location}/data` } },
      { targetLocation: 'memory://wh/$1/$&/[x' },
    );
    expect(pathsOf(after)).toEqual(['memory://wh/$1/$&/[x/data/a.parquet']);
    expect(after.metadata.properties['write.data.path']).toBe('memory://wh/$1/$&/[x/data');
  },
);

test('presto#28415, §11: a root ends at a slash: files of a table whose name begins alike are not under it', async () => {
  const twin = data(`${LOCATION}_2/data/a.parquet`, ['twin']);
  const { after } = await comeBack({ snapshots: snapshot(data(at('a.parquet'), ['own']), twin) });
  expect(await rowsOf(after)).toEqual(['own', 'twin']);
  const [own, other] = pathsOf(after);
  expect(own).toBe('memory://wh/db/r/data/a.parquet');
  expect(other).toMatch(/^memory:\/\/wh\/db\/r\/data\/_bcn_roots\/[0-9a-f]{16}\/a\.parquet$/);
});

describe('17794: more than one prefix', () => {
  const hot = data('memory://src/hot/a.parquet', ['a0', 'a1']);
  const cold = data('memory://src/cold/b.parquet', ['b0', 'b1']);
  const deletes = positionDeletes(at('deletes.parquet'), [
    [cold.path, 0],
    [hot.path, 1],
  ]);
  const spec = {
    snapshots: [{ id: 1n, manifests: [{ pieces: [hot, cold] }, { pieces: [deletes] }] }],
    properties: { 'write.data.path': 'memory://src/hot' },
    folder: 'memory://src/meta/t',
  };

  test('each goes where --map says, in manifests, properties and rows of deletes', async () => {
    const maps = [
      ['memory://src/hot', 'memory://wh/fast'],
      ['memory://src/cold', 'memory://wh/slow'],
    ].map(([source, target]) => ({ source: source as string, target: target as string, text: `${source}=${target}` }));
    const { after } = await comeBack(spec, { maps });
    expect(await rowsOf(after)).toEqual(['a0', 'b1']);
    expect(pathsOf(after).slice(0, 2)).toEqual(['memory://wh/fast/a.parquet', 'memory://wh/slow/b.parquet']);
    expect(after.metadata.properties['write.data.path']).toBe('memory://wh/fast');
  });

  test('B11: without a map they have a place of their own below the table, and nothing is refused', async () => {
    const { after } = await comeBack(spec);
    expect(await rowsOf(after)).toEqual(['a0', 'b1']);
    for (const path of pathsOf(after)) expect(String(path)).toMatch(/^memory:\/\/wh\/db\/r\/data\//);
  });
});

test('B11, §11: names with commas, quotes and line breaks need no escaping on the way', async () => {
  const names = ['k=a,b', 'k="x"', "k='", 'k=a\nb', 'k=%2F%20', 'k=ü\u{1f600}', 'k=$&', 'k=a;b|c\td'];
  const files = names.map((name) => data(at(`${name}/f,1.parquet`), [name]));
  const deletes = positionDeletes(at('d,1.parquet'), [[files[0]?.path as string, 0]], {
    data: pathBounds(files[0]?.path as string),
  });
  const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [{ pieces: files }, { pieces: [deletes] }] }] });
  expect(await rowsOf(after)).toEqual(names.slice(1));
});

describe('14606, iceberg-python#2702: the source is gone', () => {
  test('a backup comes back when neither table nor catalog entry of the source exist any more', async () => {
    const world = await World.open();
    await lay(world, { snapshots: snapshot(data(at('a.parquet'), ['a'])) });
    await world.backup();
    for (const uri of (await world.dump('src')).keys()) await world.remove(uri);
    world.tables.delete('db.t');
    expect(await rowsOf(await restored(world))).toEqual(['a']);
  });

  test('a table is restored from the backup of its restored copy', async () => {
    const { world } = await comeBack({ snapshots: snapshot(data(at('a.parquet'), ['a'])) });
    await world.backup({ name: 'second', tables: [{ namespace: ['db'], name: 'r' }] });
    const again = await restored(world, {
      backupName: 'second',
      target: { namespace: ['db'], name: 'again' },
      targetLocation: 'memory://wh/db/again',
    });
    expect(await rowsOf(again)).toEqual(['a']);
    expect(again.text).not.toContain('memory://wh/db/r/');
  });
});
