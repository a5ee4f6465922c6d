/** Which backups are copied, and what keeps one out. */
import { expect, test } from 'vitest';
import { copy } from '../../src/copy/copy.js';
import { BcnError } from '../../src/errors.js';
import { parseSince, tablePattern } from '../../src/look/filters.js';
import { type Backup, encodeCommit } from '../../src/repository/commit.js';
import { commitKey, runSelector } from '../../src/repository/keys.js';
import { resolveBackup } from '../../src/repository/latest.js';
import { listBackups } from '../../src/repository/list.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World, type WorldOptions } from '../support/world.js';
import { copyTo, inMirror, mirror, outcomes } from './support.js';

const HOUR = 3_600_000;
const of = (name: string) => [{ namespace: ['db'], name }] as const;

/** `a1`, `b1` a day later, `a2` another day later; of two tables. */
async function prepare(options: WorldOptions = {}): Promise<{ world: World; a: TableWriter }> {
  const world = await World.open(options);
  const [a, b] = [await world.table({}, 'db/a'), await world.table({}, 'db/b')];
  for (const [name, table] of [
    ['a', a],
    ['b', b],
  ] as const) {
    await table.append([someBytes(name)]);
    world.publish(table, `db.${name}`);
  }
  for (const [name, table] of [
    ['a1', 'a'],
    ['b1', 'b'],
    ['a2', 'a'],
  ] as const) {
    await world.backup({ name, tables: of(table) });
    world.now += 24 * HOUR;
  }
  return { world, a };
}

const copied = async (world: World, options: Parameters<typeof copyTo>[1]) => {
  const result = await copyTo(world.fork(), options);
  return outcomes(result).map((outcome) => outcome.replace(' copied', ''));
};

test('all, those of a table, those since a moment, the named ones, the newest; oldest first', async () => {
  const { world } = await prepare();
  const table = tablePattern('db.a');
  expect(await copied(world, {})).toEqual(['a1', 'b1', 'a2']);
  expect(await copied(world, { filter: { table } })).toEqual(['a1', 'a2']);
  expect(await copied(world, { filter: { since: parseSince('50h') } })).toEqual(['b1', 'a2']);
  expect(await copied(world, { filter: { table, since: parseSince('50h') } })).toEqual(['a2']);
  expect(await copied(world, { names: ['a2', 'b1', 'a2'] })).toEqual(['b1', 'a2']);
  expect(await copied(world, { names: ['latest'] })).toEqual(['a2']);
  expect(await copied(world, { names: ['latest'], filter: { table: tablePattern('db.b') } })).toEqual(['b1']);
});

test('a name that is not there, or a choice that means nothing: nothing is copied', async () => {
  const { world } = await prepare();
  const error = await failure(copyTo(world, { names: ['a1', 'a3'] }), 'backup-not-found');
  expect(error.hint).toContain('"a1"');
  await failure(copyTo(world, { names: ['a1'], filter: { table: () => true } }), 'usage');
  await failure(copyTo(world, { names: ['latest'], filter: { since: () => 0 } }), 'usage');
  await failure(copyTo(world, { names: ['a/1'] }), 'usage');
  await world.delete('a1');
  await failure(copyTo(world, { names: ['b1', 'a1'] }), 'backup-not-found');
  expect(await world.keys('wh')).toEqual([]);
  const nowhere = { from: mirror(world), to: world.place(), report: { progress: () => {}, warn: () => {}, info: () => {} } };
  const options = { names: [], filter: {}, jobs: 1, dryRun: false, tmpDir: world.tmpDir };
  await failure(copy(nowhere, options), 'repository-not-found');
});

test('what is deleted is not copied, and a delete is no delete at the destination', async () => {
  const { world } = await prepare();
  await world.delete('b1');
  expect(outcomes(await copyTo(world))).toEqual(['a1 copied', 'a2 copied']);
  await world.delete('a1');
  expect(outcomes(await copyTo(world))).toEqual(['a2 already']);
  expect((await listBackups(mirror(world))).backups.map(({ name }) => name)).toEqual(['a1', 'a2']);
});

test('the moment of a copy is that of its origin: latest, forget, hints', async () => {
  const { world } = await prepare();
  // The newest first: what is copied later is older all the same.
  await copyTo(world, { names: ['a2'] });
  await copyTo(world);
  await inMirror(world, async () => {
    expect((await resolveBackup(mirror(world), 'latest')).name).toBe('a2');
    const { backups } = await world.forget({ policy: { last: 1 } });
    expect(backups.filter(({ kept }) => !kept).map(({ name }) => name)).toEqual(['a1']);
  });
  const hints = (await world.keys('wh', 'mirror/tables/'))
    .filter((key) => !key.includes('!'))
    .map((key) => key.replace(/^.*-/, ''));
  expect(hints.sort()).toEqual(['a1', 'a2', 'b1']);
});

