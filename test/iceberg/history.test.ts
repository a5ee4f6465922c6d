import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type HistoryKeep, pruneHistory } from '../../src/iceberg/history.js';
import { type JsonMembers, parseJson } from '../corpus/json.js';
import type { Document } from '../support/json.js';
import { A, B, branch, C, D, ids, idsIn, line, log, refsIn, snapshot, table } from './history/table.js';

const NAME = 's3://b/t/metadata/1.metadata.json';
const CURRENT: HistoryKeep = { kind: 'current' };
const last = (count: number): HistoryKeep => ({ kind: 'last', count });

describe('which snapshots stay', () => {
  test.each([
    ['full', { kind: 'full' }, [A, B, C]],
    ['current', CURRENT, [C]],
    ['last:1', last(1), [C]],
    ['last:2', last(2), [B, C]],
    ['last:3', last(3), [A, B, C]],
    ['last:1000000', last(1_000_000), [A, B, C]],
  ] as const)('%s', (_name, keep, kept) => {
    const bytes = line();
    const result = pruneHistory(bytes, NAME, keep);
    expect(result.kept).toEqual(kept);
    expect(idsIn(result.bytes, 'snapshots')).toEqual(ids(...kept));
    expect(idsIn(result.bytes, 'snapshot-log')).toEqual(ids(...kept));
    if (kept.length === 3) expect(result).toEqual({ bytes, kept, edits: [] });
    if (kept.length === 3) expect(result.bytes).toBe(bytes);
  });

  test('the head of main and its parents, wherever other snapshots stand and however new they are', () => {
    // D is newer than the head (main was rolled back), A is staged beside.
    const bytes = table({
      'current-snapshot-id': B,
      snapshots: [snapshot(D, B), snapshot(A, C), snapshot(B, C), snapshot(C)],
      'snapshot-log': log(C, B, D, B),
      refs: { later: branch(D), main: branch(B), staged: branch(A) },
    });
    const result = pruneHistory(bytes, NAME, last(2));
    expect(result.kept).toEqual([B, C]);
    expect(refsIn(result.bytes)).toEqual(['main']);
    expect(idsIn(result.bytes, 'snapshot-log'), 'nothing before the time of D').toEqual(ids(B));
    expect(result.edits).toEqual([
      { field: 'snapshots', from: '4', to: '2' },
      { field: 'snapshot-log', from: '4', to: '1' },
      { field: 'refs', from: '3', to: '1, without "later", "staged"' },
    ]);
  });

  test('a parent that is gone ends the line, also one named null', () => {
    const bytes = table({
      'current-snapshot-id': C,
      snapshots: [snapshot(A), snapshot(C, D)],
      'snapshot-log': log(C),
    });
    expect(pruneHistory(bytes, NAME, last(5)).kept).toEqual([C]);
    const noParent = table({
      'current-snapshot-id': C,
      snapshots: [snapshot(A), snapshot(C, undefined, { 'parent-snapshot-id': null })],
    });
    expect(pruneHistory(noParent, NAME, last(5)).kept).toEqual([C]);
  });

  test('parents in a circle', () => {
    const circle = table({
      'current-snapshot-id': C,
      snapshots: [snapshot(A, C), snapshot(B, A), snapshot(C, B), snapshot(D, D)],
    });
    expect(pruneHistory(circle, NAME, last(1e15 - 1)).kept).toEqual([A, B, C]);
    const itself = table({ 'current-snapshot-id': D, snapshots: [snapshot(D, D), snapshot(C)] });
    expect(pruneHistory(itself, NAME, last(9)).kept).toEqual([D]);
  });

  test('snapshots of one id stay together, and the last one tells the parent', () => {
    const bytes = table({
      'current-snapshot-id': C,
      snapshots: [snapshot(C, B), snapshot(B), snapshot(A), snapshot(C, A)],
      refs: {},
    });
    const result = pruneHistory(bytes, NAME, last(2));
    expect(result.kept).toEqual([C, A]);
    expect(idsIn(result.bytes, 'snapshots')).toEqual(ids(C, A, C));
  });
});

