import { describe, expect, test } from 'vitest';
import { listBackups } from '../../src/repository/list.js';
import { catIn, diffIn } from '../support/commands.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const HOUR = 3_600_000;
const OLD = 25 * HOUR;

/** `a` of two files; `b` of one more, which shares the two; all young. */
async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0'), someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'a' });
  await table.append([someBytes('2')]);
  world.publish(table);
  await world.backup({ name: 'b' });
  const keysOf = async (name: string, part: string) => {
    const run = (await world.commit(name))?.run;
    return (await world.keys('repo', `runs/${run}/`)).filter((key) => key.includes(part));
  };
  return { world, table, keysOf };
}

const names = async (world: World) => (await listBackups(world.place())).backups.map(({ name }) => name);

describe('the COMMIT is there and', () => {
  test.each([
    ['all of its run is gone', ''],
    ['its metadata is gone', '/meta/'],
    ['its content is gone', '/data/'],
  ])('%s: every command says which object, the other backup stays whole, and delete is the way out', async (_, part) => {
    const { world, keysOf } = await prepare();
    const gone = await keysOf('b', part);
    expect(gone.length).toBeGreaterThan(0);
    const uris = gone.map((key) => world.uri('repo', key));
    for (const uri of uris) await world.remove(uri);
    expect(await names(world)).toEqual(['a', 'b']);
    const { problems } = await world.verify();
    expect(problems.length).toBeGreaterThan(0);
    for (const { object } of problems) expect(uris).toContain(object);
    const restore = await failure(world.restore(), 'corrupt');
    expect([restore.exit, uris.includes(restore.object as string)]).toEqual([32, true]);
    expect([await world.keys('wh'), [...world.tables.keys()]]).toEqual([[], ['db.t']]);
    if (part !== '/data/') {
      const [changed] = (await diffIn(world)).tables;
      expect(uris).toContain(changed?.error?.object);
      expect(uris).toContain((await failure(world.prune(), 'corrupt')).object);
    }
    expect(await catIn(world, 'b')).toContain('"name": "b"');
    expect((await world.verify({ name: 'a' })).problems).toEqual([]);

    await world.delete('b');
    await world.undelete('b');
    await world.delete('b');
    world.now += OLD;
    expect((await world.prune()).backups).toEqual(['b']);
    expect((await world.verify({ name: 'a' })).problems).toEqual([]);
    await world.restore({ backupName: 'a' });
  });

  test('what it shares is gone: both are damaged, and a fresh one is whole', async () => {
    const { world, keysOf } = await prepare();
    const shared = (await keysOf('a', '/data/'))[0] as string;
    await world.remove(world.uri('repo', shared));
    for (const name of ['a', 'b']) {
      expect((await world.verify({ name })).problems.map(({ object }) => object)).toEqual([world.uri('repo', shared)]);
      await failure(world.restore({ backupName: name }), 'corrupt');
    }
    await world.backup({ name: 'c', fresh: true });
    expect((await world.verify({ name: 'c' })).problems).toEqual([]);
    await world.restore({ backupName: 'c' });
  });

  test('its run’s begin.json, beats and end are gone: nothing misses them', async () => {
    const { world, keysOf } = await prepare();
    for (const key of await keysOf('b', '')) if (!/\/(data|meta)\//.test(key)) await world.remove(world.uri('repo', key));
    world.now += OLD;
    await world.prune();
    for (const name of ['a', 'b']) expect((await world.verify({ name })).problems).toEqual([]);
    await world.restore();
  });
});

describe('the COMMIT is gone and the rest is there', () => {
  test('the backup is not found; what others share stays; the rest goes with the first prune after the grace, and the name is free', async () => {
    const { world, keysOf } = await prepare();
    const [record, shared, meta] = ['backups/a.json', await keysOf('a', '/data/'), await keysOf('a', '/root.')];
    const bytes = await world.get(world.uri('repo', record));
    await world.remove(world.uri('repo', record));
    const commands = [
      () => world.verify({ name: 'a' }),
      () => world.restore({ backupName: 'a' }),
      () => world.delete('a'),
      () => diffIn(world, { from: 'a' }),
      () => catIn(world, 'a'),
    ];
    for (const command of commands) {
      const error = await failure(command(), 'backup-not-found');
      expect(error).toMatchObject({ exit: 20, object: world.uri('repo', record) });
    }
    expect(await names(world)).toEqual(['b']);
    // Until then, a copy of the COMMIT brings it back.
    await world.prune();
    const copied = world.fork();
    await copied.put(copied.uri('repo', record), bytes);
    expect((await copied.verify({ name: 'a' })).problems).toEqual([]);

    world.now += OLD;
    await world.prune();
    const left = await world.keys('repo');
    for (const key of shared) expect(left).toContain(key);
    for (const key of meta) expect(left).not.toContain(key);
    expect((await world.verify()).problems).toEqual([]);
    expect((await world.backup({ name: 'a' })).outcome).toBe('created');
    for (const name of ['a', 'b']) expect((await world.verify({ name })).problems).toEqual([]);
  });

  test('a rerun of its command makes it again', async () => {
    const { world, table } = await prepare();
    await table.append([someBytes('3')]);
    world.publish(table);
    await world.backup({ name: 'c' });
    await world.remove(world.uri('repo', 'backups/c.json'));
    expect((await world.backup({ name: 'c' })).outcome).toBe('created');
    expect((await world.verify({ name: 'c' })).problems).toEqual([]);
  });
});