test('a name that another backup has: that one fails, the others are copied; 23 alone', async () => {
  const { world } = await prepare();
  await inMirror(world, () => world.backup({ name: 'b1', tables: of('a') }));
  const before = await world.dump('wh');
  const error = await failure(copyTo(world, { names: ['b1'] }), 'backup-exists');
  expect(error.exit).toBe(23);
  expect(error.message).toContain('"b1"');
  expect(error.hint).not.toContain('--backup-name');
  // It is found out before anything is copied.
  expect(await world.dump('wh')).toEqual(before);
  expect(outcomes(await copyTo(world))).toEqual(['a1 copied', 'b1 backup-exists', 'a2 copied']);
});

test('what was deleted at the destination does not come back with all, and by name says so; after the prune it is copied again', async () => {
  const { world } = await prepare();
  await copyTo(world);
  await inMirror(world, () => world.delete('a1'));
  expect(outcomes(await copyTo(world))).toEqual(['a1 deleted', 'b1 already', 'a2 already']);
  const error = await failure(copyTo(world, { names: ['a1'] }), 'backup-exists');
  expect(error.message).toContain('deleted');
  expect(error.hint).toContain('bcn undelete a1');
  await inMirror(world, async () => {
    world.now += 30 * HOUR;
    await world.prune();
    world.now += 30 * HOUR;
  });
  expect(outcomes(await copyTo(world))).toEqual(['a1 copied', 'b1 already', 'a2 already']);
  await inMirror(world, async () => expect((await world.verify({ name: 'a1' })).problems).toEqual([]));
});

test('an interruption ends the command, not one backup; the same command goes on', async () => {
  const { world } = await prepare();
  const stop = new AbortController();
  const faults = new Faults(undefined, 0, async () => {
    if (faults.log.some((one) => one?.op === 'copy')) stop.abort(new BcnError('interrupted', 'Interrupted'));
  });
  await failure(copyTo(world, { signal: stop.signal }, faults), 'interrupted');
  expect((await listBackups(mirror(world))).backups).toEqual([]);
  const again = new Faults();
  expect(outcomes(await copyTo(world, {}, again))).toEqual(['a1 copied', 'b1 copied', 'a2 copied']);
  expect(new Set(again.done('create').filter((key) => key.endsWith('/begin.json'))).size).toBe(1);
});

