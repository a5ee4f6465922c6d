import { describe, expect, test } from 'vitest';
import { type ManifestContext, rewriteManifest } from '../../../src/iceberg/manifest.js';
import { PathMap } from '../../../src/iceberg/path-map.js';
import { boundsType, DUCKDB_FIELDS, entry, LOWER, manifestSchema, UPPER, V2_FIELDS } from './manifests.js';
import { Blocks, file, type Json, type Value } from './support.js';

const PATH_ID = 2147483546;
const FILENAME_ID = 2147483646;
const SRC = 's3://src/t';
const DST = 's3a://another-and-much-longer-bucket-name/warehouse.db/naïve';
const move = (path: string) => {
  if (!path.startsWith(`${SRC}/`)) throw new Error(`not mapped: ${path}`);
  return DST + path.slice(SRC.length);
};

const manifest = (records: readonly Value[], schema: Json) => file({ schema, blocks: [records] });
const rewritten = (bytes: Buffer, context: Partial<ManifestContext> = {}) =>
  rewriteManifest(bytes, 'm.avro', { path: move, ...context });

const item = (key: number, value: string | Buffer) => ({ key, value: Buffer.from(value as string) });
const bounds = (root: string, lower = 'data/a', upper = 'data/z') => ({
  file_path: `${root}/data/deletes.parquet`,
  lower_bounds: [item(PATH_ID, `${root}/${lower}`), item(2147483545, Buffer.from([0, 0, 0, 0xff]))],
  upper_bounds: [item(2147483545, Buffer.from([9])), item(PATH_ID, `${root}/${upper}`)],
});
const one = (dataFile: { readonly [key: string]: Value }, fields: readonly Json[] = V2_FIELDS) =>
  manifest([entry({ content: 1, ...dataFile })], manifestSchema(fields));

test.each([
  ['version 2', V2_FIELDS],
  ['the order of DuckDB', DUCKDB_FIELDS],
])('of position deletes, %s', async (_, fields) => {
  expect((await rewritten(one(bounds(SRC), fields))).equals(one(bounds(DST), fields))).toBe(true);
});

test('under the id of DuckDB too', async () => {
  const build = (root: string) =>
    one({
      file_path: `${root}/d`,
      lower_bounds: [item(FILENAME_ID, `${root}/a`)],
      upper_bounds: [item(FILENAME_ID, `${root}/a`)],
    });
  expect((await rewritten(build(SRC))).equals(build(DST))).toBe(true);
});

test.each([0, 2])('not of content %i', async (content) => {
  const build = (root: string) => one({ ...bounds(SRC), content, file_path: `${root}/data/deletes.parquet` });
  expect((await rewritten(build(SRC))).equals(build(DST))).toBe(true);
});

test('sizes of blocks are counted again, every block keeps its form', async () => {
  const build = (root: string) =>
    one({
      file_path: `${root}/d`,
      lower_bounds: new Blocks(
        { items: [item(1, 'x')], sized: true },
        { items: [item(2, 'y'), item(PATH_ID, `${root}/${'a'.repeat(30)}`), item(3, 'z')], sized: true },
        { items: [item(4, 'y')], sized: false },
      ),
      upper_bounds: new Blocks({ items: [item(FILENAME_ID, `${root}/b`), item(PATH_ID, `${root}/b`)], sized: true }),
    });
  expect((await rewritten(build(SRC))).equals(build(DST))).toBe(true);
});

test('the context decides about both bounds at once', async () => {
  const seen: unknown[] = [];
  const after = await rewritten(one(bounds(SRC)), {
    bounds: (pair, path) => {
      seen.push(pair, path);
      return { lower: 'l', upper: 'u' };
    },
  });
  expect(seen.slice(0, 2)).toEqual([{ lower: `${SRC}/data/a`, upper: `${SRC}/data/z` }, `${SRC}/data/deletes.parquet`]);
  const expected = {
    ...bounds(DST),
    lower_bounds: [item(PATH_ID, 'l'), bounds(SRC).lower_bounds[1] as Value],
    upper_bounds: [bounds(SRC).upper_bounds[0] as Value, item(PATH_ID, 'u')],
  };
  expect(after.equals(one(expected))).toBe(true);
});

