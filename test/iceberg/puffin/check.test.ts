import { describe, expect, test } from 'vitest';
import { type VectorEntry, vectorChecker } from '../../../src/iceberg/puffin/check.js';
import { readFooter } from '../../../src/iceberg/puffin/footer.js';
import { fixture, puffin } from './support.js';

const entry = (more: Partial<VectorEntry> = {}): VectorEntry => ({
  referencedDataFile: 's3://b/a',
  contentOffset: 4n,
  contentSize: 20n,
  recordCount: 3n,
  ...more,
});

function checker(blob: object) {
  const payload = JSON.stringify({ blobs: [{ type: 'deletion-vector-v1', offset: 4, length: 20, ...blob }] });
  const bytes = puffin({ body: Buffer.alloc(40), payload });
  return vectorChecker({ kind: 'puffin', size: bytes.length, footer: readFooter('f', 44, bytes.subarray(44)) });
}

const properties = { 'referenced-data-file': 's3://b/a', cardinality: '3' };

test('entries and a file that Spark wrote', () => {
  const bytes = fixture('vectors.puffin');
  const check = vectorChecker({ kind: 'puffin', size: bytes.length, footer: readFooter('f', 140, bytes.subarray(140)) });
  const rows = JSON.parse(fixture('expected.json').toString()) as readonly Record<
    'dataFile' | 'offset' | 'size' | 'records',
    string
  >[];
  const entries = rows.map(({ dataFile, offset, size, records }) =>
    entry({
      referencedDataFile: dataFile,
      contentOffset: BigInt(offset),
      contentSize: BigInt(size),
      recordCount: BigInt(records),
    }),
  );
  for (const one of entries) expect(check(one)).toEqual([]);
  const [first, second] = entries as [VectorEntry, VectorEntry];
  expect(check({ ...first, referencedDataFile: second.referencedDataFile })).toMatchObject([{ kind: 'data-file' }]);
});

describe('finds', () => {
  test.each<readonly [string, object, Partial<VectorEntry>, readonly string[]]>([
    ['nothing', { properties }, {}, []],
    ['nothing without a cardinality', { properties: { ...properties, cardinality: undefined } }, {}, []],
    ['another data file', { properties }, { referencedDataFile: 's3://b/b' }, ['data-file: is for s3://b/b by the manifest']],
    [
      'no data file in the manifest',
      { properties },
      { referencedDataFile: undefined },
      ['data-file: names no data file in its manifest'],
    ],
    ['no data file in the footer', {}, {}, ['data-file: names no data file in its footer']],
    ['another number of rows', { properties }, { recordCount: 4n }, ['cardinality: deletes 4 rows by the manifest, 3 by']],
    ['another offset', { properties }, { contentOffset: 5n }, ['place: is not in the footer of its file (20 bytes at 5)']],
    ['another size', { properties }, { contentSize: 21n }, ['place: is not in the footer']],
    ['no offset', { properties }, { contentOffset: undefined }, ['place: has no content_offset']],
    ['no size', { properties }, { contentSize: undefined }, ['place: has no content_offset or no content_size_in_bytes']],
    ['a place in the magic', { properties }, { contentOffset: 3n }, ['place: lies outside of its file: 20 bytes at 3']],
    ['a place in the footer', { properties }, { contentSize: 41n }, ['place: lies outside']],
    ['a negative size', { properties }, { contentSize: -1n }, ['place: lies outside']],
    ['a place beyond 2^53', { properties }, { contentOffset: 2n ** 62n }, ['place: lies outside']],
    [
      'another type',
      { properties, type: 'mine' },
      {},
      ['type: is of type "mine"', 'data-file: names no data file in its footer'],
    ],
    ['a packed vector', { properties, 'compression-codec': 'zstd' }, {}, ['type: is packed ("zstd")']],
  ])('%s', (_, blob, more, expected) => {
    const found = checker(blob)(entry(more)).map(({ kind, message }) => `${kind}: ${message}`);
    expect(found).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

  test('vectors without a container: only their places', () => {
    const check = vectorChecker({ kind: 'raw', size: 20 });
    expect(check(entry({ contentOffset: 0n }))).toEqual([]);
    expect(check(entry({ contentOffset: 1n }))).toMatchObject([{ kind: 'place' }]);
    expect(check(entry({ contentOffset: 0n, referencedDataFile: undefined }))).toMatchObject([{ kind: 'data-file' }]);
  });
});
