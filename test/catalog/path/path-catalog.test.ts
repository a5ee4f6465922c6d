import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPathCatalog } from '../../../src/catalog/path/path-catalog.js';
import type { Registration } from '../../../src/catalog/port.js';
import { FileStore } from '../../../src/storage/file/file-store.js';
import { MemoryStore } from '../../../src/storage/memory/memory-store.js';
import type { StoreResolver } from '../../../src/storage/port.js';
import { Stores } from '../../../src/storage/resolver.js';
import { type CatalogUnderTest, catalogConformance } from '../../conformance/catalog.js';
import { tableMetadata } from '../table-metadata.js';

function subjectIn(warehouse: string, stores: StoreResolver, close: () => Promise<void>): CatalogUnderTest {
  const catalog = createPathCatalog({ warehouse, stores });
  return {
    catalog,
    other: createPathCatalog({ warehouse: `${warehouse}/`, stores }),
    namespace: ['sales'],
    misspelt: ['salse'],
    namespacesAreMade: false,
    registration: (name, version) =>
      written(catalog.defaultLocation({ namespace: ['sales'], name }) ?? '', stores, name, version),
    close,
  };
}

/** Puts the metadata file where register looks for it. */
async function written(location: string, stores: StoreResolver, name: string, version: number): Promise<Registration> {
  const metadataLocation = `${location}/metadata/v${version}.metadata.json`;
  const { store, key } = stores.resolve(metadataLocation);
  await store.create(key, Buffer.from('{}'));
  return { ident: { namespace: ['sales'], name }, metadataLocation, metadata: tableMetadata({ location }) };
}

function inMemory() {
  const stores = new Stores({ memory: (bucket) => new MemoryStore(bucket) });
  return { stores, store: stores.resolve('memory://bucket/').store };
}

catalogConformance('path, memory', async () => subjectIn('memory://bucket/warehouse', inMemory().stores, async () => {}));

catalogConformance('path, files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bcn-path-'));
  const stores = new Stores({ file: () => new FileStore() });
  return subjectIn(`file://${folder}`, stores, () => rm(folder, { recursive: true }));
});

const IDENT = { namespace: ['ns'], name: 't' };
const HOME = 'memory://bucket/wh/ns/t';

async function withFiles(files: Readonly<Record<string, string>>) {
  const { stores, store } = inMemory();
  for (const [name, content] of Object.entries(files)) await store.create(`wh/ns/t/metadata/${name}`, Buffer.from(content));
  return { stores, store, catalog: createPathCatalog({ warehouse: 'memory://bucket/wh', stores }) };
}

describe('the current metadata is', () => {
  test.each<[string, Record<string, string>, string]>([
    ['what the hint names', { 'version-hint.text': '2', 'v1.metadata.json': '', 'v2.metadata.json': '' }, 'v2.metadata.json'],
    ['the hint plus a line feed', { 'version-hint.text': '2\n', 'v2.metadata.json': '' }, 'v2.metadata.json'],
    [
      'what follows the hint',
      { 'version-hint.text': '1', 'v1.metadata.json': '', 'v2.gz.metadata.json': '', 'v3.metadata.json': '' },
      'v3.metadata.json',
    ],
    [
      'what follows it without a gap',
      { 'version-hint.text': '9', 'v9.metadata.json': '', 'v10.metadata.json': '', 'v12.metadata.json': '' },
      'v10.metadata.json',
    ],
    [
      'without a hint the highest, as a number',
      { 'v9.metadata.json': '', 'v10.metadata.json': '', 'vx.metadata.json': '', 'v11.avro': '' },
      'v10.metadata.json',
    ],
    ['with an empty hint too', { 'version-hint.text': '', 'v3.metadata.json': '' }, 'v3.metadata.json'],
    [
      'the plain spelling before the compressed',
      { 'version-hint.text': '4', 'v4.gz.metadata.json': '', 'v4.metadata.json': '' },
      'v4.metadata.json',
    ],
    [
      'the newer compressed spelling before the older',
      { 'version-hint.text': '4', 'v4.metadata.json.gz': '', 'v4.gz.metadata.json': '' },
      'v4.gz.metadata.json',
    ],
    ['the older compressed spelling', { 'version-hint.text': '4', 'v4.metadata.json.gz': '' }, 'v4.metadata.json.gz'],
    [
      'a base name in the hint',
      { 'version-hint.text': '00001-ab', '00001-ab.metadata.json': '', 'v7.metadata.json': '' },
      '00001-ab.metadata.json',
    ],
    [
      'a compressed base name in the hint',
      { 'version-hint.text': '00001-ab', '00001-ab.gz.metadata.json': '' },
      '00001-ab.gz.metadata.json',
    ],
    [
      'a file name in the hint',
      { 'version-hint.text': '00001-ab.metadata.json', '00001-ab.metadata.json': '' },
      '00001-ab.metadata.json',
    ],
  ])('%s', async (_what, files, expected) => {
    const { catalog } = await withFiles(files);
    const entry = await catalog.load(IDENT);
    expect(entry.metadataLocation).toBe(`${HOME}/metadata/${expected}`);
    expect(entry.raw).toEqual({ type: 'path', hint: files['version-hint.text'] === undefined ? undefined : expect.any(String) });
  });

  test.each(['7', '00009-zz', '../../other/t/metadata/v1', 'x'.repeat(5000)])(
    'corrupt when the hint %.20s names nothing',
    async (hint) => {
      const { catalog } = await withFiles({ 'version-hint.text': hint, 'v1.metadata.json': '' });
      await expect(catalog.load(IDENT)).rejects.toMatchObject({ code: 'corrupt', table: 'ns.t' });
    },
  );

  test('nothing in a folder without metadata: such a folder is no table, and not listed', async () => {
    const { catalog, store } = await withFiles({ 'snap-1.avro': '' });
    await store.create('wh/ns/plain/data/file', Buffer.from(''));
    await expect(catalog.load(IDENT)).rejects.toMatchObject({ code: 'table-not-found' });
    const names = [];
    for await (const { name } of catalog.list(['ns'])) names.push(name);
    expect(names).toEqual(['t']);
  });
});

