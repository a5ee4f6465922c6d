/** Entries of restored manifests: every field is what it was, but for the declared ones. */
import { expect } from 'vitest';
import type { Value } from './avro.js';
import { FILE_PATH } from './content.js';
import type { Rewritten } from './expect-content.js';
import type { Places } from './places.js';
import { type Fields, vectorOf } from './walk.js';

/** Of `file_path`; and of `_file`, under which DuckDB writes the same. */
const PATH_BOUNDS = new Set([BigInt(FILE_PATH), 2147483646n]);

type Pairs = readonly Fields[] | null | undefined;

export interface EntryContext {
  readonly places: Places;
  readonly rewritten: ReadonlyMap<string, Rewritten>;
}

export function expectSameEntry(entry: Fields, was: Fields, { places, rewritten }: EntryContext): void {
  const data = entry.get('data_file') as Fields;
  const before = was.get('data_file') as Fields;
  const path = before.get('file_path') as string;
  const file = rewritten.get(path);
  const expected = new Map(before);
  expected.set('file_path', file?.uri ?? places.at(path));
  const referenced = before.get('referenced_data_file');
  if (typeof referenced === 'string') expected.set('referenced_data_file', places.referenced(referenced));
  if (file) expectFile(data, before, file, expected);
  if (before.get('content') === 1n) {
    expectBounds(data, before, { file, places });
    for (const field of ['lower_bounds', 'upper_bounds']) {
      // Theirs were looked at apart.
      if (expected.get(field)) expected.set(field, data.get(field) as Value);
    }
  }
  expect(new Map([...entry, ['data_file', data]])).toEqual(new Map([...was, ['data_file', expected]]));
  if (file?.was.format === 'puffin' && entry.get('status') !== 2n) vectorOf(data, file.file);
}

/** Declared: length, format, and where Parquet says them, sizes of columns and starts of row groups. */
function expectFile(data: Fields, before: Fields, { file, was }: Rewritten, expected: Map<string, Value>): void {
  expected.set('file_size_in_bytes', BigInt(file.bytes.length));
  if (!was.rows) return;
  if (was.format === 'orc') expected.set('file_format', 'PARQUET');
  const sizes = data.get('column_sizes') as Pairs;
  const offsets = data.get('split_offsets') as readonly Value[] | null | undefined;
  if (before.get('column_sizes')) {
    expected.set('column_sizes', sizes as Value);
    expect(sizes && new Map(sizes.map((pair) => [pair.get('key'), pair.get('value')]))).toEqual(
      file.parquet?.columnSizes ?? null,
    );
  }
  if (before.get('split_offsets')) {
    expected.set('split_offsets', offsets as Value);
    expect(offsets).toEqual(file.parquet?.splitOffsets ?? null);
  }
}

type Known = { readonly file: Rewritten | undefined; readonly places: Places };

/** Bounds of paths are exact where the rows are known, mapped or left out where they are not; never new. All others are what they were. */
function expectBounds(data: Fields, before: Fields, { file, places }: Known): void {
  const [lower, upper] = [data.get('lower_bounds') as Pairs, data.get('upper_bounds') as Pairs];
  const [lowerWas, upperWas] = [before.get('lower_bounds') as Pairs, before.get('upper_bounds') as Pairs];
  expect(others(lower)).toEqual(others(lowerWas));
  expect(others(upper)).toEqual(others(upperWas));
  for (const id of PATH_BOUNDS) {
    const [from, to] = [bound(lower, id), bound(upper, id)];
    const [fromWas, toWas] = [bound(lowerWas, id), bound(upperWas, id)];
    const rows = file?.file.rows;
    if (rows) {
      // Sorted by the bytes of their paths, which was checked.
      expect(from).toBe(fromWas === undefined ? undefined : rows[0]?.[0]);
      expect(to).toBe(toWas === undefined ? undefined : rows.at(-1)?.[0]);
    } else if (fromWas !== undefined && fromWas === toWas) {
      expect([from, to]).toEqual([places.referenced(fromWas), places.referenced(toWas)]);
    } else {
      if (from !== undefined) expect(from).toBe(places.find(fromWas as string));
      if (to !== undefined) expect(to).toBe(places.find(toWas as string));
    }
  }
}

function others(pairs: Pairs): Value {
  return pairs ? pairs.filter((pair) => !PATH_BOUNDS.has(pair.get('key') as bigint)) : (pairs ?? null);
}

function bound(pairs: Pairs, id: bigint): string | undefined {
  const found = pairs?.find((pair) => pair.get('key') === id);
  return found && Buffer.from((found.get('value') as string).slice(2), 'hex').toString('utf8');
}
