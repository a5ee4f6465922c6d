import { describe, expect, test } from 'vitest';
import { listBackups } from '../../src/repository/list.js';
import { unfinishedRuns } from '../../src/runs/runs.js';
import { COMMANDS } from '../support/commands.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const DAY = 24 * 3_600_000;
const OLD = DAY + 3_600_000;

/** `a` and `b`, which shares a file with it. */
async function prepare(): Promise<World> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  await world.backup({ name: 'a' });
  await table.append([someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'b' });
  return world;
}

const ID = 'f'.repeat(64);

/** Beside what bcn writes, as like it as it gets. */
const FOREIGN = [
  'README.md',
  'bcn.json.bak',
  'backups/notes.txt',
  'backups/b.json.bak',
  'backups/sub/b.json',
  'backups/b.json@purged-nothing',
  'events/loose.json',
  `events/${ID}/notes.txt`,
  `events/${ID}/a-deleted.json`,
  `events/${ID}/sub/000001-deleted.json`,
  'events/x/000001-deleted.json',
  'tables/notes.txt',
  'tables/x/notes.txt',
  `tables/${'0'.repeat(32)}/notes.txt`,
  `tables/${'0'.repeat(32)}/sub/8231921199836-b`,
  'runs/notes.txt',
  'runs/x/begin.json',
  'runs/20260101T000000Z-short-x/data/f.parquet',
];

test('foreign objects in every folder: no command minds them, and none is ever removed', async () => {
  const world = await prepare();
  for (const key of FOREIGN) await world.put(world.uri('repo', key), `of ${key}`);
  // Beside the events of a backup, too.
  const id = (await world.commit('a'))?.id;
  const beside = `events/${id}/notes.txt`;
  await world.put(world.uri('repo', beside), 'x');
  const { backups, damaged } = await listBackups(world.place());
  expect([backups.map(({ name }) => name), damaged]).toEqual([['a', 'b'], []]);
  for (const [command, run] of Object.entries(COMMANDS)) {
    if (!['undelete', 'restore --abort', 'forget'].includes(command)) await run(world.fork(), 'b');
  }
  expect((await unfinishedRuns(world.place())).foreign).toEqual(['20260101T000000Z-short-x', 'notes.txt', 'x']);
  await world.delete('a');
  for (let i = 0; i < 3; i++) {
    world.now += OLD;
    await world.prune();
  }
  expect((await world.verify()).problems).toEqual([]);
  await world.delete('b');
  for (let i = 0; i < 3; i++) {
    world.now += OLD;
    await world.prune();
  }
  expect((await world.keys('repo')).sort()).toEqual([...FOREIGN, beside, 'bcn.json'].sort());
});

test('a foreign object that is named like a backup is a damaged record: shown as such, prune refuses and names it', async () => {
  const world = await prepare();
  await world.put(world.uri('repo', 'backups/notes.json'), '{"mine":true}');
  const { backups, damaged } = await listBackups(world.place());
  expect([backups.length, damaged.map(({ object }) => object)]).toEqual([2, ['memory://repo/backups/notes.json']]);
  await world.delete('a');
  world.now += OLD;
  const before = await world.dump('repo');
  const error = await failure(world.prune(), 'corrupt');
  expect(error).toMatchObject({ exit: 32, object: 'memory://repo/backups/notes.json' });
  expect(error.message).toContain('nothing was removed');
  expect(await world.dump('repo')).toEqual(before);
  expect((await world.verify()).problems).toEqual([]);
  expect((await world.backup({ name: 'c' })).outcome).toBe('created');
});

describe('two repositories in one prefix, made before bcn refused that, or copied there', () => {
  test.each(['b/', 'events/', 'tables/', 'runs/', 'runs/x/', 'tables/x/', 'backups/x/', `events/${ID}/`])(
    'one at %s inside the other: each is used, pruned and emptied, and the other stays whole',
    async (inner) => {
      for (const first of ['inner', 'outer'] as const) {
        const world = await prepare();
        for (const [uri, bytes] of await world.dump('repo'))
          await world.put(uri.replace('memory://repo/', `memory://repo/${inner}`), Buffer.from(bytes, 'base64'));
        const places = { outer: undefined, inner: { store: world.store('repo'), prefix: inner } };
        const second = first === 'inner' ? 'outer' : 'inner';
        world.repository = places[first];
        await world.backup({ name: 'next' });
        for (const name of ['a', 'b', 'next']) await world.delete(name);
        for (let i = 0; i < 3; i++) {
          world.now += OLD;
          await world.prune();
        }
        world.repository = places[second];
        for (const name of ['a', 'b']) expect((await world.verify({ name })).problems, `${first} ${name}`).toEqual([]);
        expect((await listBackups(world.place())).backups.map(({ name }) => name)).toEqual(['a', 'b']);
        await world.restore();
      }
    },
  );

  test('one at backups/: its record is a damaged one of the other, whose prune names it and removes nothing; the inner one is pruned', async () => {
    const world = await prepare();
    for (const [uri, bytes] of await world.dump('repo'))
      await world.put(uri.replace('memory://repo/', 'memory://repo/backups/'), Buffer.from(bytes, 'base64'));
    await world.delete('a');
    world.now += OLD;
    const before = await world.dump('repo');
    expect((await failure(world.prune(), 'corrupt')).object).toBe('memory://repo/backups/bcn.json');
    expect(await world.dump('repo')).toEqual(before);
    expect((await listBackups(world.place())).damaged.map(({ selector }) => selector)).toEqual(['bcn']);
    world.repository = { store: world.store('repo'), prefix: 'backups/' };
    await world.delete('a');
    world.now += OLD;
    expect((await world.prune()).backups).toEqual(['a']);
    expect((await world.verify()).problems).toEqual([]);
    world.repository = undefined;
    expect((await world.verify()).problems).toEqual([]);
  });
});
