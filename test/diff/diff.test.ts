import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type DiffOptions, diff } from '../../src/diff/diff.js';
import { CONTENT_KINDS, kindOf } from '../../src/iceberg/content-kind.js';
import { readManifest } from '../../src/iceberg/manifest.js';
import { readManifestList } from '../../src/iceberg/manifest-list.js';
import { inflateMetadata, readMetadata } from '../../src/iceberg/metadata.js';
import { encodeCommit } from '../../src/repository/commit.js';
import type { StoreResolver } from '../../src/storage/port.js';
import { Stores } from '../../src/storage/resolver.js';
import { type CorpusTable, goodTables, uriOf } from '../corpus/corpus.js';
import { World as CorpusWorld } from '../corpus/world.js';
import { MemoryCatalog } from '../support/catalog.js';
import { Faults, ProcessStore } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const report = { progress: () => {}, warn: () => {}, info: () => {} };

function compare(world: World, options: Partial<DiffOptions> = {}, faults = new Faults()) {
  const source: StoreResolver = new Stores({ memory: (bucket) => new ProcessStore(world.store(bucket as 'src'), faults) });
  const deps = { repository: world.place(faults), source, catalog: async () => new MemoryCatalog(world.tables, faults), report };
  return diff(deps, { from: 'a', to: 'b', tmpDir: tmpdir(), ...options });
}

async function prepare(properties = {}) {
  const world = await World.open();
  const table = await world.table({ properties });
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'a' });
  const next = async () => {
    await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4', 300)]);
    table.refs = { ...table.refs, tag: { 'snapshot-id': table.snapshots[0]?.id as bigint, type: 'tag' } };
    await table.writeMetadata((document) => {
      document.properties = { 'write.x': '1', 'my.secret': 'hunter22' };
      document['format-version'] = 2;
    });
    world.publish(table);
  };
  return { world, table, next };
}

/** A record with other fields and a right id. */
async function change(world: World, name: string, fields: object): Promise<void> {
  const {
    id: _id,
    selector: _selector,
    ...rest
  } = (await world.commit(name)) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  await world.put(world.uri('repo', `backups/${name}.json`), encodeCommit({ ...rest, ...fields }).bytes);
}

