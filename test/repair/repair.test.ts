import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { unfinishedRuns } from '../../src/runs/runs.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare(): Promise<World> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2', 100_000)]);
  await table.append([someBytes('3'), '']);
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4')]);
  world.publish(table);
  await world.backup({ name: 'a' });
  await table.append([someBytes('5')]);
  world.publish(table);
  await world.backup();
  return world;
}

const members = async (world: World) => (await world.keys('repo')).filter((key) => /\/(data|meta)\//.test(key));

test('a whole backup needs no repair: it is verified, and that is all', async () => {
  const world = await prepare();
  const before = await world.keys('repo');
  const { before: problems, brought, after } = await world.repair();
  expect({ problems, brought, after: after.problems }).toEqual({
    problems: 0,
    brought: { metadata: 0, files: 0, bytes: 0 },
    after: 0,
  });
  const added = (await world.keys('repo')).filter((key) => !before.includes(key));
  expect(added).toEqual([expect.stringMatching(/^events\/[0-9a-f]{64}\/000001-verified\.json$/)]);
});

test('any object, missing or altered, is brought from the source again, under a new key', {
  timeout: 120_000,
}, async () => {
  const made = await prepare();
  const keys = await members(made);
  expect(keys.length).toBeGreaterThan(15);
  for (const key of keys) {
    for (const how of ['missing', 'altered'] as const) {
      const world = made.fork();
      const uri = world.uri('repo', key);
      const bytes = await world.get(uri);
      if (how === 'altered' && (bytes.length === 0 || key.includes('/pack-'))) continue;
      if (how === 'missing') await world.remove(uri);
      else await world.put(uri, Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) as number) ^ 1])]));
      const { problems } = await world.verify({ names: 'all' });
      expect(
        problems.map(({ object }) => object),
        key,
      ).toContain(uri);
      const lost = await world.dump('repo');
      const { before, after } = await world.repair({ names: 'all' });
      expect({ before, after: after.problems }, key).toEqual({ before: problems.length, after: 0 });
      // Nothing that was there has changed, and the source is as it was.
      const now = await world.dump('repo');
      for (const [object, value] of lost) expect(now.get(object), object).toBe(value);
      expect((await world.verify({ names: 'all' })).problems).toEqual([]);
      for (const backupName of ['a', 'b']) {
        const targetLocation = world.uri('wh', `db/${backupName}`);
        const target = { namespace: ['db'], name: backupName };
        expect((await world.restore({ backupName, target, targetLocation })).outcome, key).toBe('restored');
      }
    }
  }
});

test('what the source has no more stays damaged, and the rest is repaired all the same', async () => {
  const world = await prepare();
  const data = (await members(world)).filter((key) => key.includes('/data/'));
  const [first, second] = data as [string, string];
  await world.remove(world.uri('repo', first));
  await world.remove(world.uri('repo', second));
  const source = second.replace(/^.*\/data\/[^/]+\//, '');
  await world.remove(world.uri('src', source));
  const { before, after, brought } = await world.repair();
  expect({ before, after: after.problems, files: brought.files }).toEqual({ before: 2, after: 1, files: 1 });
  expect((await world.verify()).problems.map(({ object }) => object)).toEqual([world.uri('repo', second)]);
  expect(world.notes.some((note) => note.includes(source))).toBe(true);
});

test('a source file that has other bytes by now mends nothing', async () => {
  const world = await prepare();
  const [key] = (await members(world)).filter((one) => one.includes('/data/')) as [string];
  await world.remove(world.uri('repo', key));
  const source = world.uri('src', key.replace(/^.*\/data\/[^/]+\//, ''));
  const bytes = await world.get(source);
  await world.put(source, Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) as number) ^ 1])]));
  const { after, brought } = await world.repair();
  expect({ after: after.problems, files: brought.files }).toEqual({ after: 1, files: 0 });
});

test('a damaged COMMIT cannot be repaired, and the command says so', async () => {
  const world = await prepare();
  await world.put(world.uri('repo', 'backups/b.json'), '{}');
  expect((await failure(world.repair(), 'corrupt')).object).toBe(world.uri('repo', 'backups/b.json'));
});

test('a prune after the grace keeps what the repair wrote, and what it replaced only as long as a COMMIT names it', async () => {
  const world = await prepare();
  const [key] = (await members(world)).filter((one) => one.includes('/data/')) as [string];
  await world.remove(world.uri('repo', key));
  await world.repair({ names: 'all' });
  world.now += 3 * 24 * 3_600_000;
  await world.prune();
  expect((await world.verify({ names: 'all' })).problems).toEqual([]);
  for (const name of ['a', 'b']) await world.delete(name);
  world.now += 3 * 24 * 3_600_000;
  await world.prune();
  world.now += 3 * 24 * 3_600_000;
  await world.prune();
  expect(await world.keys('repo')).toEqual(['bcn.json']);
});

