import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import type { ObjectStore } from '../../src/storage/port.js';
import { Faults, ProcessStore } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const DAY = 24 * 3_600_000;
const OLD = DAY + 3_600_000;

async function prepare(): Promise<World> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0'), someBytes('1')]);
  world.publish(table);
  await world.backup({ name: 'one' });
  await world.backup({ name: 'two', fresh: true });
  return world;
}

const within = async (world: World, name: string, part: string) => {
  const run = (await world.commit(name))?.run;
  return (await world.keys('repo', `runs/${run}/`)).find((key) => key.includes(part)) as string;
};

test.each(['root.ndjson.gz', 'pack-'])(
  'a backup whose %s is missing, altered or truncated: nothing is removed, exit 32',
  async (part) => {
    for (const damage of [undefined, '', 'garbage']) {
      const world = await prepare();
      await world.delete('one');
      world.now += OLD;
      const key = await within(world, 'two', part);
      await (damage === undefined ? world.remove(world.uri('repo', key)) : world.put(world.uri('repo', key), damage));
      const before = await world.dump('repo');
      const error = await failure(world.prune(), 'corrupt');
      expect(error).toMatchObject({ exit: 32, message: expect.stringContaining('nothing was removed') });
      expect(error.object).toContain(key);
      expect(error.hint).toContain('bcn delete');
      expect(await world.dump('repo')).toEqual(before);
      // The way out.
      await world.delete('two');
      world.now += OLD;
      expect((await world.prune()).backups.length).toBeGreaterThan(0);
      world.now += OLD;
      await world.prune();
      expect(await world.keys('repo')).toEqual(['bcn.json']);
    }
  },
);

test('a record that cannot be read, or is of a later format: nothing is removed; a damaged one that was deleted goes', async () => {
  const world = await prepare();
  world.now += OLD;
  const uri = world.uri('repo', 'backups/two.json');
  const whole = (await world.get(uri)).toString('utf8');
  const damages: readonly (readonly [string, 'corrupt' | 'repository-too-new'])[] = [
    ['', 'corrupt'],
    [whole.slice(0, 200), 'corrupt'],
    [whole.replace('"format": 1', '"format": 2'), 'corrupt'],
  ];
  for (const [bytes, code] of damages) {
    await world.put(uri, bytes);
    const before = await world.dump('repo');
    expect(await failure(world.prune(), code)).toMatchObject({ message: expect.stringContaining('"two"') });
    expect(await world.dump('repo')).toEqual(before);
  }
  await world.put(uri, whole);
  await world.delete('two');
  await world.put(uri, whole.slice(0, 200));
  world.now += OLD;
  expect((await world.prune()).backups).toEqual(['two']);
  expect((await world.verify({ name: 'one' })).problems).toEqual([]);
});

test('foreign objects are named and stay; what is like bcn, but not quite, too', async () => {
  const world = await prepare();
  const foreign = [
    'runs/readme.txt',
    'runs/not-a-run/data/x.parquet',
    'runs/20260101T000000Z-short-x/begin.json',
    'backups/notes.txt',
    'backups/sub/one.json',
    'backups/one.json@purged-nothing',
    'events/loose',
    'events/x/y/z.json',
    'elsewhere/x',
  ];
  for (const key of foreign) await world.put(world.uri('repo', key), 'x');
  await world.delete('one');
  world.now += OLD;
  const { backups, kept } = await world.prune();
  expect({ backups, foreign: kept.foreign.objects }).toEqual({ backups: ['one'], foreign: 3 });
  const keys = await world.keys('repo');
  for (const key of foreign) expect(keys).toContain(key);
  for (const key of foreign.slice(3, 8)) expect(world.notes.join('\n')).toContain(key);
});

test('half of a delete: the record gone and its events there, and the reverse', async () => {
  const world = await prepare();
  await world.delete('one');
  const { id } = (await world.commit('one')) ?? {};
  const records = world.fork();
  await records.remove(records.uri('repo', 'backups/one.json'));
  expect((await records.keys('repo', 'events/')).length).toBe(1);
  await records.prune();
  expect((await records.keys('repo', 'events/')).length).toBe(1);
  records.now += OLD;
  await records.prune();
  expect(await records.keys('repo', 'events/')).toEqual([]);
  expect((await records.verify({ name: 'two' })).problems).toEqual([]);

  // Without its event a backup is not deleted.
  const events = world.fork();
  await events.remove(events.uri('repo', `events/${id}/000001-deleted.json`));
  events.now += OLD;
  expect((await events.prune()).backups).toEqual([]);
  expect((await events.verify({ name: 'one' })).problems).toEqual([]);
});

test('an empty place is no repository', async () => {
  const world = await World.open();
  await failure(world.prune(), 'repository-not-found');
  await failure(world.forget(), 'repository-not-found');
  await failure(world.delete('x'), 'repository-not-found');
});

/** A store that refuses to delete what matches. */
class Locked extends ProcessStore {
  readonly #locked: (key: string) => boolean;
  readonly #code: 'retention-locked' | 'storage-auth';
  readonly deleted: string[] = [];
  constructor(
    store: ObjectStore,
    locked: (key: string) => boolean,
    code: 'retention-locked' | 'storage-auth' = 'retention-locked',
  ) {
    super(store, new Faults());
    this.#locked = locked;
    this.#code = code;
  }
  override async delete(keys: readonly string[]): Promise<void> {
    const locked = keys.find(this.#locked);
    const object = `${this.uri}/${locked}`;
    if (locked !== undefined) throw new BcnError(this.#code, `${object} was not deleted`, { object, hint: 'Wait.' });
    this.deleted.push(...keys);
    await super.delete(keys);
  }
}

test('what a retention lock holds is counted, the rest goes', async () => {
  const world = await prepare();
  await world.delete('one');
  world.now += OLD;
  const store = new Locked(world.store('repo'), (key) => key.endsWith('f-0.parquet'));
  world.repository = { store, prefix: '' };
  const { locked, lockedObject, removed, backups } = await world.prune();
  expect({ locked, backups }).toEqual({ locked: { objects: 1, bytes: 200 }, backups: ['one'] });
  expect(lockedObject).toContain('f-0.parquet');
  expect(removed.deleted.objects).toBeGreaterThan(3);
  world.repository = undefined;
  // When the lock is over, the next prune takes it.
  expect((await world.prune()).removed.deleted).toEqual({ objects: 1, bytes: 200 });
});

test('a record that a lock holds keeps all that it names', async () => {
  const world = await prepare();
  await world.delete('one');
  world.now += OLD;
  const store = new Locked(world.store('repo'), (key) => key === 'backups/one.json');
  world.repository = { store, prefix: '' };
  const before = (await world.keys('repo')).filter((key) => key.endsWith('.parquet'));
  const { locked, backups } = await world.prune();
  expect({ locked: locked.objects, backups }).toEqual({ locked: 1, backups: [] });
  expect((await world.keys('repo')).filter((key) => key.endsWith('.parquet'))).toEqual(before);
});

test('without the permission to delete: exit 30, and nothing that is visible is harmed', async () => {
  const world = await prepare();
  await world.delete('one');
  world.now += OLD;
  world.repository = { store: new Locked(world.store('repo'), () => true, 'storage-auth'), prefix: '' };
  expect(await failure(world.prune(), 'storage-auth')).toMatchObject({ exit: 30 });
  world.repository = undefined;
  expect((await world.verify({ name: 'two' })).problems).toEqual([]);
});
