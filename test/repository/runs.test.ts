import { describe, expect, test } from 'vitest';
import { beginKey, endKey, newRunId } from '../../src/repository/keys.js';
import { type BackupAsk, findRun } from '../../src/repository/runs.js';
import { Faults } from '../support/faults.js';
import { failure, World } from '../support/world.js';

const ask: BackupAsk = { name: 'n', mode: 'copy', catalog: 'c', tables: ['db.t'] };
const PINNED = { 'db.t': { location: 'p', at: '2026-01-01T00:00:00.000Z' } };
const DAY = 86_400_000;

async function prepare() {
  const world = await World.open();
  const begin = async (start: number, asks: Partial<BackupAsk> = {}, text?: string) => {
    const run = newRunId('n', start);
    await world.put(
      world.uri('repo', beginKey(run)),
      text ?? JSON.stringify({ asks: { ...ask, ...asks }, pinned: PINNED, bcn: '0' }),
    );
    return run;
  };
  const find = () => findRun(world.place(), ask, world.now);
  return { world, begin, find };
}

describe('the run to continue', () => {
  test('is the newest that asks for the same', async () => {
    const { world, begin, find } = await prepare();
    expect(await find()).toBeUndefined();
    await begin(world.now - 3000);
    const newest = await begin(world.now - 2000);
    for (const other of [
      { mode: 'reference' as const },
      { tables: ['db.u'] },
      { tables: ['db.t', 'db.u'] },
      { tables: { namespace: 'db', include: [], exclude: [] } },
      { fresh: true },
      { catalog: 'd' },
      { name: 'm' },
    ]) {
      await begin(world.now - 1000, other);
    }
    const found = await find();
    expect(found).toMatchObject({ run: newest, ended: false, begin: { pinned: PINNED } });
  });

  test('tells its last write and whether it ended', async () => {
    const { world, begin, find } = await prepare();
    const run = await begin(world.now - 1000);
    world.now += 50_000;
    await world.put(world.uri('repo', `runs/${run}/beat-1`), '');
    expect((await find())?.times.last).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 10) + 50_000);
    await world.put(world.uri('repo', `runs/${run}/data/b/end`), 'a content file of that name');
    expect((await find())?.ended).toBe(false);
    await world.put(world.uri('repo', endKey(run)), '');
    expect((await find())?.ended).toBe(true);
  });

  test('is asked whether it ended before it is listed: it may hold a million files', async () => {
    const { world, begin } = await prepare();
    const run = await begin(world.now - 1000);
    const runUri = world.uri('repo', `runs/${run}/`);
    const asked = async () => {
      const faults = new Faults();
      await findRun(world.place(faults), ask, world.now);
      return faults.log.map(({ op, key }) => `${op} ${key}`).filter((line) => line.includes(runUri));
    };
    expect(await asked()).toEqual([`get ${runUri}begin.json`, `get ${runUri}end`, `list ${runUri}`]);
    world.now += 7_000;
    await world.put(world.uri('repo', endKey(run)), '');
    expect(await asked()).toEqual([`get ${runUri}begin.json`, `get ${runUri}end`]);
    const found = await findRun(world.place(), ask, world.now);
    expect(found?.times.last).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 10) + 7_000);
  });

  test('is not taken for a live one when that cannot be asked', async () => {
    const { world, begin } = await prepare();
    await begin(world.now - 1000);
    for (let at = 0; at < 4; at++) {
      await failure(findRun(world.place(new Faults('once-before', at)), ask, world.now), 'storage-unavailable');
    }
  });

  test('that ends while it is listed has ended', async () => {
    const { world, begin } = await prepare();
    const run = await begin(world.now - 1000);
    const pause = async (op: number) => {
      if (op === 3) await world.put(world.uri('repo', endKey(run)), '');
    };
    const found = await findRun(world.place(new Faults(undefined, 0, pause)), ask, world.now);
    expect(found?.ended).toBe(true);
  });

  test.each(['', 'x', 'null', '{}', '[]', '{"asks":null}'])('is none whose begin.json holds %j', async (text) => {
    const { world, begin, find } = await prepare();
    await begin(world.now - 1000, {}, text);
    expect(await find()).toBeUndefined();
  });

  test('is none that began two weeks ago, nor one without begin.json', async () => {
    const { world, begin, find } = await prepare();
    await begin(world.now - 15 * DAY);
    await world.put(world.uri('repo', `runs/${newRunId('n', world.now)}/data/b/x`), '');
    expect(await find()).toBeUndefined();
    const run = await begin(world.now - 13 * DAY);
    expect((await find())?.run).toBe(run);
  });
});
