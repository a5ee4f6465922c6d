import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HistoryKeep, pruneHistory } from '../../../src/iceberg/history.js';
import { inflateMetadata, readMetadata } from '../../../src/iceberg/metadata.js';
import { abstractPath, concretePath } from '../../../src/iceberg/paths.js';
import { rewriteMetadata } from '../../../src/iceberg/rewrite-metadata.js';
import { corpus, filesOf, goodTables, uriOf } from '../../corpus/corpus.js';
import { type JsonMembers, parseJson } from '../../corpus/json.js';
import { complaints, lineOf, without } from './model.js';

const KEEPS: readonly HistoryKeep[] = [
  { kind: 'full' },
  { kind: 'current' },
  { kind: 'last', count: 1 },
  { kind: 'last', count: 2 },
  { kind: 'last', count: 3 },
  { kind: 'last', count: 100 },
];
const parse = (bytes: Buffer) => parseJson(bytes.toString().replace(/^\ufeff/, '')) as JsonMembers;

/** Checks one result against the model, the engines' rules, and the bytes. */
function check(bytes: Buffer, name: string, keep: HistoryKeep): void {
  const document = parse(bytes);
  const result = pruneHistory(bytes, name, keep);
  const count = keep.kind === 'full' ? undefined : keep.kind === 'current' ? 1 : keep.count;
  const expected = count === undefined ? undefined : without(document, lineOf(document, count));
  if (expected === undefined) {
    expect(result.bytes).toBe(bytes);
    expect(result.edits).toEqual([]);
    return;
  }
  const pruned = parse(result.bytes);
  expect(pruned).toEqual(expected);
  expect(new Set(result.kept.map((id) => `#${id}`))).toEqual(lineOf(document, count as number));
  expect(complaints(pruned)).toEqual([]);
  expect(result.edits[0]?.field, 'every edit is shown').toBeDefined();
  if (!result.edits.some(({ to }) => to.includes('current since'))) expect(isLeftOf(result.bytes, bytes)).toBe(true);
  expect(pruneHistory(result.bytes, name, keep).bytes, 'nothing more to do').toBe(result.bytes);
}

/** True when the bytes are what is left of the others after taking some out. */
function isLeftOf(part: Buffer, whole: Buffer): boolean {
  let at = 0;
  for (const byte of whole) if (byte === part[at]) at++;
  return at === part.length;
}

describe('every metadata file of the corpus', () => {
  const files = corpus.flatMap((table) => {
    const states = new Set(table.states.map((state) => uriOf(table, state)));
    return [...filesOf(table)].filter(([uri]) => states.has(uri)).map(([uri, bytes]) => ({ table: table.name, uri, bytes }));
  });

  test.each(files)('$table $uri', ({ uri, bytes }) => {
    const { bytes: json } = inflateMetadata(bytes, uri);
    for (const keep of KEEPS) {
      if (parse(json).get('format-version') === '#4') expect(pruneHistory(json, uri, keep).bytes).toBe(json);
      else check(json, uri, keep);
    }
  });

  test('there are tables of which something goes', () => {
    const pruned = files.filter(
      ({ uri, bytes }) => pruneHistory(inflateMetadata(bytes, uri).bytes, uri, { kind: 'current' }).edits.length > 0,
    );
    expect(pruned.length).toBeGreaterThan(20);
  });

  test.each(goodTables.map(({ name }) => name))(
    '%s: the same before and after its paths are made abstract and concrete',
    (name) => {
      const table = goodTables.find((good) => good.name === name) as (typeof goodTables)[number];
      const uri = uriOf(table, table.metadata);
      const { bytes } = inflateMetadata([...filesOf(table)].find(([file]) => file === uri)?.[1] as Buffer, uri);
      const { location } = readMetadata(bytes, uri);
      const abstract = rewriteMetadata(bytes, uri, { path: (path) => abstractPath(path, location) }).bytes;
      const concrete = (from: Buffer, at: string) => rewriteMetadata(from, uri, { path: (path) => concretePath(path, at) }).bytes;
      for (const keep of KEEPS) {
        const { bytes: expected, kept } = pruneHistory(bytes, uri, keep);
        expect(pruneHistory(concrete(abstract, location), uri, keep).bytes).toEqual(expected);
        expect(pruneHistory(abstract, uri, keep).kept).toEqual(kept);
        const there = pruneHistory(concrete(abstract, 's3://new/place'), uri, keep).bytes;
        const here = concrete(pruneHistory(abstract, uri, keep).bytes, 's3://new/place');
        expect(parse(here), 'also the other way round, but for the spelling').toEqual(parse(there));
      }
    },
  );
});

