/** Law 5: what is made abstract and concrete again is what it was, byte for byte after decompression. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { rewriteManifest } from '../../src/iceberg/manifest.js';
import { rewriteManifestList } from '../../src/iceberg/manifest-list.js';
import { abstractPath, concretePath } from '../../src/iceberg/paths.js';
import { rewriteMetadata } from '../../src/iceberg/rewrite-metadata.js';
import { type AvroFile, decode, schemaText, splitAvro, type Value } from './avro.js';
import { corpus, filesOf, goodTables } from './corpus.js';
import { withoutCodec } from './expect-same.js';
import { items, JsonMembers, parseJson, text } from './json.js';

type Rewrite = (bytes: Buffer, path: (path: string) => string) => Promise<Buffer>;
type Kind = 'list' | 'manifest';

const rewriters: Readonly<Record<Kind, Rewrite>> = {
  list: (bytes, path) => rewriteManifestList(bytes, 'list', { path, length: (_, recorded) => recorded }),
  manifest: (bytes, path) => rewriteManifest(bytes, 'manifest', { path }),
};

function kindOf(file: AvroFile): Kind | undefined {
  const schema = schemaText(file);
  if (/"manifest_path"/.test(schema)) return 'list';
  return /"data_file"/.test(schema) ? 'manifest' : undefined;
}

/** The path fields of a list or manifest. */
function pathsOf(kind: Kind, file: AvroFile): readonly Value[] {
  return decode(file).map((record) =>
    kind === 'list'
      ? (record.get('manifest_path') as Value)
      : ((record.get('data_file') as ReadonlyMap<string, Value>).get('file_path') as Value),
  );
}

/** What this platform can only read becomes deflate, and only then may the header differ. */
function expectSame(actual: AvroFile, original: AvroFile): void {
  const readOnly = ['zstandard', 'bzip2'].includes(original.codec) && actual.codec === 'deflate';
  expect(actual.sync).toBe(original.sync);
  if (readOnly) expect(withoutCodec(actual.header)).toEqual(withoutCodec(original.header));
  else expect(actual.header).toEqual(original.header);
  expect(actual.blocks.map(({ count }) => count)).toEqual(original.blocks.map(({ count }) => count));
  for (const [n, { data }] of actual.blocks.entries())
    expect(data.equals(original.blocks[n]?.data as Buffer), `block ${n}`).toBe(true);
}

describe.each(goodTables)('$name: $note', (table) => {
  const { location } = table;
  const toAbstract = (path: string) => abstractPath(path, location);
  const toConcrete = (path: string) => concretePath(path, location);
  const bare = location.replace(/\/+$/, '');
  const isHome = (path: string) => path === bare || path.startsWith(`${bare}/`);

  test('metadata files come back byte for byte, and name no path of the source in between', () => {
    let files = 0;
    for (const [uri, raw] of filesOf(table)) {
      if (!uri.endsWith('.metadata.json')) continue;
      files++;
      const bytes = raw[0] === 0x1f ? gunzipSync(raw) : raw;
      const abstract = rewriteMetadata(bytes, uri, { path: toAbstract }).bytes;
      const json = parseJson(abstract.toString('utf8')) as JsonMembers;
      const properties = json.get('properties');
      const fields = [
        text(json.get('location')),
        ...items(json.get('snapshots')).flatMap((snapshot) => [
          ...(snapshot.get('manifest-list') === undefined ? [] : [text(snapshot.get('manifest-list'))]),
          ...((snapshot.get('manifests') ?? []) as readonly string[]),
        ]),
        ...items(json.get('metadata-log')).map((entry) => text(entry.get('metadata-file'))),
        ...(properties instanceof JsonMembers ? properties.members : []).flatMap(([key, value]) =>
          /^write\..*\.path$/.test(key) ? [text(value)] : [],
        ),
      ];
      for (const field of fields) expect(isHome(field), field).toBe(false);
      const back = rewriteMetadata(abstract, uri, { path: toConcrete }).bytes;
      expect(back.equals(bytes), `${uri}\n${back.toString()}\n${bytes.toString()}`).toBe(true);
    }
    expect(files).toBeGreaterThanOrEqual(table.states.length);
  });

  test('manifest lists and manifests come back, and name no path of the source in between', async () => {
    const found = { list: 0, manifest: 0 };
    for (const [uri, bytes] of filesOf(table)) {
      if (!uri.endsWith('.avro')) continue;
      const original = await splitAvro(bytes);
      const kind = kindOf(original);
      if (kind === undefined) continue;
      found[kind]++;
      const abstract = await rewriters[kind](bytes, toAbstract);
      const between = await splitAvro(abstract);
      expect(pathsOf(kind, between)).toEqual(pathsOf(kind, original).map((path) => toAbstract(path as string)));
      for (const path of pathsOf(kind, between)) expect(isHome(path as string), path as string).toBe(false);
      expectSame(await splitAvro(await rewriters[kind](abstract, toConcrete)), original);
      const other = await splitAvro(await rewriters[kind](abstract, (path) => concretePath(path, 's3://b/$&')));
      expect(pathsOf(kind, other)).toEqual(
        (pathsOf(kind, original) as readonly string[]).map((path) =>
          isHome(path) ? `s3://b/$&${path.slice(bare.length)}` : path,
        ),
      );
    }
    if (table.snapshots.length > 0) expect(found.manifest).toBeGreaterThan(0);
  });
});

/** The corpus is worth little when the readers of these tests are wrong: avsc says the same. */
test('avsc reads the same values', async () => {
  const { default: avsc } = await import('avsc');
  const long = avsc.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => Buffer.from(BigInt64Array.of(value).buffer),
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a < b ? -1 : Number(a > b)),
  });
  // Bits, not numbers: NaN and -0 have to show.
  const bits = (name: string, size: number) => avsc.Type.forSchema({ type: 'fixed', name, size });
  const registry = () => ({ long, float: bits('bits4', 4), double: bits('bits8', 8) });
  let read = 0;
  for (const table of corpus) {
    for (const [uri, bytes] of filesOf(table)) {
      if (!uri.endsWith('.avro') || table.name === 'refused-codec-xz') continue;
      const file = await splitAvro(bytes);
      const type = avsc.Type.forSchema(JSON.parse(schemaText(file)), { registry: registry(), wrapUnions: false });
      const records = decode(file);
      let n = 0;
      for (const { count, data } of file.blocks) {
        let at = 0;
        for (let i = 0; i < count; i++, n++) {
          const { value, offset } = type.decode(data, at);
          at = offset;
          expect(plain(value), uri).toEqual(plain(records[n] as Value));
        }
        expect(at).toBe(data.length);
      }
      read++;
    }
  }
  expect(read).toBeGreaterThan(200);
});

/** Values of both readers in one form. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'number') return BigInt(value);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  return value;
}