test('dropped bounds leave no empty block behind', async () => {
  const [path, other] = [item(PATH_ID, `${SRC}/a`), item(5, 'keep')];
  const before = one({
    lower_bounds: new Blocks({ items: [path], sized: false }, { items: [other, item(FILENAME_ID, `${SRC}/a`)], sized: true }),
    upper_bounds: [path],
  });
  const expected = one({
    file_path: `${DST}/data/a.parquet`,
    lower_bounds: new Blocks({ items: [other], sized: true }),
    upper_bounds: new Blocks(),
  });
  expect((await rewritten(before, { bounds: () => undefined })).equals(expected)).toBe(true);
});

test('a bound that is not there is not made up', async () => {
  const build = (root: string) => one({ file_path: `${root}/d`, lower_bounds: [item(PATH_ID, `${root}/a`)], upper_bounds: null });
  expect((await rewritten(build(SRC), { bounds: () => ({ lower: `${DST}/a`, upper: 'new' }) })).equals(build(DST))).toBe(true);
});

test('a bound that is cut short is not kept silently', async () => {
  await expect(rewritten(one({ ...bounds(SRC), upper_bounds: [item(PATH_ID, 's3://sr')] }))).rejects.toThrow(
    'not mapped: s3://sr',
  );
});

test('an Avro map with decimal keys, and other orders of key and value', async () => {
  const asMap = V2_FIELDS.map((f) =>
    f === LOWER ? { name: 'lower_bounds', type: { type: 'map', values: 'bytes' }, 'field-id': 125 } : f,
  );
  const build = (root: string) =>
    one({ file_path: `${root}/d`, lower_bounds: { 7: Buffer.from('x'), [PATH_ID]: Buffer.from(`${root}/a`) } }, asMap);
  expect((await rewritten(build(SRC))).equals(build(DST))).toBe(true);

  const swapped = JSON.parse(JSON.stringify(boundsType(126, 127))) as { items: { fields: unknown[] } };
  swapped.items.fields.reverse();
  const fields = V2_FIELDS.map((f) =>
    f === LOWER ? { name: 'lower_bounds', type: [swapped as unknown as Json, 'null'], 'field-id': 125 } : f,
  );
  expect((await rewritten(one(bounds(SRC), fields))).equals(one(bounds(DST), fields))).toBe(true);
});

test.each<readonly [string, string, readonly Json[], Value]>([
  ['keys found by name only', 'unsupported', [{ ...(UPPER as object), 'field-id': 125, type: boundsType(1, 2) } as Json], []],
  ['the same column twice', 'corrupt', [LOWER], [item(PATH_ID, `${SRC}/a`), item(PATH_ID, `${SRC}/b`)]],
  ['a bound that is not UTF-8', 'corrupt', [LOWER], [item(PATH_ID, Buffer.from([0xff]))]],
])('%s: %s', async (_, code, fields, value) => {
  const name = (fields[0] as { name: string }).name;
  const all = [...V2_FIELDS.filter((f) => f !== LOWER && f !== UPPER), ...fields];
  await expect(rewritten(one({ [name]: value }, all))).rejects.toMatchObject({ code, object: 'm.avro' });
});

describe('placed below roots', () => {
  const map = new PathMap({ roots: [{ source: SRC, target: DST }] });

  test.each([PATH_ID, FILENAME_ID])(
    'in a manifest, under id %i: cut short, they go; 143 and the other bounds stay',
    async (id) => {
      const build = (root: string, both: { readonly [key: string]: Value }) =>
        one({ file_path: `${root}/d.parquet`, referenced_data_file: `${root}/a.parquet`, ...both });
      const before = build(SRC, {
        lower_bounds: [item(id, 's3://src/t/da'), item(2147483545, 'pos')],
        upper_bounds: [item(2147483545, 'pos'), item(id, 's3://src/u')],
      });
      const after = build(DST, { lower_bounds: [item(2147483545, 'pos')], upper_bounds: [item(2147483545, 'pos')] });
      expect((await rewritten(before, { bounds: (pair) => map.mapBounds(pair) })).equals(after)).toBe(true);
    },
  );
});