test('the next backup rests on what was repaired', async () => {
  const world = await prepare();
  const [key] = (await members(world)).filter((one) => one.includes('/data/')) as [string];
  await world.remove(world.uri('repo', key));
  await world.repair();
  await world.backup({ name: 'c' });
  expect((await world.verify({ name: 'c' })).problems).toEqual([]);
});

test('cut at any request: nothing is worse than it was, and the same command again ends the same', {
  timeout: 120_000,
}, async () => {
  const made = await prepare();
  const [key] = (await members(made)).filter((one) => one.includes('/data/')) as [string];
  await made.remove(made.uri('repo', key));
  const log = new Faults();
  await made.fork().repair({}, log);
  for (let at = 0; at < log.ops; at++) {
    for (const how of ['outage-before', 'outage-after'] as const) {
      const world = made.fork();
      await world.repair({}, new Faults(how, at)).catch(() => undefined);
      expect((await world.verify()).problems.length, `${how} ${at}`).toBeLessThanOrEqual(1);
      expect((await world.repair()).after.problems, `${how} ${at}`).toBe(0);
    }
  }
});

/** Keys that may read only. */
class ReadOnly extends Faults {
  override run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
    if (!['create', 'copy', 'upload', 'delete'].includes(op)) return super.run(op, key, call);
    throw new BcnError('storage-auth', `not allowed: ${op} ${key}`, { object: key, hint: 'Use other keys.' });
  }
}

test('keys that may not write cannot repair: an error, and nothing was written', async () => {
  const world = await prepare();
  const [key] = (await members(world)).filter((one) => one.includes('/data/')) as [string];
  await world.remove(world.uri('repo', key));
  const before = await world.dump('repo');
  expect((await failure(world.repair({}, new ReadOnly()), 'storage-auth')).exit).toBe(30);
  expect(await world.dump('repo')).toEqual(before);
});

test('a repair that was killed is a run that nobody continues; the next one begins anew, and prune takes what it left', async () => {
  const world = await prepare();
  const [key] = (await members(world)).filter((one) => one.includes('/data/')) as [string];
  await world.remove(world.uri('repo', key));
  const log = new Faults();
  await world.fork().repair({}, log);
  const event = log.log.findIndex(({ op, key: object }) => op === 'create' && object.includes('-repaired'));
  await world.repair({}, new Faults('crash-before', event)).catch(() => undefined);
  const { runs } = await unfinishedRuns(world.place());
  expect(runs).toMatchObject([{ name: 'verify --repair', table: 'b', continuable: false }]);
  expect((await world.repair()).after.problems).toBe(0);
  world.now += 3 * 24 * 3_600_000;
  await world.prune();
  expect((await world.keys('repo')).filter((one) => one.startsWith(`runs/${runs[0]?.run}/`))).toEqual([]);
  expect((await world.verify()).problems).toEqual([]);
});

test('a lost ROOT is made anew from the metadata that the backup is of, also when the table has moved on; not when that is gone', async () => {
  const world = await prepare();
  const table = (await world.commit())?.tables[0];
  await world.remove(world.uri('repo', table?.root.key));
  const gone = world.fork();
  await gone.remove(table?.metadata_location as string);
  expect((await gone.repair()).after.problems).toBe(1);
  expect(gone.notes.some((note) => note.includes('not made anew'))).toBe(true);
  const { after, brought } = await world.repair();
  expect({ after: after.problems, files: brought.files }).toEqual({ after: 0, files: 6 });
  // The other backup, which is of an earlier moment, is as it was.
  expect((await world.verify({ name: 'a' })).problems).toEqual([]);
});

test('a repair cannot put the ROOT of another moment in the place of a table', async () => {
  const world = await prepare();
  const [a, b] = [await world.commit('a'), await world.commit('b')];
  await world.put(world.uri('repo', `events/${b?.id}/000001-repaired.json`), JSON.stringify({ roots: [a?.tables[0]?.root] }));
  expect((await failure(world.restore(), 'corrupt')).message).toContain('is of ');
  expect((await world.verify()).problems).toMatchObject([{ object: world.uri('repo', a?.tables[0]?.root.key) }]);
  expect((await world.repair()).after.problems).toBe(0);
  expect((await world.restore()).outcome).toBe('restored');
});

test('from another service than the backup was made of, nothing is brought', async () => {
  const world = await prepare();
  const [key] = (await members(world)).filter((one) => one.includes('/data/')) as [string];
  await world.remove(world.uri('repo', key));
  await world.remove(world.uri('repo', (await world.commit('a'))?.tables[0]?.root.key));
  world.changeServices('endpoint');
  const { after, brought } = await world.repair({ names: 'all' });
  expect({ after: after.problems, brought }).toEqual({ after: 2, brought: { metadata: 0, files: 0, bytes: 0 } });
  expect(world.notes.filter((note) => note.includes('nothing of it is repaired'))).toHaveLength(2);
});
