/** What a table was: snapshots without lists, logs of files that are gone, reads that fail on the way. */
import { describe, expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { World } from '../support/world.js';
import { comeBack, restored } from './come-back.js';
import { at, data, LOCATION, lay } from './lay.js';
import { readTree, rowsOf } from './read.js';

const [a, b] = ['a', 'b'].map((name) => data(at(`${name}.parquet`), [name]));
const manifests = [{ pieces: [a as NonNullable<typeof a>] }];

test('§11: a metadata file of the log that is gone is not needed, and the log is emptied', async () => {
  const log = [{ 'timestamp-ms': 1, 'metadata-file': `${LOCATION}/metadata/00001-gone.metadata.json` }];
  const { after } = await comeBack({ snapshots: [{ id: 1n, manifests }], more: { 'metadata-log': log } });
  expect(after.metadata['metadata-log']).toEqual([]);
});

describe('B5: a list that cannot be read is not an empty one', () => {
  const spec = { snapshots: [{ id: 1n, manifests }] };

  test('wherever a request of a backup fails, there is an error and no backup, or a whole one', async () => {
    const whole = new Faults();
    const world = await World.open();
    await lay(world, spec);
    await world.fork().backup({}, whole);
    for (let n = 0; n < whole.ops; n++) {
      const there = world.fork();
      const failed = await there.backup({}, new Faults('once-before', n)).then(
        () => false,
        () => true,
      );
      if (failed) await there.backup();
      expect(await rowsOf(await restored(there)), `request ${n}`).toEqual(['a']);
    }
  });

  test('wherever a request of a restore fails, there is an error and no table, or a whole one', async () => {
    const world = await World.open();
    await lay(world, spec);
    await world.backup();
    const whole = new Faults();
    await world.fork().restore({}, whole);
    for (let n = 0; n < whole.ops; n++) {
      const there = world.fork();
      const failed = await there.restore({}, new Faults('once-before', n)).then(
        () => false,
        () => true,
      );
      const uri = there.tables.get('db.r')?.metadataLocation;
      if (failed && uri === undefined) await there.restore();
      const made = await readTree(there, there.tables.get('db.r')?.metadataLocation as string);
      expect(await rowsOf(made), `request ${n}`).toEqual(['a']);
    }
  });

  test('a list that is gone ends the backup with the damage, by its name', async () => {
    const world = await World.open();
    await lay(world, spec);
    const list = [...(await world.dump('src')).keys()].find((uri) => uri.includes('/snap-')) as string;
    await world.remove(list);
    await expect(world.backup()).rejects.toMatchObject({ code: 'corrupt', object: list });
    expect((await world.keys('repo')).filter((key) => key.startsWith('backups/'))).toEqual([]);
  });
});

test('B6: a v1 snapshot that names its manifests in place of a list', async () => {
  const { after } = await comeBack({
    formatVersion: 1,
    snapshots: [
      {
        id: 1n,
        list: 'embedded',
        manifests: [{ v1: true, pieces: [{ ...data(at('a.parquet'), ['a']), entry: { snapshot_id: 1n } }] }],
      },
      { id: 2n, manifests: [{ v1: true, pieces: [{ ...data(at('b.parquet'), ['b']), entry: { snapshot_id: 2n } }] }] },
    ],
  });
  expect(after.snapshots[0]?.list).toBeUndefined();
  expect(await rowsOf(after, after.snapshots[0])).toEqual(['a']);
  expect(await rowsOf(after)).toEqual(['b']);
});

test('12172: an incremental backup has the files of snapshots that came since, of those that were rolled back, and of those no ref names', async () => {
  const world = await World.open();
  const one = { id: 1n, manifests };
  const staged = { id: 2n, manifests: [...manifests, { pieces: [b as NonNullable<typeof b>] }] };
  await lay(world, { snapshots: [one] });
  await world.backup({ name: 'first' });
  const more = { 'current-snapshot-id': 1, refs: { main: { 'snapshot-id': 1, type: 'branch' } } };
  await lay(world, { snapshots: [one, staged], more });
  await world.backup();
  const after = await restored(world);
  expect(await rowsOf(after, after.snapshots[0])).toEqual(['a']);
  expect(await rowsOf(after, after.snapshots[1])).toEqual(['a', 'b']);
  expect(after.metadata['current-snapshot-id']).toBe(1);
});
