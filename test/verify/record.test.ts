import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { listBackups } from '../../src/repository/list.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

/** `a`; `b`, which adds a file; `c`, of another table. */
async function prepare(): Promise<World> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  await world.backup({ name: 'a' });
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ name: 'b' });
  const other = await world.table({}, 'db/o');
  await other.append([someBytes('4')]);
  world.publish(other, 'db.o');
  await world.backup({ name: 'c', tables: [{ namespace: ['db'], name: 'o' }] });
  return world;
}

/** Name of the backup and kind of each event, in the order of their numbers, with what the body adds. */
async function events(world: World): Promise<string[]> {
  const names = new Map<string, string>();
  for (const name of ['a', 'b', 'c']) names.set((await world.commit(name))?.id ?? '', name);
  const keys = (await world.keys('repo')).filter((key) => key.startsWith('events/'));
  return keys.map((key) => `${names.get(key.split('/')[1] ?? '')} ${key.replace(/^.*\//, '').replace('.json', '')}`).sort();
}

const body = async (world: World, name: string, event: string) => {
  const key = `events/${(await world.commit(name))?.id}/${event}.json`;
  return JSON.parse((await world.get(world.uri('repo', key))).toString()) as Record<string, unknown>;
};

const dataOf = async (world: World, name: string) => {
  const run = (await world.commit(name))?.run;
  return (await world.keys('repo')).filter((key) => key.startsWith(`runs/${run}/data/`));
};

test('a whole backup gets one event, which says how much was read; list shows when', async () => {
  const world = await prepare();
  const before = await world.dump('repo');
  await world.verify({ name: 'a', record: true, readData: false });
  await world.verify({ name: 'a', record: true });
  await world.verify({ name: 'a', record: true, read: { kind: 'group', n: 1, of: 2 } });
  expect(await events(world)).toEqual(['a 000001-verified', 'a 000002-verified', 'a 000003-verified']);
  const said = [1, 2, 3].map(async (n) => (await body(world, 'a', `00000${n}-verified`)).read);
  expect(await Promise.all(said)).toEqual(['lengths', 'data', 'some']);
  for (const [uri, bytes] of before) expect((await world.dump('repo')).get(uri)).toBe(bytes);
  const { backups } = await listBackups(world.place());
  expect(backups.map(({ name, verified }) => [name, verified !== null])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
  ]);
});

test('damage is told of every backup that needs the object, also such as were not checked', async () => {
  const world = await prepare();
  const [shared] = (await dataOf(world, 'a')) as [string];
  await world.remove(world.uri('repo', shared));
  const { others, problems, recorded } = await world.verify({ name: 'b', record: true });
  expect(problems).toMatchObject([{ object: world.uri('repo', shared), backups: ['b'] }]);
  expect(others).toEqual([{ name: 'a', selector: 'a', problems: 1 }]);
  expect(recorded).toBe('all');
  expect(await events(world)).toEqual(['a 000001-damaged', 'b 000001-damaged']);
  expect(await body(world, 'b', '000001-damaged')).toMatchObject({ objects: [{ key: shared, tables: [0] }], more: 0 });
  const { backups } = await listBackups(world.place());
  expect(backups.map(({ name, damaged }) => [name, damaged !== null])).toEqual([
    ['a', true],
    ['b', true],
    ['c', false],
  ]);
});

test('damage that only one backup needs is told of that one', async () => {
  const world = await prepare();
  const [own] = (await dataOf(world, 'b')) as [string];
  await world.remove(world.uri('repo', own));
  expect((await world.verify({ name: 'b', record: true })).others).toEqual([]);
  expect(await events(world)).toEqual(['b 000001-damaged']);
});

test('a damaged manifest, section or metadata.json is that of all who need it', async () => {
  const world = await prepare();
  for (const part of ['/manifests/', '/pack-', '/lists/', '/metadata.json']) {
    const fork = world.fork();
    const run = (await fork.commit('a'))?.run as string;
    const [key] = (await fork.keys('repo')).filter((one) => one.startsWith(`runs/${run}/`) && one.includes(part)) as [string];
    await fork.remove(fork.uri('repo', key));
    const { others } = await fork.verify({ name: 'b', record: true });
    // metadata.json is each backup's own.
    expect(
      others.map(({ name }) => name),
      part,
    ).toEqual(part === '/metadata.json' ? [] : ['a']);
  }
});

test('the same damage is not told again; other damage is', async () => {
  const world = await prepare();
  const [first] = (await dataOf(world, 'a')) as [string];
  const [second] = (await dataOf(world, 'b')) as [string];
  await world.remove(world.uri('repo', first));
  for (let i = 0; i < 3; i++) await world.verify({ names: 'all', record: true });
  expect((await events(world)).filter((event) => event.includes('damaged'))).toEqual(['a 000001-damaged', 'b 000001-damaged']);
  await world.remove(world.uri('repo', second));
  await world.verify({ names: 'all', record: true });
  expect((await events(world)).filter((event) => event.includes('damaged'))).toEqual([
    'a 000001-damaged',
    'b 000001-damaged',
    'b 000002-damaged',
  ]);
});

