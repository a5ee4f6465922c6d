import { describe, expect, test } from 'vitest';
import { type HistoryKeep, pruneHistory } from '../../../src/iceberg/history.js';
import { A, B, C, D, ids, idsIn, line, log } from './table.js';

const NAME = 's3://b/t/metadata/1.metadata.json';
const CURRENT: HistoryKeep = { kind: 'current' };
const last = (count: number): HistoryKeep => ({ kind: 'last', count });

describe('the snapshot log', () => {
  const entry = (id: bigint) => ({ 'timestamp-ms': 1_700_000_009_999, 'snapshot-id': Number(id) });
  const logOf = (bytes: Buffer) => JSON.parse(bytes.toString())['snapshot-log'];

  test.each([
    ['a gap takes all before it', [A, B, C], [C]],
    ['again and again', [C, A, C, B, C, C], [C, C]],
    ['a snapshot that had expired before counts too', [C, D, C], [C]],
    ['nothing to cut', [C], [C]],
  ])('%s', (_name, before, after) => {
    const result = pruneHistory(line({ 'snapshot-log': log(...before) }), NAME, CURRENT);
    expect(idsIn(result.bytes, 'snapshot-log')).toEqual(ids(...after));
  });

  test.each([
    ['ends in a removed snapshot', log(C, A), [entry(C)]],
    ['is empty', [], [entry(C)]],
    ['is null', null, [entry(C)]],
  ])('that %s gets the current one', (_name, before, after) => {
    const result = pruneHistory(line({ 'snapshot-log': before }), NAME, CURRENT);
    expect(logOf(result.bytes)).toEqual(after);
    expect(result.bytes.toString()).toContain(`"snapshot-id":${C}}`);
    expect(result.edits.filter(({ field }) => field === 'snapshot-log').at(-1)).toEqual({
      field: 'snapshot-log',
      to: `${C} current since 1700000009999`,
    });
  });

  test('that ends in another kept snapshot gets the current one behind it', () => {
    const result = pruneHistory(line({ 'snapshot-log': log(A, B) }), NAME, last(2));
    expect(idsIn(result.bytes, 'snapshot-log')).toEqual(ids(B, C));
  });

  test('that is absent is made', () => {
    const text = line()
      .toString()
      .replace(/"snapshot-log": \[[^\]]*\],\s*/, '');
    const result = pruneHistory(Buffer.from(text), NAME, last(2));
    expect(logOf(result.bytes)).toEqual([entry(C)]);
  });
});

describe('statistics', () => {
  const stats = (id: bigint, n: number) => ({
    'snapshot-id': id,
    'statistics-path': `s3://b/t/${n}.puffin`,
    'file-size-in-bytes': 1n,
    x: 1e3,
  });

  test.each(['statistics', 'partition-statistics'])('%s of removed snapshots go', (field) => {
    const result = pruneHistory(line({ [field]: [stats(A, 1), stats(C, 2), stats(B, 3), stats(C, 4)] }), NAME, CURRENT);
    expect(idsIn(result.bytes, field)).toEqual(ids(C, C));
    expect(result.edits).toContainEqual({ field, from: '4', to: '2' });
    expect(pruneHistory(line({ [field]: null }), NAME, CURRENT).bytes.toString()).toContain(`"${field}": null`);
  });
});
