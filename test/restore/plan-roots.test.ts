import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { collisions, landings } from '../../src/iceberg/path-map.js';
import { parseMap } from '../../src/restore/map-option.js';
import { defaultPlace, planRoots, type RootsRequest, writePathEdits } from '../../src/restore/plan-roots.js';

const hash = (root: string) => createHash('sha256').update(root).digest('hex').slice(0, 16);
const T = 's3://w/db/r';
const placed = (root: string) => `${T}/data/_bcn_roots/${hash(root)}`;
const BASE = { location: 's3://b/wh/t', target: T, writePaths: {}, maps: [], foreign: [], sameService: true };

function plan(request: Partial<Omit<RootsRequest, 'maps'>> & { readonly maps?: readonly string[] }) {
  return planRoots({ ...BASE, ...request, maps: (request.maps ?? []).map(parseMap) });
}
async function lines(request: Parameters<typeof plan>[0]) {
  const { roots } = await plan(request);
  return roots.map(
    (root) => `${root.why} ${root.files} ${root.source} > ${root.target}${root.aliasOf ? ` = ${root.aliasOf}` : ''}`,
  );
}
async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
const refusal = (request: Parameters<typeof plan>[0]) =>
  plan(request).then(
    () => 'passed',
    (error) => `${error.exit} ${error.message}`,
  );

test('a table in one place has one root', async () => {
  expect(await lines({ location: 's3://b/wh/t//', foreign: ['s3://b/wh/t/f'] })).toEqual([`location 1 s3://b/wh/t > ${T}`]);
});

test('all kinds of roots, each mapped as printed', async () => {
  const foreign = [
    's3://b/wh/t/data/f',
    's3a://b/wh/t/data/g',
    's3://fast/shared/0101/f',
    's3://fast/shared_2/f',
    's3://legacy/a/f',
    's3://legacy/b/f',
    's3://legacy/f',
    's3://moved/x/f',
  ];
  const request = {
    foreign,
    writePaths: { 'write.data.path': 's3://fast/shared/', 'write.metadata.path': 's3://b/wh/t/meta' },
    maps: ['s3://moved=s3://elsewhere/m'],
  };
  expect(await lines(request)).toEqual([
    `location 1 s3://b/wh/t > ${T}`,
    `alias 1 s3a://b/wh/t > ${T} = s3://b/wh/t`,
    `property 1 s3://fast/shared > ${placed('s3://fast/shared')}`,
    '--map 1 s3://moved > s3://elsewhere/m',
    `common folder 1 s3://fast/shared_2 > ${placed('s3://fast/shared_2')}`,
    `common folder 1 s3://legacy/a > ${placed('s3://legacy/a')}`,
    `common folder 1 s3://legacy/b > ${placed('s3://legacy/b')}`,
    `single files 1 s3://legacy > ${placed('s3://legacy')}`,
  ]);
  const { map, unusedMaps } = await plan(request);
  expect(foreign.map((path) => map.map(path))).toEqual([
    `${T}/data/f`,
    `${T}/data/g`,
    `${placed('s3://fast/shared')}/0101/f`,
    `${placed('s3://fast/shared_2')}/f`,
    `${placed('s3://legacy/a')}/f`,
    `${placed('s3://legacy/b')}/f`,
    `${placed('s3://legacy')}/f`,
    's3://elsewhere/m/x/f',
  ]);
  expect(map.map('s3://legacy/g')).toBeUndefined();
  expect(unusedMaps).toEqual([]);
});

test('the hash is of the root without slashes, as UTF-8', () => {
  expect(defaultPlace(`${T}/`, 's3://é/x//')).toBe(placed('s3://é/x'));
  expect(hash('s3://é/x')).toMatch(/^[0-9a-f]{16}$/);
});

