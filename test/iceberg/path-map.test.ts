import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collisions, type Landing, landings, PathMap, type RootMapping } from '../../src/iceberg/path-map.js';

const RUNS = { numRuns: 3000 };
/** Few letters, so that roots contain and resemble each other; what regexes, replacements and URL parsers would trip over. */
const segment = fc.constantFrom(
  't',
  't_2',
  't2',
  '',
  'a',
  '$&',
  '$1',
  '.',
  '[x',
  '%20',
  'é',
  'e\u0301',
  '\u{1f600}',
  '\ufffd',
  '?#',
  '!',
);
const rest = fc.array(segment, { maxLength: 3 }).map((segments) => segments.map((name) => `/${name}`).join(''));
const head = fc.constantFrom('s3://b', 's3a://b', 's3://b2', 'file:', 'file://', '');
const path = fc.tuple(head, rest, fc.constantFrom('', '_2', '/', '/x')).map((parts) => parts.join(''));
const bare = (root: string) => root.replace(/\/+$/, '');
const sources = fc.uniqueArray(path, { selector: bare, maxLength: 6 });
/** Roots whose targets do not contain each other. */
const disjoint = sources.map((all) => all.map((source, n): RootMapping => ({ source, target: `s3://w/${n}` })));

/** The rule as the specification words it, without any cleverness. */
function slowly(roots: readonly RootMapping[], value: string): string | undefined {
  const fit = roots.filter(({ source }) => value === bare(source) || value.startsWith(`${bare(source)}/`));
  const [longest] = fit.sort((a, b) => bare(b.source).length - bare(a.source).length);
  return longest && bare(longest.target) + value.slice(bare(longest.source).length);
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('PathMap', () => {
  test('is the longest root at a boundary, and the same rest', () => {
    fc.assert(
      fc.property(sources, fc.array(path, { minLength: 6, maxLength: 6 }), path, (from, to, value) => {
        const roots = from.map((source, n) => ({ source, target: to[n] as string }));
        expect(new PathMap({ roots }).map(value)).toBe(slowly(roots, value));
        for (const { source } of roots) {
          const under = `${bare(source)}/${value}`;
          expect(new PathMap({ roots }).map(under)).toBe(slowly(roots, under));
        }
      }),
      RUNS,
    );
  });

  test('is injective for disjoint targets', () => {
    fc.assert(
      fc.property(disjoint, fc.uniqueArray(path, { maxLength: 20 }), (roots, paths) => {
        const map = new PathMap({ roots });
        const landed = paths.flatMap((value) => map.map(value) ?? []);
        expect(new Set(landed).size).toBe(landed.length);
      }),
      RUNS,
    );
  });

  test('keeps the order of UTF-8 bytes under one root', () => {
    fc.assert(
      fc.property(path, path, rest, rest, (source, target, a, b) => {
        const map = new PathMap({ roots: [{ source, target }] });
        const [low, high] = [bare(source) + a, bare(source) + b];
        expect(Math.sign(bytes(map.mapOrRefuse(low), map.mapOrRefuse(high)))).toBe(Math.sign(bytes(low, high)));
      }),
      RUNS,
    );
  });

  test('keepsOrder is true only where all that lies between keeps its place', () => {
    let yes = 0;
    // One bucket, so that most paths have roots, and several roots each.
    const near = fc.tuple(fc.constantFrom('s3://b', 's3://b/t'), rest).map((parts) => parts.join(''));
    const roots = fc.uniqueArray(near, { selector: bare, maxLength: 3 });
    const exact = fc.uniqueArray(near, { maxLength: 1 });
    fc.assert(
      fc.property(roots, exact, fc.array(near, { minLength: 2, maxLength: 8 }), (all, single, paths) => {
        const map = new PathMap({
          // Targets in an order of their own.
          roots: all.map((source, n) => ({ source, target: `s3://w/${9 - n}` })),
          exact: single.map((value) => [value, `s3://w/exact/${value}`] as const),
        });
        const sorted = [...paths].sort(bytes);
        const [lower, upper] = [sorted[0] as string, sorted.at(-1) as string];
        if (!map.keepsOrder(lower, upper)) return;
        if (lower !== upper) yes++;
        const landed = sorted.map((value) => map.mapOrRefuse(value));
        expect([...landed].sort(bytes)).toEqual(landed);
        expect(new Set(landed.map((value) => value.slice(0, 's3://w/9'.length))).size).toBe(1);
      }),
      { numRuns: 10_000 },
    );
    expect(yes).toBeGreaterThan(100);
  });

  test('keepsOrder knows what can lie between', () => {
    const map = new PathMap({
      roots: [
        { source: 's3://b/t', target: 's3://w/9' },
        { source: 's3://b/u', target: 's3://w/8' },
        { source: 's3://b/u/m', target: 's3://w/7' },
      ],
    });
    expect(map.keepsOrder('s3://b/t/a', 's3://b/t/z')).toBe(true);
    expect(map.keepsOrder('s3://b/t', 's3://b/t/z')).toBe(false);
    expect(map.keepsOrder('s3://b/t/a', 's3://b/u/z')).toBe(false);
    expect(map.keepsOrder('s3://b/u/a', 's3://b/u/z')).toBe(false);
    expect(map.keepsOrder('s3://b/u/m/a', 's3://b/u/m/z')).toBe(true);
    expect(map.keepsOrder('s3://b/u/a', 's3://b/u/a')).toBe(true);
    expect(map.keepsOrder('s3://b/x/a', 's3://b/x/a')).toBe(false);
  });

  const roots = [
    { source: 's3://b/t/', target: 's3://w/r' },
    { source: 's3://b/t/data/x', target: 's3://w/x/' },
    { source: 's3://b/t_2', target: 's3://w/t_2' },
    { source: 's3a://b/t', target: 's3://w/r' },
    { source: 's3://B.[/$', target: 's3://w/$&$1' },
    { source: '/', target: 's3://w/slash' },
  ];
  test.each([
    ['s3://b/t', 's3://w/r'],
    ['s3://b/t/', 's3://w/r/'],
    ['s3://b/t//x', 's3://w/r//x'],
    ['s3://b/t/data/x', 's3://w/x'],
    ['s3://b/t/data/x/f', 's3://w/x/f'],
    ['s3://b/t/data/x2/f', 's3://w/r/data/x2/f'],
    ['s3://b/t_2/f', 's3://w/t_2/f'],
    ['s3a://b/t/f', 's3://w/r/f'],
    ['s3://B.[/$/$&', 's3://w/$&$1/$&'],
    ['/wh/f', 's3://w/slash/wh/f'],
    ['s3://b/t2/f', undefined],
    ['s3://b/t%2f', undefined],
    ['S3://b/t/f', undefined],
    ['s3://b', undefined],
    ['x', undefined],
  ])('%s goes to %s', (from, to) => {
    expect(new PathMap({ roots }).map(from)).toBe(to);
  });

  test('exact paths come first, and say nothing of what lies below them', () => {
    const map = new PathMap({ exact: [['s3://b/t/f', 's3://w/moved']], roots });
    expect(map.map('s3://b/t/f')).toBe('s3://w/moved');
    expect(map.map('s3://b/t/f/g')).toBe('s3://w/r/f/g');
    expect(map.keepsOrder('s3://b/t/a', 's3://b/t/z')).toBe(false);
  });

  test('one source with two targets is refused, however it is written', () => {
    const twice = (target: string) => [
      { source: 's3://b/t', target: 's3://w/1' },
      { source: 's3://b/t//', target },
    ];
    expect(() => new PathMap({ roots: twice('s3://w/2') })).toThrow(/s3:\/\/w\/1 and s3:\/\/w\/2/);
    expect(new PathMap({ roots: twice('s3://w/1/') }).map('s3://b/t/x')).toBe('s3://w/1/x');
  });

  test('a path under no root is refused by name', () => {
    expect(() => new PathMap({ roots }).mapOrRefuse('s3://other/f')).toThrow(
      expect.objectContaining({ code: 'unsupported', object: 's3://other/f', hint: expect.stringContaining('--map') }),
    );
  });
});

describe('collisions', () => {
  const of = async (pairs: readonly Landing[]) => collect(collisions(pairs));

  test('reports different sources of one target, never a path that occurs twice', async () => {
    const landing = (k: string, source: string) => ({ k, source });
    const found = await of([
      landing('a', '1'),
      landing('a', '1'),
      landing('b', '2'),
      landing('b', '3'),
      landing('b', '2'),
      landing('c', '3'),
    ]);
    expect(found).toEqual([{ target: 'b', sources: ['2', '3'] }]);
  });

  test('finds what merged roots collide in, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(sources, fc.array(path, { maxLength: 20 }), async (from, paths) => {
        const map = new PathMap({ roots: from.map((source, n) => ({ source, target: n % 2 ? 's3://w/r' : 's3://w/r/t' })) });
        const known = paths.filter((value) => map.map(value) !== undefined);
        const landed = await collect(landings(known, map));
        const found = await of([...landed].sort((a, b) => bytes(a.k, b.k)));
        const targets = new Set(landed.map(({ k }) => k));
        const merged = [...targets].filter((k) => new Set(landed.filter((l) => l.k === k).map((l) => l.source)).size > 1);
        expect([...new Set(found.map(({ target }) => target))].sort()).toEqual(merged.sort());
      }),
      { numRuns: 1000 },
    );
  });

  test('landings refuse a path under no root', async () => {
    const map = new PathMap({ roots: [{ source: 's3://b/t', target: 's3://w/r' }] });
    await expect(collect(landings(['s3://b/t/f', 's3://b/t2/f'], map))).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('bounds of paths', () => {
  const one = new PathMap({ roots: [{ source: 's3://src/t', target: 's3://dst/x' }] });
  const nested = new PathMap({
    roots: [
      { source: 's3://src/t', target: 's3://dst/x' },
      { source: 's3://src/t/data/b', target: 's3://dst/y' },
    ],
  });

  test('below one root both move, equal or not', () => {
    expect(one.mapBounds({ lower: 's3://src/t/a', upper: 's3://src/t/b' })).toEqual({
      lower: 's3://dst/x/a',
      upper: 's3://dst/x/b',
    });
    expect(one.mapBounds({ lower: 's3://src/t/a', upper: 's3://src/t/a' })).toEqual({
      lower: 's3://dst/x/a',
      upper: 's3://dst/x/a',
    });
  });

  test.each([
    ['s3://sr', 's3://ss'],
    ['s3://src/t', 's3://src/t/z'],
    ['s3://src/t/a', 's3://src/t0'],
    ['', 's3://src/t/z'],
    ['s3://sr', 's3://sr'],
    ['s3://src/t/a', undefined],
    [undefined, 's3://src/t/a'],
    [undefined, undefined],
  ])('dropped, both: %s, %s', (lower, upper) => {
    expect(one.mapBounds({ lower, upper })).toBeUndefined();
  });

  test('with a root below another only equal ones are kept', () => {
    const equal = { lower: 's3://src/t/data/b/f', upper: 's3://src/t/data/b/f' };
    expect(nested.mapBounds(equal)).toEqual({ lower: 's3://dst/y/f', upper: 's3://dst/y/f' });
    expect(nested.mapBounds({ lower: 's3://src/t/data/a', upper: 's3://src/t/data/c' })).toBeUndefined();
  });
});
