import { describe, expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';
import { copyTo, inMirror, mirror, outcomes } from './support.js';

/** Three backups, of tables of their own, so that what damages the second leaves the others. */
async function prepare(kind: 'memory' | 'apart'): Promise<World> {
  const world = await World.open({ kind });
  for (const name of ['one', 'two', 'three']) {
    const table = await world.table({}, `db/${name}`);
    await table.append([someBytes(`${name}-1`), someBytes(`${name}-2`)]);
    await table.append([someBytes(`${name}-3`)]);
    world.publish(table, `db.${name}`);
    await world.backup({ name, tables: [{ namespace: ['db'], name }] });
  }
  return world;
}

/** One object of each kind that the second backup needs. */
async function objects(world: World): Promise<Readonly<Record<string, string>>> {
  const commit = await world.commit('two');
  const below = await world.keys('repo', `runs/${commit?.run}/`);
  const find = (part: string) => world.uri('repo', below.find((key) => key.includes(part)) as string);
  return {
    root: find('root.ndjson'),
    pack: find('/pack-'),
    metadata: find('metadata.json'),
    list: find('/lists/'),
    manifest: find('/manifests/'),
    content: find('/data/'),
  };
}

const flip = (bytes: Buffer) => {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1] = (copy[copy.length >> 1] as number) ^ 1;
  return copy;
};

const HARMS = {
  gone: (world: World, uri: string) => world.remove(uri),
  'cut short': async (world: World, uri: string) => world.put(uri, (await world.get(uri)).subarray(0, -1)),
  grown: async (world: World, uri: string) => world.put(uri, Buffer.concat([await world.get(uri), Buffer.from('x')])),
  'with a bit flipped': async (world: World, uri: string) => world.put(uri, flip(await world.get(uri))),
} as const;

const KINDS = ['root', 'pack', 'metadata', 'list', 'manifest', 'content'] as const;
const CASES = [...KINDS.map((what) => ['memory', what] as const), ['apart', 'content'] as const];

describe.each(CASES)('%s stores, a damaged %s', (kind, what) => {
  // Sections lie at their offsets: a pack may be longer.
  const harms = Object.entries(HARMS).filter(([how]) => what !== 'pack' || how !== 'grown');
  test.each(harms)('%s: the object is named, the others are copied, exit 32 alone', async (_, harm) => {
    const world = await prepare(kind);
    const object = (await objects(world))[what] as string;
    await harm(world, object);
    const result = await copyTo(world);
    expect(outcomes(result)).toEqual(['one copied', 'two corrupt', 'three copied']);
    expect(result.backups[1]?.error?.object).toBe(object);
    expect(world.notes.some((note) => note.includes('"two" is not copied') && note.includes(object))).toBe(true);
    const error = await failure(copyTo(world, { names: ['two'] }), 'corrupt');
    expect([error.object, error.exit]).toEqual([object, 32]);
    expect(error.hint).toBeTruthy();
    await inMirror(world, async () => {
      expect(await world.commit('two')).toBeUndefined();
      for (const name of ['one', 'three']) expect((await world.verify({ name })).problems).toEqual([]);
      // Nobody goes on with such a run, and prune takes it.
      world.now += 5 * 24 * 3_600_000;
      await world.prune();
      expect((await world.prune({ dryRun: true })).removed.unfinished.objects).toBe(0);
      for (const name of ['one', 'three']) expect((await world.verify({ name })).problems).toEqual([]);
    });
  });
});

test.each(['memory', 'apart'] as const)(
  'what was copied before a bit flipped is not kept by its length alone, %s',
  async (kind) => {
    const world = await prepare(kind);
    const { content } = await objects(world);
    const whole = await world.get(content as string);
    await HARMS['with a bit flipped'](world, content as string);
    await failure(copyTo(world, { names: ['two'] }), 'corrupt');
    await world.put(content as string, whole);
    expect(outcomes(await copyTo(world, { names: ['two'] }))).toEqual(['two copied']);
    await inMirror(world, async () => expect((await world.verify({ name: 'two', readData: true })).problems).toEqual([]));
  },
);

test('a streamed file with other bytes never becomes visible', async () => {
  const world = await prepare('apart');
  const { content } = await objects(world);
  await HARMS['with a bit flipped'](world, content as string);
  await failure(copyTo(world, { names: ['two'], jobs: 1 }), 'corrupt');
  const name = (content as string).split('/').at(-1) as string;
  expect((await world.keys('wh')).filter((key) => key.includes('/db/two/') && key.endsWith(name))).toEqual([]);
});

test('a damaged record is named, the others are copied; one at the destination is named and keeps its name', async () => {
  const world = await prepare('memory');
  const before = world.fork();
  await world.put(world.uri('repo', 'backups/two.json'), 'x');
  const { backups, damaged } = await copyTo(world);
  expect([backups.map(({ name }) => name), damaged]).toEqual([['one', 'three'], 1]);
  expect(world.notes.join()).toContain('backups/two.json');
  await failure(copyTo(world, { names: ['two'] }), 'corrupt');

  await before.put(before.uri('wh', 'mirror/bcn.json'), await world.get(world.uri('wh', 'mirror/bcn.json')));
  await before.put(before.uri('wh', 'mirror/backups/two.json'), 'x');
  expect(outcomes(await copyTo(before))).toEqual(['one copied', 'two corrupt', 'three copied']);
  expect(before.notes.join()).toContain('mirror/backups/two.json');
});

test('a known damage that an event tells of does not keep a backup out: it fails where it is damaged', async () => {
  const world = await prepare('memory');
  const { id } = (await world.commit('two')) ?? {};
  await world.put(world.uri('repo', `events/${id}/000001-damaged.json`), '{}');
  expect(outcomes(await copyTo(world))).toEqual(['one copied', 'two copied', 'three copied']);
});

test('a backup that is purged while others are copied is named', async () => {
  const world = await prepare('memory');
  let gone = false;
  const faults = new Faults(undefined, 0, async () => {
    if (gone || !faults.log.some((one) => one?.op === 'copy')) return;
    gone = true;
    await world.remove(world.uri('repo', 'backups/two.json'));
  });
  const result = await copyTo(world, {}, faults);
  expect(outcomes(result)).toEqual(['one copied', 'two backup-not-found', 'three copied']);
});

test('a sum that was not recorded is recorded by the copy', async () => {
  const world = await prepare('memory');
  const sums = async (place: ReturnType<typeof mirror>, name: string) => {
    const { readInventory } = await import('../../src/repository/inventory.js');
    const { readRoot } = await import('../../src/repository/root.js');
    const { findCommit } = await import('../../src/repository/load.js');
    const table = (await findCommit(place, name))?.tables[0];
    const found: unknown[] = [];
    if (table)
      for await (const { files } of readInventory(place, (await readRoot(place, table)).manifests))
        found.push(...files.map(({ sum }) => sum));
    return found;
  };
  const run = new Faults();
  await world.fork().backup({ name: 'x', tables: [{ namespace: ['db'], name: 'one' }], fresh: true }, run);
  // What an interrupted backup had copied has no recorded sum after its rerun.
  await world
    .backup({ name: 'x', tables: [{ namespace: ['db'], name: 'one' }], fresh: true }, new Faults('crash-before', run.ops - 12))
    .catch(() => undefined);
  await world.backup({ name: 'x', tables: [{ namespace: ['db'], name: 'one' }], fresh: true });
  expect(await sums(world.place(), 'x')).toEqual([null, null, null]);
  await copyTo(world, { names: ['x'] });
  expect((await sums(mirror(world), 'x')).every((sum) => sum !== null)).toBe(true);
});
