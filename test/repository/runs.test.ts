import { describe, expect, test } from 'vitest';
import { beginKey, endKey, newRunId } from '../../src/repository/keys.js';
import { type BackupAsk, findRun } from '../../src/repository/runs.js';
import { World } from '../support/world.js';

const ask: BackupAsk = { name: 'n', mode: 'copy', catalog: 'c', table: 'db.t', uuid: 'u' };
const DAY = 86_400_000;

async function prepare() {
  const world = await World.open();
  const begin = async (start: number, asks: Partial<BackupAsk> = {}, text?: string) => {
    const run = newRunId('n', start);
    await world.put(
      world.uri('repo', beginKey(run)),
      text ?? JSON.stringify({ asks: { ...ask, ...asks }, pinned: 'p', bcn: '0' }),
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
      { table: 'db.u' },
      { uuid: 'v' },
      { uuid: null },
      { catalog: 'd' },
      { name: 'm' },
    ]) {
      await begin(world.now - 1000, other);
    }
    const found = await find();
    expect(found).toMatchObject({ run: newest, ended: false, begin: { pinned: 'p' } });
  });

  test('tells its last write and whether it ended', async () => {
    const { world, begin, find } = await prepare();
    const run = await begin(world.now - 1000);
    world.now += 50_000;
    await world.put(world.uri('repo', `runs/${run}/beat-1`), '');
    expect((await find())?.lastWrite).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 10) + 50_000);
    await world.put(world.uri('repo', `runs/${run}/data/b/end`), 'a content file of that name');
    expect((await find())?.ended).toBe(false);
    await world.put(world.uri('repo', endKey(run)), '');
    expect((await find())?.ended).toBe(true);
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
