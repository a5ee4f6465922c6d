/** Any table's roots: every path goes to one place, behind whole names only, and no two meet unseen. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { collisions, landings } from '../../src/iceberg/path-map.js';
import { parseMap } from '../../src/restore/map-option.js';
import { planRoots } from '../../src/restore/plan-roots.js';
import { isSpelling } from '../../src/roots/spelling.js';

const LOCATION = 's3://b/wh/t';
const TARGET = 's3://w/db/r';
const name = fc.constantFrom('t', 't2', 't_2', 'x', 'data', 'a b', '%20', '$&', 'é', '\u{1f600}', '');
const rest = fc.array(name, { maxLength: 3 }).map((names) => [...names, 'f'].join('/'));
const place = fc.constantFrom(
  LOCATION,
  `${LOCATION}2`,
  `${LOCATION}_2`,
  's3a://b/wh/t',
  's3://b/wh',
  's3://e',
  's3://e/x',
  's3a://e/x',
  'file:///e/x',
  '/e/x',
  'hdfs://nn/x',
);
const path = fc.tuple(place, rest).map((parts) => parts.join('/'));
const maps = fc.uniqueArray(fc.constantFrom('s3://e/x=s3://m/1', 's3://e=s3://m/2', `${LOCATION}/x=s3://m/3`, '/e=s3://m/4'), {
  maxLength: 3,
});
const properties = fc.dictionary(fc.constantFrom('write.data.path', 'write.metadata.path'), place, { maxKeys: 2 });

const byBytes = (a: { readonly k: string }, b: { readonly k: string }) => Buffer.compare(Buffer.from(a.k), Buffer.from(b.k));
async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('the map is injective but for spellings of one place, and cuts paths at slashes only', async () => {
  let planned = 0;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(path, { maxLength: 12 }), maps, properties, async (paths, texts, writePaths) => {
      const request = { location: LOCATION, target: TARGET, writePaths, maps: texts.map(parseMap), foreign: paths };
      const plan = await planRoots({ ...request, sameService: false }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(BcnError);
        return undefined;
      });
      if (plan === undefined) return;
      planned++;
      const landed = await collect(landings(paths, plan.map));
      for (const { k, source } of landed) {
        const root = plan.roots.find(
          (one) => source.startsWith(`${one.source}/`) && k === one.target + source.slice(one.source.length),
        );
        expect(root, `${source} > ${k}`).toBeDefined();
      }
      // What meets is found, and is one file in two spellings.
      const met = await collect(collisions([...landed].sort(byBytes)));
      for (const { sources } of met) expect(isSpelling(...sources), sources.join(' ')).toBe(true);
      expect(new Set(landed.map(({ k }) => k)).size).toBe(paths.length - met.length);
    }),
    { numRuns: 2000 },
  );
  expect(planned).toBeGreaterThan(1000);
}, 60_000);
