import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { abstractPath, concretePath } from '../../src/iceberg/paths.js';
import { type MetadataRewrite, rewriteMetadata } from '../../src/iceberg/rewrite-metadata.js';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.metadata`, import.meta.url));
const NAME = 's3://b/m.json';

function rewrite(text: string | Buffer, path: MetadataRewrite['path'], edits?: MetadataRewrite['edits']) {
  const result = rewriteMetadata(Buffer.from(text as string), NAME, { path, edits });
  return { text: result.bytes.toString(), edits: result.edits };
}

const same = (path: string) => path;

describe('law 5: making concrete undoes making abstract, byte for byte', { timeout: 60_000 }, () => {
  const LOCATIONS = ['s3://b/t', 's3://b/t/', 's3://b/café 😎/t', '/wh/t"\\', 's3://b/\u2028&<', 'x:'];
  const rest = fc.array(fc.constantFrom('/', 'data', 'é', '😎', '😀', ':', 'bcn-rel:', '"', '\\', '\n', '%20', '2', 'a=b'), {
    maxLength: 5,
  });

  /** A token that spells `text`, each unit in one of the ways JSON allows. */
  const token = (text: string, ways: readonly number[]) => {
    const spell = (unit: string, way: number) => {
      const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
      if (way === 1) return `\\u${hex}`;
      if (way === 2) return `\\u${hex.toUpperCase()}`;
      return unit === '/' && way === 3 ? '\\/' : JSON.stringify(unit).slice(1, -1);
    };
    const units = [...text].flatMap((char, i) => {
      const way = ways[i % (ways.length || 1)] ?? 0;
      return way === 0 || way === 3 ? [spell(char, way)] : char.split('').map((unit) => spell(unit, way));
    });
    return `"${units.join('')}"`;
  };
  const space = fc.constantFrom('', '', ' ', '\n\t', '  \r\n');
  const noise = fc.constantFrom(
    '1.0',
    '1e400',
    '-0',
    '9223372036854775807',
    '4.598e+18',
    'null',
    '"\\ud800"',
    '{"location":"s3://b/t/x"}',
    '{"location#0":"s3:\\/\\/b\\/t"}',
    '{}',
    '[[[]]]',
    '""',
  );

  const documents = fc.constantFrom(...LOCATIONS).chain((location) => {
    const path = fc
      .tuple(fc.constantFrom(location, location, `${location}/`, `${location}2`, ''), rest, fc.array(fc.nat(3), { maxLength: 4 }))
      .map(([start, parts, ways]) => token(start + parts.join(''), ways));
    const item = (key: string) =>
      fc.tuple(path, noise, space).map(([value, other, s]) => `{${s}"${key}"${s}:${s}${value}${s},"x":${other}}`);
    const list = (items: fc.Arbitrary<string>) =>
      fc.oneof(
        fc.array(items, { maxLength: 3 }).map((all) => `[${all.join(' ,')}]`),
        fc.constant('null'),
      );
    const itself = fc.array(fc.nat(3), { maxLength: 4 }).map((ways) => `"location":${token(location, ways)}`);
    const earlier = fc.oneof(
      path.map((value) => `"location":${value}`),
      path.map((value) => `"loc\\u0061tion" : ${value}`),
    );
    const member = fc.oneof(
      list(item('manifest-list')).map((value) => `"snapshots":${value}`),
      list(list(path).map((paths) => `{"manifests":${paths}}`)).map((value) => `"snapshots":${value}`),
      list(item('metadata-file')).map((value) => `"metadata-log":${value}`),
      list(item('statistics-path')).map((value) => `"statistics":${value}`),
      list(item('statistics-path')).map((value) => `"partition-statistics" :${value}`),
      item('write.data.path').map((value) => `"properties":${value}`),
      item('write.object-storage.path').map((value) => `"properties":${value}`),
      noise.map((value) => `"unknown":${value}`),
      noise.map((value) => `"bcn-spelling":${value}`),
      noise.map((value) => `"__proto__":${value}`),
      fc.constant('"table-uuid":"u"'),
    );
    return fc
      .tuple(
        fc.constantFrom('', '\ufeff'),
        space,
        fc.array(fc.oneof(member, earlier), { maxLength: 4 }),
        itself,
        fc.array(member, { maxLength: 3 }),
        space,
      )
      .map(([bom, s, before, own, after, end]) => ({
        location,
        text: `${bom}${s}{${[...before, own, ...after].join(`${s},`)}${end}}${s}`,
      }));
  });

  test('generated documents', () => {
    fc.assert(
      fc.property(documents, ({ location, text }) => {
        const abstract = rewrite(text, (path) => abstractPath(path, location));
        expect(rewrite(abstract.text, (path) => concretePath(path, location))).toEqual({ text, edits: [] });
      }),
      { numRuns: 10_000 },
    );
  });

  test('at another location, an independent parser sees only mapped paths', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...LOCATIONS), ({ location, text }, target) => {
        const move = (path: string) => concretePath(abstractPath(path, location), target);
        const abstract = rewrite(text, (path) => abstractPath(path, location));
        const moved = rewrite(abstract.text, (path) => concretePath(path, target)).text;
        expect(moved.split('\ufeff').length).toBe(text.split('\ufeff').length);
        expect(JSON.parse(moved.replace('\ufeff', ''))).toEqual(mapLoosely(JSON.parse(text.replace('\ufeff', '')), move));
      }),
      { numRuns: 3000 },
    );
  });

  /** What a parser and a plain map would make of a document. */
  function mapLoosely(document: Record<string, unknown>, move: (path: string) => string): unknown {
    const each = (list: unknown, keys: readonly string[]) => {
      for (const item of (list as Record<string, unknown>[] | null) ?? []) {
        for (const key of keys) {
          const value = item[key];
          if (typeof value === 'string') item[key] = move(value);
          else if (Array.isArray(value)) item[key] = value.map(move);
        }
      }
    };
    each([document], ['location']);
    each(document.snapshots, ['manifest-list', 'manifests']);
    each(document['metadata-log'], ['metadata-file']);
    each(document.statistics, ['statistics-path']);
    each(document['partition-statistics'], ['statistics-path']);
    each(document.properties ? [document.properties] : null, ['write.data.path', 'write.object-storage.path']);
    return document;
  }

  test.each(['pyiceberg-empty', 'pyiceberg-v1', 'pyiceberg-v2', 'hand-v1-manifests', 'hand-v3'])('%s', (name) => {
    const bytes = fixture(name);
    const location = JSON.parse(bytes.toString()).location as string;
    const abstract = rewriteMetadata(bytes, name, { path: (path) => abstractPath(path, location) });
    const concrete = rewriteMetadata(abstract.bytes, name, { path: (path) => concretePath(path, location) });
    expect(abstract.bytes.equals(bytes)).toBe(false);
    expect(concrete.bytes.equals(bytes)).toBe(true);
  });
});

test('every path field is mapped, under its name, and nothing else', () => {
  const seen: string[] = [];
  const bytes = fixture('hand-v3').toString();
  const { text } = rewrite(bytes, (path, where) => {
    seen.push(`${where} ${path}`);
    return path.replace('s3://bucket/db/t/', 'gs://new/');
  });
  expect(seen).toEqual([
    'location s3://bucket/db/t',
    'properties."write.folder-storage.path" s3://bucket/db/t/',
    'properties."write.object-storage.path" s3a://other/x',
    'snapshots[].manifest-list s3://bucket/db/t/metadata/snap-1.avro',
    'snapshots[].manifest-list s3://bucket/db/t2/metadata/snap-2.avro',
    'metadata-log[].metadata-file s3://bucket/db/t/metadata/00000-a.metadata.json',
    'metadata-log[].metadata-file s3://gone/x.json',
    'statistics[].statistics-path s3://bucket/db/t/metadata/a.puffin',
    'partition-statistics[].statistics-path s3://bucket/db/t/metadata/p.parquet',
  ]);
  const fields = /("(?:write.folder-storage.path|manifest-list|metadata-file|statistics-path)":")s3:\/\/bucket\/db\/t\//g;
  expect(text).toBe(bytes.replace(fields, '$1gs://new/'));
});

test('a path that stays keeps its spelling, and a replacement is literal', () => {
  const text = '{"location":"s3:\\/\\/b\\/t\\u0041","location" : "s3:\\/\\/b\\/t","location":null}';
  expect(rewrite(text, same)).toEqual({ text, edits: [] });
  expect(rewrite('{"location":"s3://b/t"}', () => '$&"\\\u0001é').text).toBe('{"location":"$&\\"\\\\\\u0001é"}');
});

test('an odd spelling of a beginning is recorded while it is needed, and only then', () => {
  const text = '{"location":"s3:\\/\\/b\\/t","snapshots":[{"manifest-list":"s3:\\/\\/b\\/t\\/m\\/l"}]}';
  const abstract = rewrite(text, (path) => abstractPath(path, 's3://b/t')).text;
  expect(abstract).toBe(
    '{"bcn-spelling":{"location#0":"s3:\\/\\/b\\/t","snapshots[].manifest-list#0":"s3:\\/\\/b\\/t\\/"},' +
      '"location":"bcn-root:","snapshots":[{"manifest-list":"m\\/l"}]}',
  );
  expect(rewrite(abstract, (path) => concretePath(path, 's3://c/u')).text).toBe(
    '{"location":"s3://c/u","snapshots":[{"manifest-list":"s3://c/u/m\\/l"}]}',
  );
});

describe('edits', () => {
  const text =
    '{ "table-uuid" : "old", "location":"s3://b/t", "metadata-log" : [ {"metadata-file":"s3://gone/x"} , {"metadata-file":"y"} ] }';

  test('are made, reported, and leave the rest', () => {
    const result = rewrite(text, same, { tableUuid: 'new', clearMetadataLog: true });
    expect(result.text).toBe('{ "table-uuid" : "new", "location":"s3://b/t", "metadata-log" : [] }');
    expect(result.edits).toEqual([
      { field: 'table-uuid', from: 'old', to: 'new' },
      { field: 'metadata-log', from: '2 entries', to: '[]' },
    ]);
  });

  test('that change nothing are none', () => {
    const done = '{"table-uuid":"new","metadata-log":[ ]}';
    expect(rewrite(done, same, { tableUuid: 'new', clearMetadataLog: true })).toEqual({ text: done, edits: [] });
    expect(rewrite('{"metadata-log":null}', same, { clearMetadataLog: true })).toEqual({
      text: '{"metadata-log":null}',
      edits: [],
    });
  });

  test('a table without uuid gets one as first member, when asked', () => {
    expect(rewrite('{\n "location":"l"}', same, { tableUuid: 'new' })).toEqual({
      text: '{"table-uuid":"new",\n "location":"l"}',
      edits: [{ field: 'table-uuid', to: 'new' }],
    });
    expect(rewrite('{"table-uuid":null}', same, { tableUuid: 'new' }).text).toBe('{"table-uuid":"new"}');
  });

  test('paths of a cleared log are not mapped, and a record of spellings survives that', () => {
    const odd = '{"metadata-log":[{"metadata-file":"s3:\\/\\/b\\/t\\/a"}],"location":"s3:\\/\\/b\\/t","table-uuid":"u"}';
    const abstract = rewrite(odd, (path) => abstractPath(path, 's3://b/t')).text;
    const cleared = rewrite(abstract, (path) => concretePath(path, 's3://b/t'), { clearMetadataLog: true });
    expect(cleared.text).toBe('{"metadata-log":[],"location":"s3:\\/\\/b\\/t","table-uuid":"u"}');
  });
});

describe('what is refused', () => {
  test.each([
    ['[]', 'the document is of type array, not object'],
    ['{"location":5}', 'location is of type number, not string'],
    ['{"location":"a","location":{}}', 'location is of type object, not string'],
    ['{"snapshots":{"manifest-list":"x"}}', 'snapshots is of type object, not array'],
    ['{"snapshots":[["x"]]}', 'snapshots[] is of type array, not object'],
    ['{"snapshots":[{"manifests":[7]}]}', 'snapshots[].manifests[] is of type number, not string'],
    ['{"properties":[]}', 'properties is of type array, not object'],
    ['{"location":"a"} x', 'text follows the end'],
  ])('%s', (text, message) => {
    expect(() => rewrite(text, same)).toThrow(expect.objectContaining({ code: 'corrupt', object: NAME }));
    expect(() => rewrite(text, same)).toThrow(message);
  });

  test('half a surrogate pair, only where the path must change', () => {
    const text = '{"location":"s3://b/\\ud800"}';
    expect(rewrite(text, same).text).toBe(text);
    expect(() => rewrite(text, () => 'x')).toThrow(expect.objectContaining({ code: 'unsupported', object: NAME }));
    expect(() => rewrite('{"location":"x"}', (path) => `${path}\udc00`)).toThrow(BcnError);
  });

  test('any damage of a real file ends in a BcnError or a rewrite', () => {
    const good = fixture('hand-v3');
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(20), fc.uint8Array({ maxLength: 6 }), (at, cut, insert) => {
        try {
          rewrite(Buffer.concat([good.subarray(0, at), insert, good.subarray(at + cut)]), (path) =>
            abstractPath(path, 's3://bucket/db/t'),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(BcnError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