test('two processes that copy the same at once: both end well, and each backup is there once', async () => {
  const { world } = await prepare();
  const results = await Promise.all([copyTo(world), copyTo(world)]);
  for (const { backups } of results) expect(backups.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  const found = results.map(({ backups }) => backups.map(({ copy: there }) => there?.id));
  expect(found[0]).toEqual(found[1]);
  expect((await listBackups(mirror(world))).backups.map(({ name }) => name)).toEqual(['a1', 'b1', 'a2']);
  await inMirror(world, async () => {
    for (const name of ['a1', 'b1', 'a2']) expect((await world.verify({ name })).problems).toEqual([]);
  });
});

test('the destination inside a place of the table, or the two inside each other: 2', async () => {
  const { world } = await prepare();
  const at = (role: 'src' | 'repo', prefix: string) => ({ store: world.store(role), prefix });
  const report = { progress: () => {}, warn: () => {}, info: () => {} };
  const options = { filter: {}, jobs: 1, dryRun: false, tmpDir: world.tmpDir };
  for (const prefix of ['', 'below/']) {
    await failure(copy({ from: world.place(), to: at('repo', prefix), report }, { names: [], ...options }), 'usage');
  }
  // Nor is a repository made inside another one that is neither of the two.
  await world.put(world.uri('wh', 'other/bcn.json'), await world.get(world.uri('repo', 'bcn.json')));
  const within = { from: world.place(), to: { store: world.store('wh'), prefix: 'other/below/' }, report };
  await failure(copy(within, { names: [], ...options }), 'usage');
  const inside = { from: world.place(), to: at('src', 'db/a/backups/'), report };
  const error = await failure(copy(inside, { names: ['a1'], ...options }), 'usage');
  expect([error.table, error.hint]).toEqual(['db.a', expect.stringContaining('--to')]);
  expect(outcomes(await copy(inside, { names: [], ...options }))).toEqual(['a1 usage', 'b1 copied', 'a2 usage']);
});

test('the grace is the destination’s: a long one of the source does not hold there', async () => {
  const { world, a } = await prepare();
  const record = (id: string, hours: number) =>
    JSON.stringify({ format: 1, id: id.repeat(32), features: [], grace_ms: hours * HOUR, created: 'x' });
  await world.put(world.uri('repo', 'bcn.json'), record('a', 240));
  await world.put(world.uri('wh', 'mirror/bcn.json'), record('b', 2));
  await a.append([someBytes('more')]);
  world.publish(a, 'db.a');
  await world.backup({ name: 'a3', tables: of('a') });
  const whole = new Faults();
  await copyTo(world.fork(), { names: ['a3'] }, whole);
  await copyTo(world, { names: ['a3'] }, new Faults('crash-before', whole.ops - 5)).catch(() => undefined);
  const runs = async () => new Set((await world.keys('wh', 'mirror/runs/')).map((key) => key.split('/')[2])).size;
  expect(await runs()).toBe(1);
  // Half of two hours later nobody continues it; after two hours prune takes it.
  world.now += 1.5 * HOUR;
  expect(outcomes(await copyTo(world, { names: ['a3'] }))).toEqual(['a3 copied']);
  expect(await runs()).toBe(2);
  world.now += 3 * HOUR;
  await inMirror(world, async () => {
    await world.prune();
    expect(await runs()).toBe(1);
    expect((await world.commit('a3'))?.origin?.repository).toBe('a'.repeat(32));
    expect((await world.verify({ name: 'a3' })).problems).toEqual([]);
  });
});

test.each(['late', 'blind'] as const)(
  'where creates are no compare-and-swap (%s) copies lie by run, and selectors are copied',
  async (weak) => {
    const { world } = await prepare({ weak });
    // Two of one name, as two backups at once leave them.
    const commit = await world.commit('a1');
    await world.delete('a1');
    await world.backup({ name: 'a1', tables: of('b') });
    await world.undelete(commit?.selector as string);
    expect(outcomes(await copyTo(world)).map((outcome) => outcome.replace(/@\S+/, '@'))).toEqual([
      'a1@ copied',
      'b1@ copied',
      'a2@ copied',
      'a1@ backup-exists',
    ]);
    expect(outcomes(await copyTo(world.fork(), { names: [commit?.selector as string] }))).toEqual([
      `${commit?.selector} already`,
    ]);
    const { backups } = await listBackups(mirror(world));
    expect(backups.map(({ selector }) => selector)).toEqual(backups.map(({ name }) => expect.stringMatching(`^${name}@2026`)));
    await inMirror(world, async () => {
      for (const name of ['a1', 'b1', 'a2']) expect((await world.verify({ name })).problems).toEqual([]);
      world.now += 5 * 24 * HOUR;
      await world.prune();
      for (const name of ['a1', 'b1', 'a2']) expect((await world.verify({ name })).problems).toEqual([]);
    });
    // Of two COMMITs of one run one is copied, and the other is the same backup.
    world.weak = undefined;
  },
);

test('by run, of two COMMITs of one run the first is copied, and the other is there with it', async () => {
  const { world } = await prepare({ weak: 'late' });
  const { id: _, selector: __, ...commit } = (await world.commit('a1')) as Backup;
  const twin = encodeCommit({ ...commit, bcn: 'another process' });
  await world.put(world.uri('repo', commitKey(runSelector('a1', commit.run, twin.id))), twin.bytes);
  expect((await listBackups(world.place())).backups.map(({ name }) => name)).toEqual(['a1', 'a1', 'b1', 'a2']);
  expect(outcomes(await copyTo(world)).map((outcome) => outcome.replace(/@\S+/, '@'))).toEqual([
    'a1@ copied',
    'b1@ copied',
    'a2@ copied',
  ]);
  expect(outcomes(await copyTo(world)).map((outcome) => outcome.replace(/@\S+/, '@'))[0]).toBe('a1@ already');
  expect((await listBackups(mirror(world))).backups).toHaveLength(3);
});

test('by run, two processes that copy at once are both kept, and it is said', async () => {
  const { world } = await prepare({ weak: 'late' });
  await copyTo(world, { names: ['b1'] });
  await Promise.all([copyTo(world, { names: ['a1'] }), copyTo(world, { names: ['a1'] })]);
  const { backups } = await listBackups(mirror(world));
  const copies = backups.filter(({ name }) => name === 'a1');
  if (copies.length > 1) expect(world.notes.join()).toContain('made at the same time');
  for (const { selector } of copies)
    await inMirror(world, async () => expect((await world.verify({ name: selector })).problems).toEqual([]));
  expect(outcomes(await copyTo(world)).map((outcome) => outcome.replace(/@\S+/, '@'))).toEqual([
    'a1@ already',
    'b1@ already',
    'a2@ copied',
  ]);
});