describe('without a current snapshot', () => {
  test.each([-1, null, undefined])('%s and no snapshots: nothing to do', (none) => {
    const bytes = table({
      ...(none === undefined ? {} : { 'current-snapshot-id': none }),
      snapshots: [],
      'snapshot-log': [],
      refs: {},
    });
    for (const keep of [CURRENT, last(2), { kind: 'full' }] as const) {
      expect(pruneHistory(bytes, NAME, keep)).toEqual({ bytes, kept: [], edits: [] });
    }
  });

  test.each([-1, null])('%s and snapshots of a table that was replaced, or of other branches: main has no history', (none) => {
    const bytes = table({
      'current-snapshot-id': none,
      snapshots: [snapshot(A), snapshot(B, A)],
      'snapshot-log': log(A, B),
      refs: { audit: branch(B) },
    });
    const result = pruneHistory(bytes, NAME, CURRENT);
    expect(result.kept).toEqual([]);
    const document = JSON.parse(result.bytes.toString());
    expect(document).toMatchObject({ 'current-snapshot-id': none, snapshots: [], 'snapshot-log': [], refs: {} });
    expect(document['last-updated-ms']).toBe(1_700_000_009_999);
  });
});

describe('refs', () => {
  test('those of kept snapshots stay byte for byte, odd names too', () => {
    const refs = {
      '__proto__/x': branch(A),
      main: branch(C, { 'max-snapshot-age-ms': 1n }),
      'v 1.0/ä😎"\\': { 'snapshot-id': C, type: 'tag', 'max-ref-age-ms': 9007199254740993n, later: { a: 1 } },
      constructor: branch(B),
      toString: branch(C),
    };
    const text = line({ refs: { ...refs, ['__proto__']: branch(B) } }).toString();
    const bytes = Buffer.from(text.replace('"constructor"', '"__proto__"'));
    const result = pruneHistory(bytes, NAME, CURRENT);
    expect(refsIn(result.bytes)).toEqual(['main', 'v 1.0/ä😎"\\', 'toString']);
    expect(result.bytes.toString()).toContain('"max-ref-age-ms": 9007199254740993,');
    expect(result.edits.at(-1)?.to).toBe('3, without "__proto__/x", "__proto__"');
  });

  test('an escaped name, and one that is there twice', () => {
    const text = line({ refs: { main: branch(C), x: branch(C), y: branch(A) } }).toString();
    const twice = text.replace('"y"', '"\\u0078"');
    expect(refsIn(pruneHistory(Buffer.from(twice), NAME, CURRENT).bytes), 'the last x counts, and takes the first along').toEqual(
      ['main'],
    );
    const back = text.replace('"x"', '"y"').replace(/"y"(?![\s\S]*"y")/, '"x"');
    expect(refsIn(pruneHistory(Buffer.from(back), NAME, CURRENT).bytes)).toEqual(['main', 'y']);
  });

  test('many names are counted, not listed', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`b${n}`, branch(A)]));
    const { edits } = pruneHistory(line({ refs: { ...many, main: branch(C) } }), NAME, CURRENT);
    expect(edits.at(-1)?.to).toMatch(/^1, without "b0", .*"b19", and 30 more$/);
  });

  test.each([
    ['absent', {}],
    ['null', { refs: null }],
  ])('%s, as in v1', (_name, refs) => {
    const { refs: _none, ...members } = { 'format-version': 1, refs: undefined } as const;
    const bytes = table({
      ...members,
      'current-snapshot-id': C,
      snapshots: [snapshot(A), snapshot(C, A)],
      'snapshot-log': log(A, C),
      ...refs,
    });
    const result = pruneHistory(bytes, NAME, CURRENT);
    expect(result.kept).toEqual([C]);
    expect((parseJson(result.bytes.toString()) as JsonMembers).get('refs')).toEqual('refs' in refs ? null : undefined);
  });

  test.each([
    ['another snapshot', line({ refs: { main: branch(B) } })],
    ['a snapshot, and there is no current one', line({ 'current-snapshot-id': -1 })],
    ['a snapshot that is not there', line({ refs: { main: branch(D) } })],
  ])('main at %s is corrupt, as for Java', (_name, bytes) => {
    expect(() => pruneHistory(bytes, NAME, CURRENT)).toThrow(expect.objectContaining({ code: 'corrupt', object: NAME }));
    expect(pruneHistory(bytes, NAME, { kind: 'full' }).bytes).toBe(bytes);
  });
});

