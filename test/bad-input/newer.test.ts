import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeCommit } from '../../src/repository/commit.js';
import { sha256 } from '../../src/repository/keys.js';
import { listBackups } from '../../src/repository/list.js';
import { COMMANDS } from '../support/commands.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const DAY = 24 * 3_600_000;

/** Two backups of `db.t`, of which `old` is past its grace, and `u`, of another table. */
async function prepare(): Promise<World> {
  const world = await World.open();
  const other = await world.table({}, 'db/u');
  await other.append([someBytes('u')]);
  world.publish(other, 'db.u');
  await world.backup({ name: 'u', tables: [{ namespace: ['db'], name: 'u' }] });
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  await world.backup({ name: 'old' });
  await world.delete('old');
  world.now += DAY + 60_000;
  await world.backup({ name: 'b', fresh: true });
  return world;
}

/** 13, about this object, and nothing in repository or target is another. */
async function expectTooNew(world: World, command: string, object: string): Promise<void> {
  const before = [await world.dump('repo'), await world.dump('wh'), [...world.tables]];
  const error = await failure(COMMANDS[command]?.(world, 'b') as Promise<unknown>, 'repository-too-new').catch((cause) => {
    throw new Error(command, { cause });
  });
  expect(error).toMatchObject({ exit: 13, object, hint: 'Use a newer bcn.' });
  expect([await world.dump('repo'), await world.dump('wh'), [...world.tables]], command).toEqual(before);
}

describe('a repository of a later format, or with a feature that nobody here knows: 13 for every command', () => {
  test.each([
    '{"format":2,"id":"x","features":[],"grace_ms":86400000,"created":""}',
    '{"format":2,"features":[],"grace_ms":1,"records":"elsewhere"}',
    '{"format":1,"id":"x","features":["commits-by-run","encrypted"],"grace_ms":86400000,"created":""}',
  ])('%s', async (record) => {
    const world = await prepare();
    await world.put(world.uri('repo', 'bcn.json'), record);
    for (const command of Object.keys(COMMANDS)) await expectTooNew(world, command, 'memory://repo/bcn.json');
  });
});

/** Writes the record of `b` again with other fields, and a right id. */
async function change(world: World, fields: object): Promise<void> {
  const {
    id: _id,
    selector: _selector,
    ...rest
  } = (await world.commit('b')) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  await world.put(world.uri('repo', 'backups/b.json'), encodeCommit({ ...rest, ...fields }).bytes);
}

/** Those that read the record of the backup they are given. */
const OF_ONE = ['restore', 'restore --abort', 'show', 'diff', 'cat', 'verify', 'delete', 'undelete', 'prune'];

async function expectOthersGoOn(world: World): Promise<void> {
  const warned = world.notes.length;
  const { backups, unreadable } = await world.fork().forget();
  expect([backups.map(({ name }) => name), unreadable]).toEqual([['u'], 1]);
  expect((await world.verify({ name: 'u' })).problems).toEqual([]);
  await world.backup({ name: 'next' });
  expect((await world.verify({ name: 'next' })).problems).toEqual([]);
  expect(world.notes.length).toBeGreaterThanOrEqual(warned);
  await COMMANDS.runs?.(world, 'b');
}

describe('a backup of a later format, or that requires what nobody here knows: 13 for who reads it; the others go on', () => {
  const tables = async (world: World, more: object) =>
    ((await world.commit('b'))?.tables ?? []).map((table) => ({ ...table, ...more }));
  test.each<[string, (world: World) => Promise<object>]>([
    ['format 2', async () => ({ format: 2 })],
    ['format 2 of another shape', async () => ({ format: 2, tables: 'elsewhere', name: undefined })],
    ['an unknown requirement', async (world) => ({ tables: await tables(world, { requires: ['deletes', 'levitation'] }) })],
  ])('%s', async (_, fields) => {
    const world = await prepare();
    await change(world, await fields(world));
    for (const command of OF_ONE) await expectTooNew(world, command, 'memory://repo/backups/b.json');
    const { backups, damaged } = await listBackups(world.place());
    expect([backups.map(({ name }) => name), damaged.map(({ selector }) => selector)]).toEqual([['u'], ['b']]);
    await expectOthersGoOn(world);
  });

  test('a table root of a later format', async () => {
    const world = await prepare();
    const [table] = (await world.commit('b'))?.tables ?? [];
    const key = table?.root.key as string;
    const uri = world.uri('repo', key);
    const bytes = gzipSync(
      gunzipSync(await world.get(uri))
        .toString()
        .replace('"format":1', '"format":2'),
    );
    await world.put(uri, bytes);
    await change(world, { tables: [{ ...table, root: { key, length: bytes.length, sha256: sha256(bytes) } }] });
    for (const command of ['restore', 'restore --abort', 'verify', 'prune']) await expectTooNew(world, command, uri);
    await world.delete('b');
  });
});

describe('what a later version of format 1 may add is passed over', () => {
  test('fields of the record, the COMMIT, its tables, ROOT lines and inventory lines; kinds of events; other lines of a ROOT', async () => {
    const world = await prepare();
    const record = JSON.parse((await world.get(world.uri('repo', 'bcn.json'))).toString());
    const { sha256: _sum, ...plain } = record;
    await world.put(world.uri('repo', 'bcn.json'), JSON.stringify({ ...plain, later: { x: 1 } }));
    const [table] = (await world.commit('b'))?.tables ?? [];
    const key = table?.root.key as string;
    const lines = gunzipSync(await world.get(world.uri('repo', key)))
      .toString()
      .trimEnd()
      .split('\n');
    const more = [...lines.map((line) => line.replace(/}$/, ',"later":[1]}')), '{"type":"annotation","of":"nobody"}'];
    const bytes = gzipSync(`${more.join('\n')}\n`);
    await world.put(world.uri('repo', key), bytes);
    const root = { key, length: bytes.length, sha256: sha256(bytes), later: true };
    await change(world, { later: 1, tables: [{ ...table, later: null, root }] });
    const id = (await world.commit('b'))?.id;
    for (const [n, kind] of ['drilled', 'blessed'].entries())
      await world.put(world.uri('repo', `events/${id}/00000${n + 1}-${kind}.json`), '{}');
    expect((await world.verify()).problems).toEqual([]);
    for (const [command, run] of Object.entries(COMMANDS))
      if (!['undelete', 'restore --abort'].includes(command)) await run(world.fork(), 'b');
    await world.prune();
    await world.restore();
  });
});