describe('properties', () => {
  test('a bucket is a root only where a property names it, and the location is longer', async () => {
    const writePaths = { 'write.object-storage.path': 's3://b' };
    expect(await lines({ writePaths, foreign: ['s3://b/0a1b/wh/t/f', 's3://b/wh/t/f', 's3://b/f'] })).toEqual([
      `location 1 s3://b/wh/t > ${T}`,
      `property 2 s3://b > ${placed('s3://b')}`,
    ]);
  });

  test('equal to the location, inside it, twice, or empty: nothing new', async () => {
    const writePaths = {
      'write.data.path': 's3://b/wh/t/',
      'write.metadata.path': 's3://b/wh/t/x',
      'write.object-storage.path': '',
    };
    expect(await lines({ writePaths })).toHaveLength(1);
    expect(await lines({ writePaths: { 'write.data.path': 's3://e', 'write.metadata.path': 's3://e/' } })).toHaveLength(2);
  });

  test('another spelling of the location is an alias, not a place of its own', async () => {
    const writePaths = { 'write.data.path': 's3a://b/wh/t/data' };
    expect(await lines({ writePaths, foreign: ['s3a://b/wh/t/metadata/f'] })).toEqual([
      `location 0 s3://b/wh/t > ${T}`,
      `alias 1 s3a://b/wh/t > ${T} = s3://b/wh/t`,
    ]);
  });

  test('are mapped with the map, slashes and all', async () => {
    const writePaths = {
      'write.data.path': 's3://b/wh/t/',
      'write.metadata.path': 's3://m/meta//',
      'write.object-storage.path': 's3://o/x/y',
      'write.folder-storage.path': '',
    };
    const { map } = await plan({ writePaths, maps: ['s3://o/x=s3://w2/o'] });
    const at = (name: string) => `properties."${name}"`;
    expect(writePathEdits(writePaths, map)).toEqual([
      { field: at('write.data.path'), from: 's3://b/wh/t/', to: `${T}/` },
      { field: at('write.metadata.path'), from: 's3://m/meta//', to: `${placed('s3://m/meta')}//` },
      { field: at('write.object-storage.path'), from: 's3://o/x/y', to: 's3://w2/o/y' },
    ]);
    expect(() => writePathEdits({ 'write.data.path': 's3://unknown/x' }, map)).toThrow('under none');
  });
});