describe('two backups', () => {
  test('of one moment do not differ', async () => {
    const { world } = await prepare();
    await world.backup({ name: 'b' });
    const { tables } = await compare(world);
    expect(tables).toMatchObject([
      { table: 'db.t', changes: { changed: false, files: { after: { dataFiles: 3, deleteFiles: 0 } } } },
    ]);
  });

  test('all that changed', async () => {
    const { world, table, next } = await prepare({ 'write.x': '0' });
    await next();
    await world.backup({ name: 'b' });
    const result = await compare(world, { from: 'a', to: 'latest' });
    expect(result).toMatchObject({ from: 'a', to: 'b' });
    const { changes } = result.tables[0] as Required<(typeof result.tables)[0]>;
    const ids = table.snapshots.map(({ id }) => id);
    expect(changes).toMatchObject({
      changed: true,
      identity: [],
      snapshots: { removed: [], added: [{ id: ids[2], operation: 'append' }] },
      refs: [
        { name: 'main', from: `branch ${ids[1]}`, to: `branch ${ids[2]}` },
        { name: 'tag', from: null, to: `tag ${ids[0]}` },
      ],
      properties: [
        { name: 'owner.note', from: 'ünïcode', to: null },
        { name: 'write.x', from: '0', to: '1' },
        { name: 'my.secret', from: null, to: '***' },
      ],
      files: {
        added: { data: { files: 1, rows: 1n, bytes: 300 } },
        removed: { data: { files: 1, rows: 1n, bytes: 200 } },
        after: { dataFiles: 3 },
      },
    });
    const back = (await compare(world, { from: 'b', to: 'a' })).tables[0]?.changes;
    expect(back?.files).toMatchObject({ added: { data: { bytes: 200 } }, removed: { data: { bytes: 300 } } });
    expect(back?.snapshots).toMatchObject({ added: [], removed: [{ id: ids[2] }] });
  });

  test('read only manifests that they do not share', async () => {
    const { world, next } = await prepare();
    await next();
    await world.backup({ name: 'b' });
    const faults = new Faults();
    await compare(world, {}, faults);
    // Of three manifests of each the second is shared.
    expect(faults.log.filter(({ key }) => key.includes('/manifests/'))).toHaveLength(3);
    expect(faults.log.every(({ op }) => op === 'get' || op === 'list')).toBe(true);
  });

  test('of several tables: by name, by uuid, and --table chooses', async () => {
    const { world } = await prepare();
    await world.backup({ name: 'b' });
    const [table] = (await world.commit('a'))?.tables ?? [];
    const like = (name: string, uuid: string) => ({ ...table, identifier: ['db', name], uuid });
    await change(world, 'a', { tables: [table, like('old', 'u'), like('gone', 'g')] });
    await change(world, 'b', { tables: [like('fresh', 'f'), like('new', 'u'), table] });
    expect((await compare(world)).tables).toMatchObject([
      { table: 'db.t', changes: { changed: false } },
      { table: 'db.new', renamedFrom: 'db.old', changes: { changed: false } },
      { table: 'db.gone', only: 'from' },
      { table: 'db.fresh', only: 'to' },
    ]);
    expect((await compare(world, { table: (name) => name === 'db.t' })).tables).toHaveLength(1);
    const error = await failure(compare(world, { table: () => false }), 'table-not-found');
    expect(error.message).toBe('No such table in a or b');
  });

  test('one that a partial backup could not hold is neither gone nor new', async () => {
    const { world } = await prepare();
    await world.backup({ name: 'b' });
    const [table] = (await world.commit('a'))?.tables ?? [];
    const other = { ...table, identifier: ['db', 'u'], uuid: 'u' };
    const failed = [{ table: 'db.u', code: 'corrupt', message: 'a manifest is missing', object: 's3://b/m' }];
    await change(world, 'a', { tables: [table, other] });
    await change(world, 'b', { partial: true, failed });
    const neither = {
      table: 'db.u',
      error: { code: 'partial', object: 's3://b/m', message: expect.stringContaining('a manifest is missing') },
    };
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const { tables } = await compare(world, { from, to });
      expect(tables).toMatchObject([{ table: 'db.t' }, neither]);
      expect(tables[1]).not.toHaveProperty('only');
    }
  });

  test('a damaged one is named, and hides no other', async () => {
    const { world } = await prepare();
    await world.backup({ name: 'b', fresh: true });
    const [table] = (await world.commit('b'))?.tables ?? [];
    const broken = { ...table, identifier: ['db', 'broken'], root: { ...table?.root, sha256: '0'.repeat(64) } };
    for (const name of ['a', 'b']) await change(world, name, { tables: [broken, table] });
    expect((await compare(world)).tables).toMatchObject([
      { table: 'db.broken', error: { code: 'corrupt', table: 'db.broken' } },
      { table: 'db.t', changes: { changed: false } },
    ]);
  });

  test('what keeps it from looking is thrown', async () => {
    const { world } = await prepare();
    await failure(compare(world, { to: 'nope' }), 'backup-not-found');
    await failure(compare(world, { from: 'live', to: 'a' }), 'usage');
    await world.backup({ name: 'b' });
    const all = new Faults();
    await compare(world, {}, all);
    for (let at = 0; at < all.ops; at++) {
      await failure(compare(world, {}, new Faults('once-before', at)), 'storage-unavailable');
    }
  });
});

