/** Content files of a restored table: all are what they were, but for the paths in position deletes and in footers of vectors. */
import { expect } from 'vitest';
import type { Content, Row } from './content.js';
import type { Places } from './places.js';
import { type Puffin, VECTOR } from './puffin.js';
import type { WalkedTable } from './walk.js';

/** A delete file that was written anew. */
export interface Rewritten {
  readonly uri: string;
  readonly file: Content;
  readonly was: Content;
}

/** Checks every live file; returns those that were written anew, by their source path. */
export function expectSameContent(restored: WalkedTable, source: WalkedTable, places: Places): ReadonlyMap<string, Rewritten> {
  const rewritten = new Map<string, Rewritten>();
  const expected = new Set<string>();
  for (const [path, was] of source.live) {
    const becomesParquet = was.rows !== undefined && was.format === 'orc';
    const uri = places.at(path) + (becomesParquet ? '.parquet' : '');
    expected.add(uri);
    const file = restored.live.get(uri) as Content;
    expect(file, uri).toBeDefined();
    if (was.rows || was.puffin) rewritten.set(path, { uri, file, was });
    if (was.rows) expectSameRows(uri, file, was, places);
    else if (was.puffin) expectSameVectors(uri, file, was.puffin, was.bytes, places);
    else expect(file.bytes.equals(was.bytes), uri).toBe(true);
  }
  expect([...restored.live.keys()].sort()).toEqual([...expected].sort());
  return rewritten;
}

const compareBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const compareRows = (a: Row, b: Row) => compareBytes(a[0], b[0]) || (a[1] < b[1] ? -1 : Number(a[1] > b[1]));

function expectSameRows(uri: string, file: Content, was: Content, places: Places): void {
  const rows = was.rows as readonly Row[];
  const mapped = rows.map(([path, pos]): Row => [places.referenced(path), pos]);
  expect(file.rows, uri).toEqual(mapped.sort(compareRows));
  expect(file.format).toBe(was.format === 'orc' ? 'parquet' : was.format);
  expect(file.bytes.toString('latin1', 0, 3)).toBe({ parquet: 'PAR', avro: 'Obj' }[file.format]);
  // Readers push `file_path = X` down to these.
  const groups = file.parquet?.paths ?? [];
  const known = groups.filter(([min, max]) => min !== undefined && max !== undefined);
  if (known.length > 0 && known.length === groups.length && rows.length > 0) {
    const lower = known.map(([min]) => String(min)).sort(compareBytes)[0] as string;
    const upper = known
      .map(([, max]) => String(max))
      .sort(compareBytes)
      .at(-1) as string;
    expect(compareBytes(lower, mapped[0]?.[0] as string), `${uri}: ${lower}`).toBeLessThanOrEqual(0);
    expect(compareBytes(upper, mapped.at(-1)?.[0] as string), `${uri}: ${upper}`).toBeGreaterThanOrEqual(0);
  }
}

function expectSameVectors(uri: string, file: Content, was: Puffin, bytes: Buffer, places: Places): void {
  const { puffin } = file;
  if (!puffin) throw new Error(`${uri} is no Puffin file any more`);
  expect(puffin.start, uri).toBe(was.start);
  expect(file.bytes.subarray(0, puffin.start).equals(bytes.subarray(0, was.start)), uri).toBe(true);
  expect(puffin.packed).toBe(false);
  const references = was.blobs
    .filter(({ type }) => type === VECTOR)
    .map(({ properties }) => properties?.['referenced-data-file']);
  let json = was.json;
  for (const path of new Set(references))
    if (path !== undefined) json = json.replaceAll(JSON.stringify(path), () => JSON.stringify(places.referenced(path)));
  expect(puffin.json, uri).toBe(json);
}