test('what was damaged is read again by every check; brought back, the backup is whole again', async () => {
  const world = await prepare();
  const [key] = (await dataOf(world, 'a')) as [string];
  const uri = world.uri('repo', key);
  const bytes = await world.get(uri);
  await world.put(uri, Buffer.concat([bytes.subarray(0, -1), Buffer.from('!')]));
  await world.verify({ name: 'a', record: true });
  // A check of lengths would not see it, but for the event.
  expect((await world.verify({ name: 'a', record: true, readData: false })).problems).toHaveLength(1);
  await world.put(uri, bytes);
  expect((await world.verify({ name: 'a', record: true, readData: false })).problems).toEqual([]);
  expect(await events(world)).toEqual(['a 000001-damaged', 'a 000002-repaired', 'a 000003-verified', 'b 000001-damaged']);
  expect(await body(world, 'a', '000002-repaired')).toMatchObject({ roots: [null] });
  expect((await listBackups(world.place())).backups.map(({ damaged }) => damaged !== null)).toEqual([false, true, false]);
});

test('an event that names not all of the damage is only taken back by a check that reads everything', async () => {
  const world = await prepare();
  const id = (await world.commit('a'))?.id as string;
  for (const bad of ['{"objects":[],"more":3}', 'not json', '{}']) {
    const fork = world.fork();
    await fork.put(fork.uri('repo', `events/${id}/000001-damaged.json`), bad);
    const { problems } = await fork.verify({ name: 'a', record: true, readData: false });
    expect(problems).toMatchObject([{ message: expect.stringContaining('--read-data') }]);
    expect((await fork.verify({ name: 'a', record: true })).problems).toEqual([]);
    expect((await events(fork)).at(-1)).toBe('a 000004-verified');
  }
});

test('--no-record, and keys that may not create events: the same verdict, nothing written', async () => {
  class NoEvents extends Faults {
    override run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op !== 'create') return super.run(op, key, call);
      throw new BcnError('storage-auth', `not allowed: ${key}`, { object: key, hint: 'Use other keys.' });
    }
  }
  const world = await prepare();
  const before = await world.dump('repo');
  expect((await world.verify({ name: 'a', record: false })).recorded).toBe('not-asked');
  expect((await world.verify({ name: 'a', record: true }, new NoEvents())).recorded).toBe('refused');
  const [key] = (await dataOf(world, 'a')) as [string];
  await world.remove(world.uri('repo', key));
  before.delete(world.uri('repo', key));
  expect(await world.verify({ name: 'a', record: true }, new NoEvents())).toMatchObject({ recorded: 'refused', problems: [{}] });
  expect(await world.dump('repo')).toEqual(before);
});

test('all: one verdict for each backup, what they share is looked at once, records that cannot be read are problems', async () => {
  const world = await prepare();
  for (const name of ['d', 'e', 'f']) await world.backup({ name });
  const log = new Faults();
  const { backups, problems, checked } = await world.verify({ names: 'all' }, log);
  expect(problems).toEqual([]);
  expect(backups.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(checked.files).toBe(4);
  const reads = log.done('get', 'read');
  expect(reads.filter((key) => key.includes('runs/'))).toHaveLength(new Set(reads.filter((key) => key.includes('runs/'))).size);
  await world.put(world.uri('repo', 'backups/c.json'), '{}');
  const second = await world.verify({ names: 'all', record: true });
  expect(second.problems).toMatchObject([{ object: world.uri('repo', 'backups/c.json'), backups: [] }]);
  expect(second.backups.filter((one) => one.problems > 0)).toMatchObject([{ selector: 'c', backup: undefined }]);
  await world.delete('a');
  expect((await world.verify({ names: 'all' })).backups.map(({ name }) => name)).not.toContain('a');
});

test('old verified events go with a prune, the newest stays', async () => {
  const world = await prepare();
  for (let i = 0; i < 3; i++) await world.verify({ name: 'a', record: true, readData: false });
  await world.prune();
  expect(await events(world)).toHaveLength(3);
  world.now += 2 * 24 * 3_600_000;
  await world.verify({ name: 'b', record: true, readData: false });
  await world.prune();
  expect(await events(world)).toEqual(['a 000003-verified', 'b 000001-verified']);
  await world.verify({ name: 'a', record: true, readData: false });
  expect(await events(world)).toEqual(['a 000003-verified', 'a 000004-verified', 'b 000001-verified']);
});

test('cut at any request: what is recorded is true, and the same command again records the same', {
  timeout: 60_000,
}, async () => {
  const made = await prepare();
  const [shared] = (await dataOf(made, 'a')) as [string];
  await made.remove(made.uri('repo', shared));
  const log = new Faults();
  await made.fork().verify({ names: ['b', 'c'], record: true, readData: false }, log);
  for (let at = 0; at < log.ops; at++) {
    for (const how of ['crash-before', 'crash-after'] as const) {
      const world = made.fork();
      await world.verify({ names: ['b', 'c'], record: true, readData: false }, new Faults(how, at)).catch(() => undefined);
      const soon = await events(world);
      expect(
        soon.filter((event) => /^[ab] .*verified|^c .*damaged/.test(event)),
        `${how} ${at}`,
      ).toEqual([]);
      await world.verify({ names: ['b', 'c'], record: true, readData: false });
      const { backups } = await listBackups(world.place());
      expect(
        backups.map(({ name, damaged, verified }) => [name, damaged !== null, verified !== null]),
        `${how} ${at}`,
      ).toEqual([
        ['a', true, false],
        ['b', true, false],
        ['c', false, true],
      ]);
    }
  }
});

test('a whole backup costs one event; other backups are not looked at', async () => {
  const world = await prepare();
  const log = new Faults();
  await world.verify({ name: 'a', record: true, readData: false }, log);
  expect(
    log
      .done('get')
      .filter((key) => key.includes('backups/'))
      .map((key) => key.replace(/^.*\//, '')),
  ).toEqual(['a.json']);
  expect(log.done('create')).toHaveLength(1);
});