describe('all other bytes stay', () => {
  test('a v3 file of everything odd', () => {
    const bytes = readFileSync(new URL('fixtures/hand-v3.metadata', import.meta.url));
    const result = pruneHistory(bytes, NAME, CURRENT);
    const text = bytes.toString();
    const gone = [
      /\{"snapshot-id":9007199254740993,"sequence-number":1.*?\}\},/,
      /,"__proto__":\{[^}]*\}/,
      /\{"snapshot-id":9007199254740993,"timestamp-ms":1602638573590\}/,
      /(?<="statistics":\[)\{.*?\}(?=\],"partition)/,
      /(?<="partition-statistics":\[)\{.*?\}(?=\])/,
    ];
    const expected = gone
      .reduce((left, pattern) => left.replace(pattern, ''), text)
      .replace('"snapshot-log":[]', '"snapshot-log":[{"timestamp-ms":1602638573590,"snapshot-id":9223372036854775807}]');
    expect(result.bytes.toString()).toBe(expected);
    expect(result.kept).toEqual([9223372036854775807n]);
    expect(pruneHistory(result.bytes, NAME, CURRENT).bytes, 'once is enough').toBe(result.bytes);
  });

  test('repeated members: each is cut, since the paths of each are mapped', () => {
    const text = line().toString();
    const earlier = text.replace(
      '{',
      `{"snapshots":[${JSON.stringify({ 'snapshot-id': 5, 'manifest-list': 's3://x' })}],"refs":{"old":{"snapshot-id":5,"type":"tag"}},`,
    );
    const result = pruneHistory(Buffer.from(earlier), NAME, CURRENT);
    expect(result.kept).toEqual([C]);
    expect(result.bytes.toString()).not.toContain('s3://x');
    expect(result.bytes.toString()).toContain('{"snapshots":[],"refs":{},');
  });
});

describe('what is not a table', () => {
  test.each([
    ['the current snapshot is missing', line({ 'current-snapshot-id': D, refs: {} })],
    ['not JSON', Buffer.from('{"format-version":2')],
    ['text behind', Buffer.concat([line(), Buffer.from('x')])],
    ['a log entry without id', line({ 'snapshot-log': [{ 'timestamp-ms': 1 }] })],
    ['statistics without snapshot', line({ statistics: [{ 'statistics-path': 'x' }] })],
    ['a null snapshot', line({ snapshots: [null] })],
    ['a log that is no list', line({ 'snapshot-log': {} })],
  ])('%s: corrupt, and nothing is returned', (_name, bytes) => {
    expect(() => pruneHistory(bytes, NAME, CURRENT)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test('ids as floats are unsupported', () => {
    const bytes = Buffer.from(line().toString().replaceAll(`"parent-snapshot-id": ${B}`, '"parent-snapshot-id": 9.2e18'));
    expect(() => pruneHistory(bytes, NAME, CURRENT)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test('cut at any byte', () => {
    const bytes = line();
    for (let end = 0; end < bytes.length; end++) {
      expect(() => pruneHistory(bytes.subarray(0, end), NAME, CURRENT)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    }
  });
});

test('a long line is cut in no more than its own time', () => {
  const snapshots: Document[] = [];
  for (let n = 1n; n <= 20_000n; n++) snapshots.push(snapshot(n, n === 1n ? undefined : n - 1n));
  const bytes = table({
    'current-snapshot-id': 20_000n,
    snapshots,
    'snapshot-log': log(...Array.from({ length: 20_000 }, (_, n) => BigInt(n + 1))),
  });
  const result = pruneHistory(bytes, NAME, last(10_000));
  expect(result.kept.length).toBe(10_000);
  expect(result.kept[0]).toBe(10_001n);
  expect((parseJson(result.bytes.toString()) as JsonMembers).get('snapshot-log')).toHaveLength(10_000);
});