describe('--map', () => {
  test('that matches nothing is handed back; a property is a match', async () => {
    const writePaths = { 'write.data.path': 's3://p/x' };
    const { unusedMaps, roots } = await plan({ writePaths, maps: ['s3://p=s3://w/p', 's3://tyop=s3://w/q'] });
    expect(unusedMaps.map(({ text }) => text)).toEqual(['s3://tyop=s3://w/q']);
    expect(roots.map(({ source }) => source)).toContain('s3://tyop');
  });

  test('takes a folder out of the location, or a spelling of it', async () => {
    const maps = ['s3://b/wh/t/big=s3://cold/big', 's3a://b/wh/t=s3://w/spelt'];
    const { map, roots } = await plan({ maps, foreign: ['s3a://b/wh/t/f'] });
    expect(map.map('s3://b/wh/t/big/f')).toBe('s3://cold/big/f');
    expect(map.map('s3://b/wh/t/big2/f')).toBe(`${T}/big2/f`);
    expect(map.map('s3a://b/wh/t/f')).toBe('s3://w/spelt/f');
    expect(roots.some(({ aliasOf }) => aliasOf)).toBe(false);
  });

  test('may give spellings of one place one target, which makes them aliases', async () => {
    expect(await lines({ maps: ['s3://e/x=s3://w/x', 's3a://e/x=s3://w/x', `s3a://b/wh/t=${T}`] })).toEqual([
      `location 0 s3://b/wh/t > ${T}`,
      '--map 0 s3://e/x > s3://w/x',
      '--map 0 s3a://e/x > s3://w/x = s3://e/x',
      `--map 0 s3a://b/wh/t > ${T} = s3://b/wh/t`,
    ]);
  });

  test('twice the same is once', async () => {
    expect(await lines({ maps: ['s3://e/x=s3://w/x', 's3://e/x/=s3://w/x/'] })).toHaveLength(2);
  });

  test.each<readonly [string, readonly string[]]>([
    ['is the location of the table', [`s3://b/wh/t=s3://w/x`]],
    ['touches the source s3://b/wh/t', ['s3://e/x=s3a://b/wh/t/x']],
    ['touches the source s3://b/wh/t', ['s3://e/x=s3://b/wh']],
    ['touches the source s3://e/x', ['s3://e/x=s3a://e/x']],
    ['touches the source s3://e/y', ['s3://e/x=s3://e/y/z', 's3://e/y=s3://w/y']],
    ['touches the source s3://p/data', ['s3://e/x=s3://p/data/x']],
    ['equals or contains that of the table', [`s3://e/x=${T}`]],
    ['equals or contains that of the table', ['s3://e/x=s3://w/db']],
    ['touches that of --map', ['s3://e/x=s3://w/x', 's3://e/y=s3://w/x']],
    ['touches that of --map', ['s3://e/x=s3://w/x', 's3://e/y=s3://w/x/y']],
    ['touches that of --map', ['s3://e/x=s3://w/x', 's3://e/x=s3://w/x/y']],
    ['where another root goes', [`s3://e/x=${T}/data/_bcn_roots`]],
  ])('%s: %j', async (why, maps) => {
    const writePaths = { 'write.data.path': 's3://p/data' };
    expect(await refusal({ maps, writePaths })).toMatch(new RegExp(`^2 .*${why}`));
  });

  test('another service may have the same places, but not inside the source table', async () => {
    const maps = ['s3://e/x=s3://e/x'];
    expect(await refusal({ maps, sameService: false })).toBe('passed');
    expect(await refusal({ maps: ['s3://e/x=s3://b/wh/t/x'], sameService: false })).toMatch(/^2 .*touches the source/);
  });

  test('a target beside others of similar names is fine, also in a bucket that a property names', async () => {
    const writePaths = { 'write.object-storage.path': 's3://w' };
    expect(await refusal({ writePaths, maps: ['s3://e/x=s3://w/x', 's3://e/y=s3://w/x_2', `s3://e/z=${T}_2`] })).toBe('passed');
  });

  test('a source that no store of bcn serves is compared with nothing', async () => {
    expect(await lines({ maps: ['hdfs://nn/x=s3://w/x'], foreign: ['hdfs://nn/x/f', 'hdfs://nn/y/f'] })).toEqual([
      `location 0 s3://b/wh/t > ${T}`,
      '--map 1 hdfs://nn/x > s3://w/x',
      `common folder 1 hdfs://nn/y > ${placed('hdfs://nn/y')}`,
    ]);
  });
});

describe('paths that meet', () => {
  async function met(request: Parameters<typeof plan>[0], paths: readonly string[]) {
    const { map } = await plan({ ...request, foreign: paths });
    const landed = await collect(landings(paths, map));
    return collect(collisions([...landed].sort((a, b) => Buffer.compare(Buffer.from(a.k), Buffer.from(b.k)))));
  }

  test('equal names under two roots do not', async () => {
    expect(await met({}, ['s3://e/x/f', 's3://e/y/f', 's3://e/f', 's3a://e/x/f', 's3://b/wh/t/f', 's3://b/wh/t_2/f'])).toEqual(
      [],
    );
  });

  test('below the target they can, and both are named', async () => {
    const inside = `s3://b/wh/t/data/_bcn_roots/${hash('s3://e/x')}/f`;
    const found = await met({}, ['s3://e/x/f', inside]);
    expect(found).toEqual([{ target: `${placed('s3://e/x')}/f`, sources: ['s3://e/x/f', inside] }]);
    const maps = [`s3://e/x=${T}/data`];
    expect(await met({ maps }, ['s3://b/wh/t/data/f', 's3://e/x/f', 's3://e/x/g'])).toHaveLength(1);
  });

  test('spellings of the location meet where both occur', async () => {
    const paths = ['s3a://b/wh/t/f', 's3://b/wh/t/f', 's3a://b/wh/t/g'];
    expect(await met({}, paths)).toEqual([{ target: `${T}/f`, sources: ['s3a://b/wh/t/f', 's3://b/wh/t/f'] }]);
  });
});
