import { describe, expect, test } from 'vitest';
import { readDeletion } from '../../src/repository/events.js';
import { type Base, Bases, type TableIdentity } from '../../src/repository/hints.js';
import type { RepositoryPlace } from '../../src/repository/place.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

/** As a backup looks for it: by name, then everywhere. */
async function findBase(place: RepositoryPlace, identity: TableIdentity, mode: 'copy' | 'reference'): Promise<Base | undefined> {
  const bases = new Bases(place, mode);
  const named = await bases.byName(identity);
  return named?.table.uuid === (identity.uuid ?? null) ? named : bases.search(identity);
}

async function prepare() {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1')]);
  world.publish(table);
  for (const name of ['z', 'm', 'a']) {
    world.now += 1000;
    await world.backup({ name });
  }
  const identity: TableIdentity = { catalog: 'hive:memory', table: 'db.t', uuid: table.uuid ?? undefined };
  const hints = (await world.keys('repo')).filter((key) => key.startsWith('tables/'));
  const base = async (mode: 'copy' | 'reference' = 'copy', who = identity) =>
    (await findBase(world.place(), who, mode))?.commit.name;
  const remove = async (keys: readonly string[]) => {
    for (const key of keys) await world.remove(world.uri('repo', key));
  };
  const event = (name: string, file: string) => world.happen(name, file);
  return { world, table, identity, hints, base, remove, event };
}

describe('the base is the newest backup of the table that is not deleted', () => {
  test('by its hint, in two requests', async () => {
    const { world, identity, hints } = await prepare();
    expect(hints).toHaveLength(3);
    expect(hints.map((key) => key.slice(-1))).toEqual(['a', 'm', 'z']);
    const faults = new Faults();
    expect((await findBase(world.place(faults), identity, 'copy'))?.commit.name).toBe('a');
    expect(faults.ops).toBe(2);
  });

  test('without hints, by all backups', async () => {
    const { base, hints, remove } = await prepare();
    await remove(hints);
    expect(await base()).toBe('a');
  });

  test('when hints name backups that are gone, deleted, damaged, or of nobody', async () => {
    const { world, base, remove, event, hints } = await prepare();
    await world.put(world.uri('repo', `${(hints[0] as string).slice(0, -15)}0000000000000-nobody`), '');
    expect(await base()).toBe('a');
    await event('a', '1-deleted.json');
    expect(await base()).toBe('m');
    await world.put(world.uri('repo', 'backups/m.json'), 'damaged');
    expect(await base()).toBe('z');
    await remove(['backups/z.json']);
    expect(await base()).toBeUndefined();
    await event('a', '2-undeleted.json');
    expect(await base()).toBe('a');
  });

  test('never of another table, nor of the other mode', async () => {
    const { world, base, identity } = await prepare();
    expect(await base('reference')).toBeUndefined();
    expect(await base('copy', { ...identity, uuid: 'other' })).toBeUndefined();
    expect(await base('copy', { ...identity, uuid: undefined })).toBeUndefined();
    const other = await world.table({}, 'db/u');
    await other.append(['x']);
    world.publish(other, 'db.u');
    await world.backup({ name: 'u', tables: [{ namespace: ['db'], name: 'u' }] });
    expect(await base()).toBe('a');
  });
});

test('a table without a uuid is known by catalog and name', async () => {
  const world = await World.open();
  const table = await world.table({ formatVersion: 1, uuid: null });
  await table.append(['x']);
  world.publish(table);
  world.publish(table, 'db.same');
  await world.backup();
  const base = (identity: TableIdentity) => findBase(world.place(), identity, 'copy');
  expect((await base({ catalog: 'hive:memory', table: 'db.t', uuid: undefined }))?.commit.name).toBe('b');
  expect(await base({ catalog: 'hive:memory', table: 'db.same', uuid: undefined })).toBeUndefined();
  expect(await base({ catalog: 'hive:other', table: 'db.t', uuid: undefined })).toBeUndefined();
});

