import { describe, expect, test } from 'vitest';
import { backupSelectors, findCommit, findNamesakes, loadBackup } from '../../src/repository/load.js';
import { Faults } from '../support/faults.js';
import { retell } from '../support/retold.js';
import { failure, World } from '../support/world.js';

async function prepare(weak?: 'late') {
  const world = await World.open(weak ? { weak } : {});
  const table = await world.table();
  await table.append(['x']);
  world.publish(table);
  for (const name of ['nightly', 'nightly-2', 'b']) await world.backup({ name });
  return world;
}

const copyOf = async (world: World, from: string, to: string) =>
  world.put(world.uri('repo', `backups/${to}.json`), await world.get(world.uri('repo', `backups/${from}.json`)));

describe.each([undefined, 'late'] as const)('on a store with conditional writes that are %s', (weak) => {
  test('a backup is found by its name, and by what names exactly it', async () => {
    const world = await prepare(weak);
    for (const name of ['nightly', 'nightly-2', 'b']) {
      const found = await loadBackup(world.place(), name);
      expect(found.name).toBe(name);
      expect(found.selector === name).toBe(weak === undefined);
      expect((await loadBackup(world.place(), found.selector)).id).toBe(found.id);
      expect((await findCommit(world.place(), found.selector))?.id).toBe(found.id);
    }
  });

  test('a name that is not there is 20, with near ones', async () => {
    const world = await prepare(weak);
    const error = await failure(loadBackup(world.place(), 'nightl'), 'backup-not-found');
    expect(error).toMatchObject({ exit: 20, object: 'memory://repo/backups/nightl.json' });
    expect(error.hint).toMatch(/Did you mean .*"nightly"/);
    expect(error.hint).not.toContain('@');
    await failure(loadBackup(world.place(), 'nightly@2026'), 'backup-not-found').then(
      () => expect(weak).toBeUndefined(),
      () => expect(weak).toBe('late'),
    );
    await failure(loadBackup(world.place(), 'nightly@1999'), 'backup-not-found');
  });

  test('what can name none is 2, and no request is made for it', async () => {
    const world = await prepare(weak);
    for (const text of [
      '',
      '@',
      '@x',
      'a@',
      'a@b@c',
      'a@b/c',
      'a@../b',
      'a/b',
      '.a@b',
      'a@b.json',
      `a@${'x'.repeat(101)}`,
      'é@x',
    ]) {
      const faults = new Faults();
      await failure(loadBackup(world.place(faults), text), 'usage');
      expect(faults.ops).toBe(0);
    }
  });
});

test('by name it costs a request for the repository, one for the backup, one for its events', async () => {
  const world = await prepare();
  const faults = new Faults();
  await loadBackup(world.place(faults), 'b');
  expect(faults.log.map(({ op, key }) => `${op} ${key.replace(/[0-9a-f]{64}/, '<id>')}`)).toEqual([
    'get memory://repo/bcn.json',
    'get memory://repo/backups/b.json',
    'list memory://repo/events/<id>/',
  ]);
});

test('a backup that lies by run is found in a repository that says nothing of it, and one that lies by name beside one by run', async () => {
  const world = await prepare();
  const c = await retell(world, 'b', { name: 'c' });
  expect((await loadBackup(world.place(), 'c')).selector).toBe(c);
  const { sha256: _sum, ...record } = JSON.parse((await world.get(world.uri('repo', 'bcn.json'))).toString());
  await world.put(world.uri('repo', 'bcn.json'), JSON.stringify({ ...record, features: ['commits-by-run'] }));
  expect((await loadBackup(world.place(), 'nightly')).selector).toBe('nightly');
  const twin = await retell(world, 'b', { name: 'nightly' });
  const error = await failure(loadBackup(world.place(), 'nightly'), 'usage');
  expect(error.message).toContain('2 backups');
  expect(error.message).toContain('nightly (of db.t');
  expect((await findNamesakes(world.place(), 'nightly', true)).map(({ selector }) => selector)).toEqual(['nightly', twin]);
});

test('two records of one run are one backup; the first is taken', async () => {
  const world = await prepare('late');
  const { selector } = await loadBackup(world.place(), 'b');
  const twin = await retell(world, selector, { when: '2026-01-10T00:00:00.000Z' });
  expect((await loadBackup(world.place(), 'b')).selector).toBe([selector, twin].sort()[0]);
  expect((await loadBackup(world.place(), twin)).selector).toBe(twin);
});

test('a damaged record of that name is told, and does not keep the other from being named', async () => {
  const world = await prepare('late');
  const { selector } = await loadBackup(world.place(), 'b');
  await world.put(world.uri('repo', 'backups/b@0-damaged.json'), 'x');
  expect(await failure(loadBackup(world.place(), 'b'), 'corrupt')).toMatchObject({
    object: 'memory://repo/backups/b@0-damaged.json',
  });
  expect((await loadBackup(world.place(), selector)).name).toBe('b');
  await failure(world.backup(), 'corrupt');
  expect((await world.backup({ name: 'c' })).outcome).toBe('created');
});

test('many of one name are not all told', async () => {
  const world = await prepare('late');
  const { selector } = await loadBackup(world.place(), 'b');
  for (let i = 0; i < 15; i++) await retell(world, selector, { run: `0123456789abcdef-${i}` });
  const { message } = await failure(loadBackup(world.place(), 'b'), 'usage');
  expect(message).toContain('16 backups');
  expect(message.split('b@')).toHaveLength(11);
});

test('the selectors of all backups, in key order', async () => {
  const world = await prepare();
  await copyOf(world, 'b', 'b@1-x');
  await world.put(world.uri('repo', 'backups/readme.txt'), '');
  const found: string[] = [];
  for await (const selector of backupSelectors(world.place())) found.push(selector);
  expect(found).toEqual(['b', 'b@1-x', 'nightly-2', 'nightly']);
});
