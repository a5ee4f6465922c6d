import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { inflateMetadata, readMetadata } from '../../src/iceberg/metadata.js';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.metadata`, import.meta.url));
const read = (text: string | Buffer) => readMetadata(Buffer.from(text as string), 's3://b/m.json');

const V1 = '"format-version":1,"location":"s3://b/t","last-updated-ms":1,"schema":{"type":"struct"}';
const V2 = '"format-version":2,"location":"s3://b/t","last-updated-ms":1,"current-schema-id":0,"schemas":[{"schema-id":0}]';

function failure(run: () => unknown): BcnError {
  try {
    run();
  } catch (error) {
    if (error instanceof BcnError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('files of pyiceberg', () => {
  test.each(['pyiceberg-v1', 'pyiceberg-v2'])('%s', (name) => {
    const bytes = fixture(name);
    const loose = JSON.parse(bytes.toString());
    const ids = [...bytes.toString().matchAll(/"snapshot-id":(\d+),"(?:parent|timestamp|sequence)/g)]
      .map(([, id]) => id)
      .slice(0, 2);
    const table = readMetadata(bytes, name);
    expect(table.formatVersion).toBe(Number(name.at(-1)));
    expect(table.tableUuid).toBe(loose['table-uuid']);
    expect(table.location).toBe(`s3://warehouse/db/t${name.at(-1)}`);
    expect(table.snapshots).toHaveLength(2);
    expect(table.snapshots.map(({ id }) => String(id))).toEqual(ids);
    expect(table.currentSnapshotId).toBe(table.snapshots[1]?.id);
    expect(table.snapshots[1]?.parentId).toBe(table.snapshots[0]?.id);
    expect(table.snapshots.map(({ manifestList }) => manifestList)).toEqual(
      loose.snapshots.map((snapshot: Record<string, string>) => snapshot['manifest-list']),
    );
    expect(table.refs.map((ref) => [ref.name, ref.type])).toEqual([
      ['main', 'branch'],
      ['release 1', 'tag'],
    ]);
    expect(Object.fromEntries(table.properties)).toEqual(loose.properties);
    expect(table.metadataLog).toEqual(loose['metadata-log'].map((entry: Record<string, string>) => entry['metadata-file']));
    expect(table.lastSequenceNumber).toBe(name.endsWith('1') ? 0n : 2n);
    expect(JSON.parse(table.currentSchemaJson)).toEqual(loose.schemas[1]);
    expect(JSON.parse(table.defaultSpecJson ?? '')).toEqual(loose['partition-specs'][0]);
    expect(JSON.parse(table.currentSummaryJson ?? '')).toEqual(loose.snapshots[1].summary);
    expect(table.counts).toEqual({ schemas: 2, specs: 1, sortOrders: 1 });
  });

  test('an empty table', () => {
    const table = readMetadata(fixture('pyiceberg-empty'), 'x');
    expect(table).toMatchObject({
      currentSnapshotId: undefined,
      snapshots: [],
      refs: [],
      metadataLog: [],
      currentSummaryJson: undefined,
    });
  });
});

test('a v1 file without lists: manifests in place, schema, bare spec, implied main', () => {
  const table = readMetadata(fixture('hand-v1-manifests'), 'x');
  expect(table).toMatchObject({
    formatVersion: 1,
    tableUuid: undefined,
    location: 's3://b/café/t/',
    lastUpdatedMs: 1515100955770n,
    lastSequenceNumber: 0n,
    currentSnapshotId: 3051729675574597004n,
    refs: [{ name: 'main', type: 'branch', snapshotId: 3051729675574597004n }],
    metadataLog: [],
    defaultSortOrderJson: undefined,
    currentSummaryJson: '{ "operation" : "append" }',
    counts: { schemas: 1, specs: 1, sortOrders: 0 },
  });
  expect(table.snapshots).toEqual([
    {
      id: 3051729675574597004n,
      parentId: undefined,
      timestampMs: 1515100955770n,
      manifestList: undefined,
      manifests: ['s3://b/café/t/metadata/m1.avro', 's3://b/café/t/metadata/m2&.avro'],
      keyId: undefined,
    },
  ]);
  expect([...table.properties]).toEqual([
    ['__proto__', 'kept'],
    ['write.metadata.path', 's3://b/café/t/meta/data'],
  ]);
  expect(JSON.parse(table.defaultSpecJson ?? '')).toHaveLength(1);
});