describe('a backup and the table as it is', () => {
  test('as it was', async () => {
    const { world } = await prepare();
    const faults = new Faults();
    const { tables, to } = await compare(world, { to: 'live' }, faults);
    expect({ tables, to }).toMatchObject({ to: 'live', tables: [{ table: 'db.t', changes: { changed: false } }] });
    expect(faults.log.filter(({ key }) => key.includes('/manifests/') || key.endsWith('-m0.avro'))).toEqual([]);
  });

  test('moved on', async () => {
    const { world, next } = await prepare();
    await next();
    const { tables } = await compare(world, { to: 'live' });
    await world.backup({ name: 'b' });
    expect(tables).toEqual((await compare(world)).tables);
  });

  test('dropped', async () => {
    const { world } = await prepare();
    world.tables.delete('db.t');
    expect((await compare(world, { to: 'live' })).tables).toEqual([{ table: 'db.t', only: 'from' }]);
    world.tables.namespaces = new Set();
    expect((await compare(world, { to: 'live' })).tables).toEqual([{ table: 'db.t', only: 'from' }]);
  });

  test('that moves on while it is read is read again; one that never rests is 21', async () => {
    const { world, table, next } = await prepare();
    const first = table.metadataLocation;
    await world.remove(first);
    const stop = async (op: number) => {
      // Right after the catalog has named the file that is gone.
      if (op === 8) await next();
    };
    const faults = new Faults(undefined, 0, stop);
    expect((await compare(world, { to: 'live' }, faults)).tables).toMatchObject([{ changes: { changed: true } }]);
    const restless = new Faults(undefined, 0, async () => {
      await table.writeMetadata();
      world.publish(table);
      await world.remove(table.metadataLocation);
    });
    expect(await failure(compare(world, { to: 'live' }, restless), 'source-changed')).toMatchObject({
      exit: 21,
      retryable: true,
    });
  });

  test('that is damaged is named', async () => {
    const { world, table } = await prepare();
    await world.remove(table.current?.list as string);
    expect((await compare(world, { to: 'live' })).tables).toMatchObject([
      { table: 'db.t', error: { code: 'corrupt', object: table.current?.list } },
    ]);
  });
});

/** Every live file of a state's current snapshot: kind, path, and of a vector its place; read from the source, manifest by manifest. */
async function liveFiles(world: CorpusWorld, table: CorpusTable, state: string): Promise<ReadonlySet<string>> {
  const name = uriOf(table, state);
  const { snapshots, currentSnapshotId } = readMetadata(inflateMetadata(world.object(name) as Buffer, name).bytes, name);
  const list = snapshots.find(({ id }) => id === currentSnapshotId)?.manifestList;
  const found = new Set<string>();
  for (const { path } of list === undefined ? [] : await readManifestList(world.object(list) as Buffer, list)) {
    await readManifest(world.object(path) as Buffer, path, (entry) => {
      if (entry.status !== 2) found.add(`${kindOf(entry)} ${entry.path} ${entry.contentOffset ?? ''}`);
    });
  }
  return found;
}

describe('tables of other engines, from each state to the next', () => {
  test.each(goodTables.filter(({ states }) => states.length > 1))('$name', async (table) => {
    const world = await CorpusWorld.with(table, table.states[0]);
    const catalog = async () => world.catalog;
    const deps = { repository: world.place, source: world.stores, catalog, report };
    await world.backup(table.name, 's0');
    for (const [i, state] of table.states.slice(1).entries()) {
      world.point(table, state);
      const from = `s${i}`;
      const options = { from, to: 'live', tmpDir: tmpdir() };
      const live = await diff(deps, options);
      await world.backup(table.name, `s${i + 1}`);
      const backed = await diff(deps, { ...options, to: `s${i + 1}` });
      expect(backed.tables).toEqual(live.tables);
      const files = backed.tables[0]?.changes?.files;
      const states = [await liveFiles(world, table, table.states[i] as string), await liveFiles(world, table, state)] as const;
      for (const kind of CONTENT_KINDS) {
        const count = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
          [...a].filter((one) => one.startsWith(`${kind} `) && !b.has(one)).length;
        expect([files?.added[kind].files, files?.removed[kind].files]).toEqual([
          count(states[1], states[0]),
          count(states[0], states[1]),
        ]);
      }
      const net = (kind: 'data' | 'position-deletes' | 'equality-deletes' | 'vectors') =>
        (files?.added[kind].files ?? 0) - (files?.removed[kind].files ?? 0);
      const [old, fresh] = [files?.before, files?.after];
      expect((old?.dataFiles ?? 0) + net('data')).toBe(fresh?.dataFiles);
      expect((old?.rows ?? 0n) + (files?.added.data.rows ?? 0n) - (files?.removed.data.rows ?? 0n)).toBe(fresh?.rows);
      expect((old?.deleteFiles ?? 0) + net('position-deletes') + net('equality-deletes') + net('vectors')).toBe(
        fresh?.deleteFiles,
      );
    }
  });
});
