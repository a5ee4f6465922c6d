import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathMap } from '../../src/iceberg/path-map.js';
import { inferRoots } from '../../src/roots/infer.js';

const LOCATION = 's3://b/wh/t';
const known = (...sources: readonly string[]) =>
  new PathMap({ roots: [LOCATION, ...sources].map((source) => ({ source, target: `s3://w/${source}` })) });
const infer = (paths: readonly string[], ...sources: readonly string[]) => inferRoots(paths, known(...sources), LOCATION);
const folders = async (...paths: readonly string[]) =>
  (await infer(paths)).folders.map(({ source, files }) => `${files} ${source}`);

describe('folders', () => {
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['one file: its folder', ['s3://e/x/y/f'], ['1 s3://e/x/y']],
    ['two folders: what they share', ['s3://e/x/y/f', 's3://e/x/z/f'], ['2 s3://e/x']],
    ['at boundaries', ['s3://e/x/aa/f', 's3://e/x/ab/f', 's3://e/x/a/f'], ['3 s3://e/x']],
    ['a folder and one inside', ['s3://e/x/y/z/f', 's3://e/x/y/f'], ['2 s3://e/x/y']],
    ['never a bucket', ['s3://e/x/f', 's3://e/y/a/f', 's3://e/y/b/f'], ['1 s3://e/x', '2 s3://e/y']],
    ['twins', ['s3://b/wh/t_2/f', 's3://b/wh/t2/f'], ['2 s3://b/wh']],
    [
      'buckets and schemes apart',
      ['s3://e/x/f', 's3a://e/x/f', 's3://e2/x/f', 'hdfs://e/x/f', 'hdfs:/x/f'],
      ['1 hdfs://e/x', '1 hdfs:/x', '1 s3://e/x', '1 s3://e2/x', '1 s3a://e/x'],
    ],
    ['files', ['/x/f', 'file:/x/f', 'file:///x/f', '//y//f'], ['1 //y', '1 /x', '1 file:///x', '1 file:/x']],
    ['empty segments', ['s3://e//x/f', 's3://e/x//f', 's3://e/x/g/f'], ['1 s3://e//x', '2 s3://e/x']],
    ['odd names', ['s3://e/a b/%20/$&/f', 's3://e/a b/%20/$1/f'], ['2 s3://e/a b/%20']],
    ['none', ['s3://b/wh/t/data/f'], []],
  ])('%s', async (_, paths, expected) => {
    expect(await folders(...paths)).toEqual(expected);
    expect(await folders(...[...paths].reverse())).toEqual(expected);
  });

  test('whatever the order, each path has exactly one root, which is the deepest of its lot and no bucket', async () => {
    const name = fc.constantFrom('x', 'y', 'xx', '', 'f', 'é', '.');
    const path = fc
      .tuple(
        fc.constantFrom('s3://e', 's3a://e', 's3://b', 'file:', 'file://', ''),
        fc.array(name, { minLength: 1, maxLength: 4 }),
      )
      .map(([bucket, names]) => `${bucket}/${names.join('/')}`)
      .filter((text) => !/^(file:)?\/\//.test(text) || text.startsWith('file:///'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { maxLength: 12 }), fc.nat(), async (paths, seed) => {
        const found = await infer(paths);
        const shuffled = [...paths].sort((a, b) => ((a.length * 31 + seed) % 7) - ((b.length * 31 + seed) % 7));
        expect((await infer(shuffled)).folders).toEqual(found.folders);
        for (const { source, files } of found.folders) {
          expect(source).toMatch(/^([a-z0-9]+:(\/\/[^/]*)?)?\/+[^/]/);
          const mine = paths.filter((text) => text.startsWith(`${source}/`));
          expect(mine.length).toBe(files);
          const nexts = new Set(mine.map((text) => /^\/+[^/]*(?=\/)/.exec(text.slice(source.length))?.[0] ?? text));
          expect(nexts.size > 1 || !mine[0]?.slice(source.length).match(/^\/+[^/]+\//)).toBe(true);
        }
        const all = found.folders.reduce((sum, { files }) => sum + files, 0) + found.single.size;
        expect(all).toBe(paths.length);
      }),
      { numRuns: 3000 },
    );
  });
});

test('known roots count their paths, the longest each', async () => {
  const paths = ['s3://b/wh/t/f', 's3://e/f', 's3://e/x/f', 's3://e/x', 's3://e/xx/f'];
  const found = await infer(paths, 's3://e', 's3://e/x/');
  expect([...found.known]).toEqual([
    [LOCATION, 1],
    ['s3://e', 2],
    ['s3://e/x', 2],
  ]);
  expect([found.folders, found.single.size]).toEqual([[], 0]);
});

test('other spellings of the location are told apart from foreign folders', async () => {
  const found = await infer(['s3a://b/wh/t/data/f', 's3n://b/wh/t/f', 's3a://b/wh/t/g', 's3a://b/wh/t_2/f', 's3a://b//wh/t/f']);
  expect(found.spellings).toEqual([
    { source: 's3a://b/wh/t', files: 2 },
    { source: 's3n://b/wh/t', files: 1 },
  ]);
  expect(found.folders.map(({ source }) => source)).toEqual(['s3a://b//wh/t', 's3a://b/wh/t_2']);
});

test('files in no folder are their own', async () => {
  const found = await infer(['s3://e/f', 's3://e//g', 's3://e/f', 's3://e/x/f', '/h']);
  expect([...found.single]).toEqual([
    ['s3://e/f', 's3://e'],
    ['s3://e//g', 's3://e'],
    ['/h', ''],
  ]);
  expect(found.folders).toEqual([{ source: 's3://e/x', files: 1 }]);
});

test.each(['x/f', '', 's3:x', 's3://e', 'f'])('%j is no absolute path', async (path) => {
  await expect(infer([path])).rejects.toMatchObject({ code: 'unsupported', object: path });
});

describe('limits', () => {
  const names = (count: number, path: (n: number) => string) => Array.from({ length: count }, (_, n) => path(n));

  test('many folders directly in a bucket want a name', async () => {
    expect((await infer(names(1000, (n) => `s3://e/${n}/f`))).folders).toHaveLength(1000);
    const many = names(1001, (n) => `s3://e/${n}/f`);
    await expect(infer(many)).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('--map s3://e=TARGET'),
    });
    expect((await infer(many, 's3://e')).known.get('s3://e')).toBe(1001);
  });

  test('so do many files directly in a bucket, and memory stays flat where there is a folder', async () => {
    await expect(infer(names(10_001, (n) => `s3://e/${n}`))).rejects.toMatchObject({ code: 'unsupported' });
    expect(await folders(...names(50_000, (n) => `s3://e/x/${n}/f`))).toEqual(['50000 s3://e/x']);
  });
});
