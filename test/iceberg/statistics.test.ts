import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dropStatistics } from '../../src/iceberg/statistics.js';

const NAME = 's3://b/t/metadata/1.metadata.json';
const drop = (text: string, ...missing: readonly string[]) => {
  const bytes = Buffer.from(text);
  const result = dropStatistics(bytes, NAME, (path) => missing.includes(path));
  if (missing.length === 0) expect(result).toEqual({ bytes, edits: [] });
  return { text: result.bytes.toString(), edits: result.edits, same: result.bytes === bytes };
};

describe('dropStatistics', () => {
  const entry = (path: string) =>
    `{ "statistics-path" : ${JSON.stringify(path)},"snapshot-id":9223372036854775807,"key-metadata":"aa==","x":1.0}`;
  const text = `{"statistics" : [ ${entry('s3://b/a')}, ${entry('s3://b/ä')} ],"x":-0,"partition-statistics":[${entry('s3://b/a')}],"snapshots":[]}`;

  test('only entries whose file is missing go', () => {
    expect(drop(text).same).toBe(true);
    expect(drop(text, 's3://b/none').same).toBe(true);
    expect(drop(text, 's3://b/ä')).toEqual({
      text: text.replace(`, ${entry('s3://b/ä')}`, ''),
      edits: [{ field: 'statistics', from: 's3://b/ä', to: 'removed: the file is missing' }],
      same: false,
    });
    expect(drop(text, 's3://b/a').text).toBe(text.replace(`${entry('s3://b/a')}, `, '').replace(`[${entry('s3://b/a')}]`, '[]'));
    expect(drop(text, 's3://b/a').edits.map(({ field }) => field)).toEqual(['statistics', 'partition-statistics']);
  });

  test('paths are asked as they read, once each, in order', () => {
    const asked: string[] = [];
    dropStatistics(Buffer.from(text.replace('s3://b/a', 's3:\\/\\/b\\u002fa')), NAME, (path) => asked.push(path) < 0);
    expect(asked).toEqual(['s3://b/a', 's3://b/ä', 's3://b/a']);
  });

  test.each(['{}', '{"statistics":null,"partition-statistics":[]}', '{"a":{"statistics":[{"statistics-path":"m"}]}}'])(
    '%s has none',
    (none) => {
      expect(drop(none, 'm')).toEqual({ text: none, edits: [], same: true });
    },
  );

  test.each([
    '',
    '[]',
    '{"statistics":{}}',
    '{"statistics":[1]}',
    '{"statistics":[{}]}',
    '{"statistics":[{"statistics-path":1}]}',
    '{"statistics":[]',
    '{}x',
  ])('%j is corrupt', (bad) => expect(() => drop(bad, 'm')).toThrow(expect.objectContaining({ code: 'corrupt', object: NAME })));

  test('what isMissing throws is passed on', () => {
    const failure = new Error('no answer');
    const fail = () => {
      throw failure;
    };
    expect(() => dropStatistics(Buffer.from(text), NAME, fail)).toThrow(failure);
  });

  test('any entries and any white space', () => {
    const space = fc.constantFrom('', ' ', '\n  ');
    const some = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), space, space), { maxLength: 6 });
    fc.assert(
      fc.property(some, some, fc.subarray(['a', 'b', 'c']), (stats, parts, missing) => {
        const list = (all: typeof stats) =>
          `[${all.map(([path, before, after], n) => `${before}{"n":${n},"statistics-path":"${path}"}${after}`).join(',')}]`;
        const given = `{"partition-statistics":${list(parts)},"statistics":${list(stats)}}`;
        const expected = JSON.parse(given, (_key, value) =>
          Array.isArray(value) ? value.filter((item) => !missing.includes(item['statistics-path'])) : value,
        );
        expect(JSON.parse(drop(given, 'nothing', ...missing).text)).toEqual(expected);
      }),
    );
  });
});
