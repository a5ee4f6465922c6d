/** One table at several moments: each backup copies what is new, keeps the manifests it holds, and restores its own moment. */
import { describe, expect, test } from 'vitest';
import { goodTables } from './corpus.js';
import { expectSameTable } from './expect-same.js';
import { World } from './world.js';

const withStates = goodTables.filter(({ states }) => states.length > 1);

test('there are tables with earlier states', () => {
  expect(withStates.map(({ name }) => name)).toEqual([
    'py-merged',
    'py-v2',
    'spark-deletes-shared',
    'spark-rewritten',
    'spark-upgraded',
    'spark-v2',
    'spark-vectors-many',
  ]);
});

describe.each(withStates)('$name: $note', (table) => {
  test('a chain of backups', async () => {
    const world = await World.with(table);
    const heldFiles = new Set<string>();
    const heldManifests = new Set<string>();
    for (const [n, state] of table.states.entries()) {
      world.point(table, state);
      const walked = await world.walk(table, state);
      const manifests = new Set(
        walked.snapshots.flatMap((snapshot) => snapshot.manifests.map(({ entry }) => entry.get('manifest_path') as string)),
      );
      const newFiles = [...walked.live.keys()].filter((path) => !heldFiles.has(path));
      const newManifests = [...manifests].filter((path) => !heldManifests.has(path));
      const copiesBefore = world.meter.usage().requests.copy;
      const keysBefore = new Set(world.keys('backups'));

      const [plan] = (await world.backup(table.name, `b${n}`)).plans;
      expect(world.meter.usage().requests.copy - copiesBefore).toBe(newFiles.length);
      const written = world.keys('backups').filter((key) => !keysBefore.has(key));
      expect(written.filter((key) => /\/meta\/[0-9a-f]+\/manifests\//.test(key))).toHaveLength(newManifests.length);
      expect(plan?.data.total.objects).toBe(walked.live.size);
      expect(plan?.data.reused.objects).toBe(walked.live.size - newFiles.length);
      for (const path of newFiles) heldFiles.add(path);
      for (const path of newManifests) heldManifests.add(path);
    }
    world.clearSources();
    const sources = await World.with(table);
    for (const [n, state] of table.states.entries()) {
      expect((await world.verify(`b${n}`)).problems).toEqual([]);
      const result = await world.restore(`b${n}`, `t${n}`, `s3://elsewhere/db/t${n}`);
      expectSameTable(await world.walkRestored(result), await sources.walk(table, state));
    }
  });

  test('the same state again copies nothing and writes no metadata', async () => {
    const world = await World.with(table);
    await world.backup(table.name, 'one');
    const before = world.meter.usage().requests.copy;
    const keys = new Set(world.keys('backups'));
    await world.backup(table.name, 'two');
    expect(world.meter.usage().requests.copy).toBe(before);
    expect(world.keys('backups').filter((key) => !keys.has(key) && key.includes('/meta/'))).toEqual([]);
    expect((await world.verify('two')).problems).toEqual([]);
  });

  test('a state from before the base: nothing to copy', async () => {
    const world = await World.with(table);
    await world.backup(table.name, 'late');
    const copies = world.meter.usage().requests.copy;
    const early = table.states[table.states.length - 2] as string;
    world.point(table, early);
    const walked = await world.walk(table, early);
    const [plan] = (await world.backup(table.name, 'early')).plans;
    expect(world.meter.usage().requests.copy).toBe(copies);
    expect(plan?.data.total.objects).toBe(walked.live.size);
    expect((await world.verify('early')).checked.files).toBe(walked.live.size);
  });
});
