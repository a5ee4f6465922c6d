import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readContainer } from '../../../src/iceberg/avro/container.js';
import { readManifest, rewriteManifest } from '../../../src/iceberg/manifest.js';
import { readManifestList, rewriteManifestList } from '../../../src/iceberg/manifest-list.js';
import { describeWith } from '../../lab/lab.js';
import { pyicebergClient } from '../../lab/pyiceberg.js';
import { parts } from './support.js';

/** Files that pyiceberg wrote (fixtures/make.py), and the paths that it reads in them. */
const folder = new URL('fixtures/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Record<
  string,
  { codec: string; paths: string[] }
>;
const bytesOf = (name: string) => readFileSync(new URL(name, folder));
const files = Object.entries(expected).map(([name, facts]) => ({ name, ...facts }));

const root = 'file:///tmp/bcn-fixtures/';
const abstract = (path: string) => path.slice(root.length);
const concrete = (path: string) => root + path;
const moved = (path: string) => `s3://elsewhere/${path.slice(root.length)}`;

async function pathsOf(name: string, bytes: Buffer): Promise<readonly string[]> {
  if (name.includes('-list')) return (await readManifestList(bytes, name)).map(({ path }) => path);
  const paths: string[] = [];
  await readManifest(bytes, name, ({ path }) => paths.push(path));
  return paths;
}

const rewrite = (name: string, bytes: Buffer, path: (path: string) => string, grow = 0) =>
  name.includes('-list')
    ? rewriteManifestList(bytes, name, { path, length: (_, n) => n + grow })
    : rewriteManifest(bytes, name, { path });

test('every fixture is expected', () => {
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith('.avro'))
      .sort(),
  ).toEqual(Object.keys(expected).sort());
});

describe.each(files)('$name', ({ name, codec, paths }) => {
  test('is read as pyiceberg reads it', async () => {
    expect(await pathsOf(name, bytesOf(name))).toEqual(paths);
  });

  test('is moved', async () => {
    expect(await pathsOf(name, await rewrite(name, bytesOf(name), moved, 7))).toEqual(paths.map(moved));
  });

  test('there and back again: the same records to the byte, and the same header but for codecs that cannot be written', async () => {
    const before = bytesOf(name);
    const after = await rewrite(name, await rewrite(name, before, abstract, 7), concrete, -7);
    expect(await recordsOf(after)).toEqual(await recordsOf(before));
    const [was, is] = [parts(before, raw), parts(after, raw)];
    expect(is.blocks.map(({ count }) => count)).toEqual(was.blocks.map(({ count }) => count));
    const written = is.meta.get('avro.codec');
    expect(codec === written || written === 'deflate').toBe(true);
    expect(new Map([...is.meta]).set('avro.codec', codec)).toEqual(new Map([...was.meta]).set('avro.codec', codec));
    if (codec === written) expect(is.header.equals(was.header)).toBe(true);
  });
});

const raw = (data: Buffer) => data;

/** The unpacked bytes of every block: the cursor's buffer, taken at the first record. */
async function recordsOf(bytes: Buffer): Promise<readonly Buffer[]> {
  const blocks = new Set<Buffer>();
  await readContainer(bytes, 'f', () => (c) => {
    blocks.add(c.buf);
    c.pos = c.buf.length;
  });
  return [...blocks];
}

describeWith(['pyiceberg'], 'fastavro reads what was rewritten', (lab) => {
  test.each(files.filter(({ codec }) => codec === 'null' || codec === 'deflate'))('$name', async ({ name }) => {
    const { readAvro } = pyicebergClient(lab);
    const before = await readAvro(bytesOf(name));
    const after = await readAvro(await rewrite(name, bytesOf(name), moved));
    expect(after.schema).toBe(before.schema);
    expect(after.metadata).toEqual(before.metadata);
    expect(after.records).toEqual(
      JSON.parse(JSON.stringify(before.records), (key, value) => (/^(manifest|file)_path$/.test(key) ? moved(value) : value)),
    );
  });

  test.each(files.filter(({ codec }) => codec === 'bzip2' || codec === 'zstandard'))(
    '$name, whose codec became deflate',
    async ({ name, paths }) => {
      const { records, codec } = await pyicebergClient(lab).readAvro(await rewrite(name, bytesOf(name), moved));
      expect(codec).toMatch(/^(deflate|zstandard)$/);
      expect(records).toHaveLength(paths.length);
      expect(JSON.stringify(records)).not.toContain(root);
    },
  );
});
