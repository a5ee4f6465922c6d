/** What a restore does to manifests, over generated ones, with avsc as the oracle. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PathBounds } from '../../src/iceberg/avro/path-bounds.js';
import { type RewrittenFile, rewriteManifest } from '../../src/iceberg/manifest.js';
import { abstractPath, concretePath } from '../../src/iceberg/paths.js';
import { parts } from './avro/support.js';
import { containerOf, type Entry, generated, oracle, PATH_ID, SRC } from './generated-manifests.js';

const RUNS = { numRuns: 200 };

interface Bound {
  readonly key: number;
  readonly value: Buffer;
}

/** Decisions that are the same for the same path, and differ between paths. */
const choose = (text: string, of: number): number => [...text].reduce((sum, c) => sum + (c.codePointAt(0) as number), 0) % of;

const path = (file: string) => `s3://new/place/${file}`;
const referenced = (dataFile: string) => (choose(dataFile, 3) === 0 ? 's3://new/dangling' : `x${dataFile}`);

/** Full bounds of what was written, shorter ones, one alone, none. */
function bounds({ lower, upper }: PathBounds, file: string): PathBounds | undefined {
  switch (choose(file, 4)) {
    case 0:
      return undefined;
    case 1:
      return { lower: undefined, upper: upper && `y${upper}` };
    case 2:
      return { lower: lower && '', upper: upper && '' };
    default:
      return { lower: lower && `${lower}/more`, upper: upper && `${upper}/more` };
  }
}

const rewritten = (file: string): RewrittenFile | undefined => {
  const kinds: readonly (RewrittenFile | undefined)[] = [
    undefined,
    { size: 0 },
    { size: 2 ** 53 - 1, format: 'AVRO', columnSizes: null, splitOffsets: null },
    { size: 7, columnSizes: new Map([[PATH_ID, 2 ** 40]]), splitOffsets: [4, 2 ** 40] },
  ];
  return kinds[choose(file, kinds.length)];
};

/** The same changes to decoded records. */
function expected(record: Entry): Entry {
  const file = record.data_file;
  const name = file.file_path as string;
  const facts = file.content === 1 ? rewritten(name) : undefined;
  const side = (list: unknown, which: 'lower' | 'upper') => {
    if (file.content !== 1 || list === null) return list;
    return (list as readonly Bound[]).flatMap(({ key, value }) => {
      if (key < 3) return { key, value };
      const of = (all: unknown) => (all as readonly Bound[] | null)?.find((bound) => bound.key === key)?.value.toString();
      const after = bounds({ lower: of(file.lower), upper: of(file.upper) }, name)?.[which];
      return after === undefined ? [] : { key, value: Buffer.from(after) };
    });
  };
  const { columnSizes, splitOffsets } = facts ?? {};
  const sizes = columnSizes && [...columnSizes].map(([key, value]) => ({ key, value: BigInt(value) }));
  return {
    ...record,
    data_file: {
      ...file,
      file_path: path(name),
      referenced: file.referenced === null ? null : referenced(file.referenced as string),
      lower: side(file.lower, 'lower'),
      upper: side(file.upper, 'upper'),
      ...(facts && { size: BigInt(facts.size) }),
      ...(facts?.format && { file_format: facts.format }),
      ...(columnSizes !== undefined && file.sizes !== null && { sizes }),
      ...(splitOffsets !== undefined && file.offsets !== null && { offsets: splitOffsets?.map(BigInt) ?? null }),
    },
  };
}

test('paths, referenced data files, bounds and facts, as decoding and encoding would change them', async () => {
  await fc.assert(
    fc.asyncProperty(generated, async ({ schema, blocks, codec }) => {
      const type = oracle(schema);
      const after = await rewriteManifest(containerOf(schema, type, blocks, codec), 'm', { path, referenced, bounds, rewritten });
      const changed = blocks.map((list) => (list as readonly Entry[]).map(expected));
      expect(parts(after)).toEqual(parts(containerOf(schema, type, changed, codec)));
    }),
    RUNS,
  );
}, 60_000);

test('where nothing changes the result is the same buffer, whatever is known of the files', async () => {
  const same = (text: string) => text;
  await fc.assert(
    fc.asyncProperty(generated, async ({ schema, blocks, codec }) => {
      const bytes = containerOf(schema, oracle(schema), blocks, codec);
      const files = (blocks.flat() as readonly Entry[]).map(({ data_file }) => data_file);
      const sizes = new Map(files.map(({ file_path, size }) => [file_path, Number(size)]));
      // A path that two entries give different sizes has no size of its own.
      fc.pre(files.every(({ file_path, size }) => sizes.get(file_path) === Number(size)));
      const known = (file: string): RewrittenFile => ({ size: sizes.get(file) as number, format: 'PARQUET' });
      expect(await rewriteManifest(bytes, 'm', { path: same })).toBe(bytes);
      expect(await rewriteManifest(bytes, 'm', { path: same, referenced: same, bounds: (all) => all, rewritten: known })).toBe(
        bytes,
      );
    }),
    RUNS,
  );
}, 60_000);

test('law 5: abstract and concrete again is the same after decompression, wherever the table and its files lie', async () => {
  const locations = [SRC, `${SRC}/`, `${SRC}//`, 's3://src', 's3://sr', `${SRC}/a`, 's3a://src/t', '/', 'x'];
  await fc.assert(
    fc.asyncProperty(generated, fc.constantFrom(...locations), async ({ schema, blocks, codec }, location) => {
      const bytes = containerOf(schema, oracle(schema), blocks, codec);
      const abstract = await rewriteManifest(bytes, 'm', { path: (p) => abstractPath(p, location) });
      const concrete = await rewriteManifest(abstract, 'm', { path: (p) => concretePath(p, location) });
      expect(parts(concrete)).toEqual(parts(bytes));
    }),
    RUNS,
  );
}, 60_000);