describe('any table', () => {
  const id = fc.bigInt(1n, 6n).map((n) => 9223372036854775800n + n);
  const space = fc.constantFrom('', '', ' ', '\n    ', '\t');
  const noise = fc.constantFrom('1.0', '-0', '1e400', 'null', '"\\ud800,]}"', '{"snapshot-id":1,"a":[{}]}', '[[],"x"]');
  const listOf = (item: fc.Arbitrary<string>, maxLength: number) =>
    fc.array(fc.tuple(space, item, space), { maxLength }).map((all) => `[${all.map((parts) => parts.join('')).join(',')}]`);
  const snapshot = (n: bigint) =>
    fc
      .tuple(fc.option(id), noise, space)
      .map(
        ([parent, x, s]) =>
          `{"x":${x},"snapshot-id"${s}:${s}${n},"parent-snapshot-id":${parent ?? null},"timestamp-ms":7,"manifest-list":"l${n}"${s}}`,
      );
  const about = fc.tuple(id, noise, space).map(([n, x, s]) => `{${s}"x" :${x},"statistics-path":"p","snapshot-id":${n}}`);
  const documents = fc
    .record({ ids: fc.uniqueArray(id, { maxLength: 5 }), head: fc.nat(9), refs: fc.array(fc.nat(9), { maxLength: 4 }) })
    .chain(({ ids, head, refs }) => {
      const current = ids[head];
      const some = ids.length === 0 ? [] : refs.map((n) => ids[n % ids.length] as bigint);
      const ref = (name: string, n: bigint) => space.map((s) => `${s}"${name}"${s}:{"type":"tag","snapshot-id":${n}}${s}`);
      const names = ['__proto__', 'a\\/b', 'toString', 'caf\\u00e9'];
      const branches = some.map((n, i) => ref(names[i] ?? 'x', n));
      if (current !== undefined) branches.splice(head % (branches.length + 1), 0, ref('main', current));
      const entry = fc.tuple(id, fc.constantFrom(5, 6)).map(([n, at]) => `{"timestamp-ms":${at},"snapshot-id":${n}}`);
      const member = (key: string, value: fc.Arbitrary<string>) =>
        fc.tuple(space, value).map(([s, text]) => `"${key}"${s}:${s}${text}`);
      const orNull = (value: fc.Arbitrary<string>) =>
        fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constant('null') });
      const needed = [
        fc.constant('"format-version":2,"location":"s3://b/t"'),
        fc.constant(`"current-snapshot-id":${current ?? -1}`),
        fc.constant('"last-updated-ms":9'),
        fc.constant('"schema":{"type":"struct","fields":[]}'),
        member(
          'snapshots',
          fc
            .tuple(...ids.map((n) => fc.tuple(space, snapshot(n)).map((parts) => parts.join(''))))
            .map((all) => `[${all.join(',')}]`),
        ),
      ];
      const possible = [
        member(
          'refs',
          fc.tuple(...branches).map((all) => `{${all.join(',')}}`),
        ),
        member('snapshot-log', orNull(listOf(entry, 6))),
        member('statistics', orNull(listOf(about, 4))),
        member('partition-statistics', orNull(listOf(about, 4))),
        member('unknown', noise),
      ];
      return fc
        .tuple(fc.subarray(possible), fc.constant(needed))
        .chain(([more, always]) => fc.shuffledSubarray([...more, ...always], { minLength: more.length + always.length }))
        .chain((all) => fc.tuple(space, fc.tuple(...all), space))
        .map(([before, all, after]) => `{${before}${all.join(`${after},`)}${after}}`);
    });

  test('what stays is what the model keeps, engines accept it, and all bytes of it are old', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...KEEPS), (text, keep) => check(Buffer.from(text), 's3://b/m.json', keep)),
      { numRuns: 3000 },
    );
  }, 60_000);
});