test('a v3 file: ids above 2^53 exact, counts, raw number tokens', () => {
  const table = readMetadata(fixture('hand-v3'), 'x');
  expect(table).toMatchObject({
    formatVersion: 3,
    lastSequenceNumber: 9007199254740993n,
    currentSnapshotId: 9223372036854775807n,
    statistics: [expect.objectContaining({ keyMetadata: false }), expect.anything()],
    encryptionKeys: 1,
    metadataLog: ['s3://bucket/db/t/metadata/00000-a.metadata.json', 's3://gone/x.json'],
    currentSummaryJson: '{"operation":"append","from":"s3:\\/\\/bucket/db/t", "n" : "1" }',
  });
  expect(table.snapshots.map(({ id, parentId, keyId }) => [id, parentId, keyId])).toEqual([
    [9007199254740993n, undefined, undefined],
    [9223372036854775807n, 9007199254740993n, 'k1'],
  ]);
  expect(table.refs[1]).toEqual({ name: '__proto__', type: 'tag', snapshotId: 9007199254740993n });
  expect(table.currentSchemaJson).toContain('"initial-default":1.0,"write-default":-0.0');
});

describe('what may be absent', () => {
  test.each(['', ',"current-snapshot-id":-1', ',"current-snapshot-id":null'])('no current snapshot: %s', (member) => {
    expect(read(`{${V2}${member}}`)).toMatchObject({ currentSnapshotId: undefined, refs: [] });
  });

  test('the last of repeated keys counts, whatever the others are', () => {
    const table = read(
      `{"snapshots":7,"refs":[],${V2},"location":"s3://b/u","properties":{"a":"1","b":"2","a":"3"},"snapshots":[],"refs":{}}`,
    );
    expect(table.location).toBe('s3://b/u');
    expect([...table.properties]).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  test('manifests beside a manifest-list are not read', () => {
    const table = read(`{${V1},"snapshots":[{"snapshot-id":1,"timestamp-ms":1,"manifest-list":"l","manifests":["m"]}]}`);
    expect(table.snapshots[0]).toMatchObject({ manifestList: 'l', manifests: [] });
  });

  test('a byte order mark', () => {
    expect(read(`\ufeff{${V1}}`).location).toBe('s3://b/t');
  });

  test('of a newer format, everything but its version', () => {
    expect(read('{"schemas":{"new":1},"format-version":4}')).toMatchObject({ formatVersion: 4, location: '', snapshots: [] });
    expect(read('{"format-version":5,"location":"s3://b/t","table-uuid":"u"}')).toMatchObject({
      location: 's3://b/t',
      tableUuid: 'u',
    });
  });
});

describe('what is refused', () => {
  test.each([
    ['[]', '"{" was expected'],
    ['{}', 'format-version is missing'],
    ['{"format-version":0}', 'format-version is 0'],
    ['{"format-version":"2"}', 'format-version is a string, not a number'],
    ['{"format-version":2,"last-updated-ms":1,"current-schema-id":0,"schemas":[{"schema-id":0}]}', 'location is missing'],
    [`{${V2},"location":null}`, 'location is missing'],
    [`{${V2},"location":""}`, 'location is empty'],
    [`{${V2},"location":["s3://b/t"]}`, 'location is an array, not a string'],
    [`{${V2},"table-uuid":5}`, 'table-uuid is a number, not a string'],
    [`{${V2},"current-snapshot-id":"5"}`, 'current-snapshot-id is a string, not a number'],
    [`{${V2},"current-snapshot-id":5}`, 'current-snapshot-id 5 is not among the snapshots'],
    [`{${V2},"current-snapshot-id":9223372036854775808}`, 'current-snapshot-id is 9223372036854775808, not an int64'],
    [`{${V2},"current-snapshot-id":${'9'.repeat(100_000)}}`, 'not an int64'],
    [`{${V2},"snapshots":{}}`, 'snapshots is an object, not an array'],
    [`{${V2},"snapshots":[7]}`, 'snapshots[0] is a number, not an object'],
    [`{${V2},"snapshots":[{"timestamp-ms":1,"manifest-list":"l"}]}`, 'snapshots[0].snapshot-id is missing'],
    [`{${V2},"snapshots":[{"snapshot-id":1,"timestamp-ms":1}]}`, 'snapshots[0].manifests is missing'],
    [
      `{${V1},"snapshots":[{"snapshot-id":1,"timestamp-ms":1,"manifests":["a",null]}]}`,
      'snapshots[0].manifests[1] is null, not a string',
    ],
    [`{${V2},"properties":{"a b":true}}`, 'properties."a b" is true, not a string'],
    [`{${V2},"refs":{"main":{"type":"branch"}}}`, 'refs.main.snapshot-id is missing'],
    [`{${V2},"refs":{"main":null}}`, 'refs.main is missing'],
    [`{${V2},"metadata-log":[{}]}`, 'metadata-log[0].metadata-file is missing'],
    [`{${V2},"statistics":{}}`, 'statistics is an object, not an array'],
    [`{${V2},"current-schema-id":1}`, 'current-schema-id 1 is not among the schemas'],
    [`{${V2},"schemas":[]}`, 'there is no schema'],
    [`{${V1},"schema":"x"}`, 'schema is a string, not an object'],
    [`{${V1},"partition-spec":{}}`, 'partition-spec is an object, not an array'],
  ])('%.150s', (text, message) => {
    const error = failure(() => read(text));
    expect(error.code).toBe('corrupt');
    expect(error.message).toContain(message);
    expect(error.object).toBe('s3://b/m.json');
  });

  test.each(['4.598e+18', '5.0', '1E3'])('an id written as the float %s is unsupported', (token) => {
    const error = failure(() => read(`{${V2},"current-snapshot-id":${token}}`));
    expect(error.code).toBe('unsupported');
    expect(error.message).toContain(`current-snapshot-id is written as the float ${token}`);
  });

  test('any damage of a real file ends in a BcnError or a reading', () => {
    const good = fixture('pyiceberg-v2');
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(20), fc.uint8Array({ maxLength: 6 }), (at, cut, insert) => {
        const bytes = Buffer.concat([good.subarray(0, at), insert, good.subarray(at + cut)]);
        try {
          readMetadata(bytes, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(BcnError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('inflateMetadata', () => {
  const good = fixture('pyiceberg-v2');

  test('gzip is told by its bytes', () => {
    expect(inflateMetadata(gzipSync(good), 'x.metadata.json')).toEqual({ bytes: good, gzip: true });
    expect(inflateMetadata(good, 'x.gz.metadata.json')).toEqual({ bytes: good, gzip: false });
    expect(inflateMetadata(Buffer.alloc(0), 'x')).toEqual({ bytes: Buffer.alloc(0), gzip: false });
  });

  test.each([
    ['cut', gzipSync(good).subarray(0, 300)],
    ['flipped', Buffer.concat([gzipSync(good).subarray(0, 300), Buffer.from('garbage'), gzipSync(good).subarray(307)])],
    ['only the magic', Buffer.from([0x1f, 0x8b])],
  ])('damaged gzip is corrupt: %s', (_, bytes) => {
    expect(failure(() => inflateMetadata(bytes, 's3://b/x'))).toMatchObject({ code: 'corrupt', object: 's3://b/x' });
  });
});