describe('marks beside hints', () => {
  test('say that events are to be looked for: deleted and undeleted, damaged, repaired', async () => {
    const { world, base, identity } = await prepare();
    const cost = async () => {
      const faults = new Faults();
      await findBase(world.place(faults), identity, 'copy');
      return faults.log.map(({ op }) => op);
    };
    expect(await cost()).toEqual(['list', 'get']);
    await world.delete('a');
    expect(await base()).toBe('m');
    expect(await cost()).toEqual(['list', 'get', 'list', 'get']);
    await world.undelete('a');
    expect(await base()).toBe('a');
    expect(await cost()).toEqual(['list', 'get', 'list']);
    const data = (await world.keys('repo')).find((key) => key.includes('/data/')) as string;
    await world.remove(world.uri('repo', data));
    await world.verify({ name: 'm', record: true });
    for (const name of ['z', 'm', 'a']) {
      const found = await new Bases(world.place(), 'copy').byName(identity);
      expect(found).toMatchObject({ commit: { name: 'a' }, damage: { objects: [{ key: data }] } });
      expect((await world.keys('repo')).filter((key) => key.includes(`-${name}!`)).length).toBeGreaterThan(0);
    }
    await world.repair({ names: 'all' });
    const repaired = await new Bases(world.place(), 'copy').byName(identity);
    expect(repaired?.damage).toBeUndefined();
    expect(repaired?.table.root.key).not.toBe((await world.commit('a'))?.tables[0]?.root.key);
  });

  test('the mark is there before the event: whoever dies between the two has hidden nothing', async () => {
    const { world, base } = await prepare();
    const log = new Faults();
    await world.fork().delete('a', {}, log);
    const creates = log.log.filter(({ op }) => op === 'create').map(({ key }) => key.replace(/^.*?\/repo\//, ''));
    expect(creates).toEqual([
      expect.stringMatching(/^tables\/.*-a![0-9a-f]{16}$/),
      expect.stringMatching(/^events\/.*-deleted\.json$/),
    ]);
    expect(await base()).toBe('a');
  });

  test('of a full page the last hint is only trusted when the next page begins without a mark', async () => {
    const { world, identity } = await prepare();
    await world.delete('a');
    await world.delete('m');
    const paged = (size: number): RepositoryPlace => {
      const { store, prefix } = world.place();
      const list = async function* (...args: Parameters<typeof store.list>) {
        for await (const page of store.list(...args))
          for (let at = 0; at < page.objects.length; at += size) yield { ...page, objects: page.objects.slice(at, at + size) };
      };
      return { prefix, store: { uri: store.uri, get: store.get.bind(store), list } as unknown as typeof store };
    };
    for (const size of [1, 2, 3, 4, 5]) {
      // One page of hints, as always: behind it all backups are looked through.
      expect((await findBase(paged(size), identity, 'copy'))?.commit.name, String(size)).toBe('z');
    }
  });

  test('the hint of an earlier backup of the same name says nothing of the later one', async () => {
    const { world, identity } = await prepare();
    const [hint] = (await world.keys('repo')).filter((key) => /^tables\/.*-a$/.test(key)) as [string];
    await world.delete('a');
    world.now += 2 * 24 * 3_600_000;
    await world.prune();
    world.now += 24 * 3_600_000;
    await world.backup({ name: 'a' });
    await world.delete('a');
    // As a LIST may still show it while the prune takes hint and mark.
    await world.put(world.uri('repo', hint), '');
    expect((await findBase(world.place(), identity, 'copy'))?.commit.name).toBe('m');
  });
});

describe('deletion', () => {
  test.each([
    [[], false],
    [['1-deleted.json'], true],
    [['1-deleted.json', '2-undeleted.json'], false],
    [['9-undeleted.json', '10-deleted.json'], true],
    [['9-deleted.json', '10-undeleted.json'], false],
    [['1-deleted.json', '2-verified.json', '3-damaged.json'], true],
    [['deleted.json', 'x-deleted.json', '1-deleted.txt'], false],
  ])('the last of %j counts', async (files, deleted) => {
    const world = await World.open();
    for (const file of files) await world.put(world.uri('repo', `events/id/${file}`), '');
    await world.put(world.uri('repo', 'events/id2/1-deleted.json'), '');
    world.now = 5000;
    expect(await readDeletion(world.place(), 'id')).toMatchObject({ deleted, seen: 5000 });
  });
});
