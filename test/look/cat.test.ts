import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type CatOptions, findObjectToCat } from '../../src/look/cat.js';
import { encodeCommit } from '../../src/repository/commit.js';
import { failure, World } from '../support/world.js';

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append(['x', 'y']);
  await table.append(['z']);
  world.publish(table);
  await world.backup();
  const find = (what: string, part?: string, more: Partial<CatOptions> = {}) =>
    findObjectToCat(world.place(), { what, ...(part !== undefined && { part }), ...more });
  const lines = async (what: string, part?: string, more: Partial<CatOptions> = {}) => {
    const found: string[] = [];
    for await (const { text } of (await find(what, part, more)).records()) found.push(text);
    return found;
  };
  const raw = async (what: string, part?: string) => buffer((await find(what, part)).raw());
  return { world, table, find, lines, raw };
}

const parse = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test('the record of a backup, by name, latest, key and URI', async () => {
  const { world, lines } = await prepare();
  const bytes = (await world.get(world.uri('repo', 'backups/b.json'))).toString().trim();
  for (const what of ['b', 'latest', 'backups/b.json', 'memory://repo/backups/b.json'])
    expect(await lines(what)).toEqual([bytes]);
});

test('every part', async () => {
  const { table, lines } = await prepare();
  const root = parse(await lines('b', 'root'));
  expect(root.map(({ type }) => type)).toEqual(['root', 'metadata', 'list', 'list', 'manifest', 'manifest', 'names', 'names']);
  expect(parse(await lines('b', 'metadata'))).toMatchObject([{ location: 'bcn-root:', 'format-version': 2 }]);
  const [, second] = table.snapshots;
  const list = parse(await lines('b', `list:${second?.id}`));
  expect(list).toHaveLength(2);
  expect(await lines('b', 'list:current')).toEqual(await lines('b', `list:${second?.id}`));
  expect(parse(await lines('b', 'manifest:0'))).toMatchObject([
    { status: 1, file_path: 'data/f-0.parquet' },
    { status: 1, file_path: 'data/f-1.parquet' },
  ]);
  expect(parse(await lines('b', 'inventory')).map(({ path }) => path)).toEqual([
    'data/f-0.parquet',
    'data/f-1.parquet',
    'data/f-2.parquet',
  ]);
});

test('manifests are counted as the root shows them', async () => {
  const { lines } = await prepare();
  const shown = parse(await lines('b', 'root')).filter(({ type }) => type === 'manifest');
  for (const [n, { files }] of shown.entries()) expect(await lines('b', `manifest:${n}`)).toHaveLength(files as number);
});

test('any key: all that a repository holds, but content', async () => {
  const { world, lines } = await prepare();
  const keys = await world.keys('repo');
  expect(keys.length).toBeGreaterThan(12);
  for (const key of keys) {
    if (key.includes('/data/')) await failure(lines(key), 'unsupported');
    else for (const line of await lines(key)) expect(() => JSON.parse(line)).not.toThrow();
  }
});

test('raw: the bytes as they are', async () => {
  const { world, raw } = await prepare();
  for (const key of await world.keys('repo')) expect(await raw(key)).toEqual(await world.get(world.uri('repo', key)));
  expect(
    gunzipSync(await raw('b', 'inventory'))
      .toString()
      .trim()
      .split('\n'),
  ).toHaveLength(3);
  expect(gunzipSync(await raw('b', 'root')).toString()).toContain('"type":"root"');
});

test('not there: 20', async () => {
  const { lines } = await prepare();
  expect(await failure(lines('runs/x/begin.json'), 'object-not-found')).toMatchObject({
    exit: 20,
    object: 'memory://repo/runs/x/begin.json',
  });
  await failure(lines('nope'), 'backup-not-found');
  expect((await failure(lines('b', 'list:1'), 'object-not-found')).message).toContain('no manifest list of a snapshot 1');
  expect((await failure(lines('b', 'manifest:2'), 'object-not-found')).hint).toContain('There are 2, counted from 0');
});

test('damaged, or missing although the backup names it: 32, the object named; raw shows what is there', async () => {
  const { world, lines, raw } = await prepare();
  const key = (await world.keys('repo')).find((one) => one.endsWith('manifests/0.avro')) as string;
  const uri = world.uri('repo', key);
  await world.put(uri, 'Obj');
  expect(await failure(lines('b', 'manifest:0'), 'corrupt')).toMatchObject({ exit: 32, object: uri });
  expect((await raw('b', 'manifest:0')).toString()).toBe('Obj');
  await world.remove(uri);
  expect(await failure(lines('b', 'manifest:0'), 'corrupt')).toMatchObject({ exit: 32, object: uri });
  await failure(raw('b', 'manifest:0'), 'object-not-found');
  await world.put(world.uri('repo', 'backups/b.json'), 'x');
  await failure(lines('backups/b.json'), 'corrupt');
  expect((await raw('backups/b.json')).toString()).toBe('x');
});

test('what can be none is 2', async () => {
  const { lines } = await prepare();
  for (const part of ['', 'Root', 'list', 'list:x', 'manifest:-1', 'manifest:', 'data']) await failure(lines('b', part), 'usage');
  for (const what of ['../x', 'a/../b', '/etc/passwd', 'a//b', './x', 's3://other/bcn.json', 'memory://repo2/x/y', 'runs/'])
    await failure(lines(what), 'usage');
  await failure(lines('bcn.json', 'root'), 'usage');
});

test('a backup of several tables: one has to be chosen', async () => {
  const { world, lines } = await prepare();
  const { id: _id, selector: _selector, ...rest } = (await world.commit()) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  const tables = [...rest.tables, { ...rest.tables[0], identifier: ['db', 'u'] }] as typeof rest.tables;
  await world.put(world.uri('repo', 'backups/b.json'), encodeCommit({ ...rest, tables }).bytes);
  expect((await failure(lines('b', 'root'), 'usage')).message).toContain('holds 2 tables: db.t, db.u');
  expect(await lines('b', 'root', { table: (name) => name === 'db.u' })).toHaveLength(8);
  await failure(lines('b', 'root', { table: (name) => name === 'db.x' }), 'table-not-found');
  expect(await lines('b')).toHaveLength(1);
});