describe('register', () => {
  const registration: Registration = {
    ident: IDENT,
    metadataLocation: `${HOME}/metadata/v3.gz.metadata.json`,
    metadata: tableMetadata({ location: `${HOME}/` }),
  };

  test('writes the version and nothing else as the hint', async () => {
    const { catalog, store } = await withFiles({ 'v3.gz.metadata.json': '' });
    expect(await catalog.register(registration)).toBe('registered');
    expect((await store.get('wh/ns/t/metadata/version-hint.text')).bytes.toString()).toBe('3');
  });

  test.each(['3\n', '2'])('is already done where the hint %j leads to the file', async (hint) => {
    const { catalog } = await withFiles({ 'version-hint.text': hint, 'v2.metadata.json': '', 'v3.gz.metadata.json': '' });
    await catalog.preflight(registration);
    expect(await catalog.register(registration)).toBe('already');
  });

  test('wants the file in place', async () => {
    const { catalog } = await withFiles({});
    await catalog.preflight(registration);
    await expect(catalog.register(registration)).rejects.toMatchObject({ code: 'object-not-found' });
  });

  test('refuses where a higher version would win over it', async () => {
    const { catalog, store } = await withFiles({ 'v3.gz.metadata.json': '', 'v9.metadata.json': '' });
    await expect(catalog.register(registration)).rejects.toMatchObject({ code: 'table-exists' });
    await expect(store.get('wh/ns/t/metadata/version-hint.text')).rejects.toMatchObject({ code: 'object-not-found' });
  });

  test.each<[string, Partial<Registration>]>([
    ['another location', { metadata: tableMetadata({ location: 'memory://bucket/wh/ns/t_2' }) }],
    ['another bucket', { metadata: tableMetadata({ location: 'memory://else/wh/ns/t' }) }],
    ['a metastore name of the file', { metadataLocation: `${HOME}/metadata/00003-ab.metadata.json` }],
    ['a file elsewhere', { metadataLocation: 'memory://bucket/wh/ns/t_2/metadata/v3.metadata.json' }],
    ['a file deeper down', { metadataLocation: `${HOME}/metadata/x/v3.metadata.json` }],
    [
      'relocated metadata',
      { metadata: tableMetadata({ location: HOME, properties: new Map([['write.metadata.path', `${HOME}/m`]]) }) },
    ],
  ])('refuses %s, in preflight too', async (_what, changes) => {
    const { catalog } = await withFiles({ 'v3.gz.metadata.json': '' });
    await expect(catalog.preflight({ ...registration, ...changes })).rejects.toMatchObject({ code: 'unsupported' });
    await expect(catalog.register({ ...registration, ...changes })).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('what occupies a place', () => {
  test.each([
    [HOME],
    ['memory://bucket//wh/ns/t//'],
    [`${HOME}/metadata/deep/down`],
    ['memory://bucket/wh/ns'],
    ['memory://bucket/wh'],
    ['memory://bucket/'],
  ])('%s: the table', async (location) => {
    const { catalog } = await withFiles({ 'v1.metadata.json': '' });
    expect(await catalog.findAt(location)).toEqual({ ident: IDENT, location: HOME });
  });

  test.each([
    ['memory://bucket/wh/ns/t2'],
    ['memory://bucket/wh/ns/T'],
    ['memory://bucket/wh2'],
    ['memory://else/wh/ns/t'],
    ['s3://bucket/wh/ns/t'],
    ['memory://bucket/wh/../wh/ns/t'],
  ])('%s: nothing', async (location) => {
    const { catalog } = await withFiles({ 'v1.metadata.json': '' });
    expect(await catalog.findAt(location)).toBeUndefined();
  });

  test('a folder of files without metadata is nobody’s', async () => {
    const { catalog, store } = await withFiles({ 'snap-1.avro': '', 'version-hint.text': '' });
    await store.create('wh/loose/metadata/v1.metadata.json', Buffer.from(''));
    for (const location of [HOME, 'memory://bucket/wh', 'memory://bucket/wh/loose']) {
      expect(await catalog.findAt(location)).toBeUndefined();
    }
  });

  test('a table whose hint leads nowhere is there', async () => {
    const { catalog } = await withFiles({ 'version-hint.text': '7' });
    expect(await catalog.findAt(HOME)).toEqual({ ident: IDENT, location: HOME });
    expect(await catalog.findAt('memory://bucket/wh')).toEqual({ ident: IDENT, location: HOME });
  });

  test('of nested tables the one at the place, then the nearest above, then one below', async () => {
    const { catalog, store } = await withFiles({ 'v1.metadata.json': '' });
    const inner = { ident: { namespace: ['ns', 't', 'deep'], name: 'inner' }, location: `${HOME}/deep/inner` };
    await store.create('wh/ns/t/deep/inner/metadata/v1.metadata.json', Buffer.from(''));
    await store.create('wh/a/b/c/metadata/v1.metadata.json', Buffer.from(''));
    expect(await catalog.findAt(`${HOME}/deep/inner`)).toEqual(inner);
    expect(await catalog.findAt(`${HOME}/deep/inner/data`)).toEqual(inner);
    expect(await catalog.findAt(`${HOME}/deep`)).toEqual({ ident: IDENT, location: HOME });
    expect(await catalog.findAt('memory://bucket/wh/a')).toEqual({
      ident: { namespace: ['a', 'b'], name: 'c' },
      location: 'memory://bucket/wh/a/b/c',
    });
  });
});

test('a namespace is never missing, and none is made or dropped; nothing is written to rehearse', async () => {
  const { catalog, store } = await withFiles({});
  const registration = {
    ident: IDENT,
    metadataLocation: `${HOME}/metadata/v1.metadata.json`,
    metadata: tableMetadata({ location: HOME }),
  };
  expect(await catalog.preflight(registration)).toEqual({ namespaceMissing: false });
  expect(await catalog.createNamespace(['ns'])).toBe('already');
  expect(await catalog.rehearse(registration)).toBeUndefined();
  expect(await catalog.endRehearsal(IDENT)).toBeUndefined();
  expect(await catalog.dropNamespace(['ns'])).toBe('kept');
  for await (const { objects } of store.list('')) expect(objects).toEqual([]);
});

describe('names', () => {
  const catalog = createPathCatalog({ warehouse: 'memory://bucket/wh//', stores: inMemory().stores });

  test('keep their case and may have several levels', () => {
    const ident = { namespace: ['A', 'b'], name: 'T 1' };
    expect(catalog.normalise(ident)).toEqual(ident);
    expect(catalog.defaultLocation(ident)).toBe('memory://bucket/wh/A/b/T 1');
    expect(catalog.identity).toBe('path:memory://bucket/wh');
  });

  test.each(['', '.', '..', 'a/b', 'a\\b', 'a\nb'])('%j is refused', (name) => {
    expect(() => catalog.normalise({ namespace: ['ns'], name })).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => catalog.normalise({ namespace: ['ns', name], name: 't' })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('of metadata files are Hadoop’s', () => {
    expect(catalog.metadataFileName(7, 'uuid', false)).toBe('v7.metadata.json');
    expect(catalog.metadataFileName(7, 'uuid', true)).toBe('v7.gz.metadata.json');
  });
});
