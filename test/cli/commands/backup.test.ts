import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.remove());

const exists = (file: string) =>
  access(path.join(world.dir, file)).then(
    () => true,
    () => false,
  );

test('--dry-run prints the plan and writes nothing', async () => {
  const { exit, stdout } = await world.backup('dry', '--dry-run');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^Plan {2,}backup shop\.orders\n/);
  expect(stdout).toMatch(/Data files {2,}5 objects/);
  expect(stdout).toMatch(/Nothing was written\.\n$/);
  expect(await exists('repo')).toBe(false);
});

test('says what was made; with --quiet nothing', async () => {
  const { exit, stdout } = await world.backup('one');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^Backup "one" is complete in file:.*\/repo\n {2}shop\.orders: 4 snapshots, 5 data files \(5 new\), /);
  expect(await exists('repo/backups/one.json')).toBe(true);
  expect(await world.backup('quiet', '--quiet')).toMatchObject({ exit: 0, stdout: '', stderr: '' });
});

test('--fresh copies again what an earlier backup holds', async () => {
  expect((await world.backup('reusing')).stdout).toContain('5 data files (0 new)');
  expect((await world.backup('fresh', '--fresh')).stdout).toContain('5 data files (5 new)');
});

test('a reference backup is labelled', async () => {
  expect((await world.backup('light', '--data', 'reference')).stdout).toContain('it dies with its source');
});

test('--json: the plan, then a summary with the backup', async () => {
  const args = ['--catalog-type', 'path', '--database', 'shop', '--table', 'orders', '--backup-name', 'json'];
  const { events } = await world.json('backup', ...args);
  const [plan] = events().filter(({ type }) => type === 'plan');
  expect(plan).toMatchObject({ command: 'backup', table: 'shop.orders', data: { total: { objects: 5 } } });
  expect(events().at(-1)).toMatchObject({
    outcome: 'created',
    name: 'json',
    backup: { mode: 'copy', tables: [{ snapshots: 4 }] },
  });
});

test('--json --dry-run: a plan, and no backup in the summary', async () => {
  const args = ['--catalog-type', 'path', '--database', 'shop', '--table', 'orders', '--backup-name', 'dry', '--dry-run'];
  const last = (await world.json('backup', ...args)).events().at(-1);
  expect(last).toMatchObject({ outcome: 'planned' });
  expect(last).not.toHaveProperty('backup');
});

test.each([
  ['a name that is taken', ['--table', 'orders', '--backup-name', 'one'], 23, 'backup-exists'],
  ['a name that cannot be one', ['--table', 'orders', '--backup-name', '.x'], 2, 'usage'],
  ['a name with a slash', ['--table', 'orders', '--backup-name', 'a/b'], 2, 'usage'],
  ['a table that is not there', ['--table', 'order', '--backup-name', 'x'], 20, 'table-not-found'],
])('%s', async (_what, args, exit, code) => {
  const before = await readdir(path.join(world.dir, 'repo/backups'));
  const ran = await world.json('backup', '--catalog-type', 'path', '--database', 'shop', ...args);
  expect(ran.exit).toBe(exit);
  expect(ran.events().at(-2)).toMatchObject({ type: 'error', code, exit });
  expect(await readdir(path.join(world.dir, 'repo/backups'))).toEqual(before);
});

test('a near name is suggested', async () => {
  const args = ['backup', '--catalog-type', 'path', '--database', 'shop', '--table', 'order', '--backup-name', 'x'];
  expect((await world.bcn(...args)).stderr).toContain('Did you mean "orders"?');
});

test('a path catalog without a warehouse, a folder for spill files that is none', async () => {
  expect((await world.backup('x', '--warehouse', '')).exit).toBe(2);
  expect((await world.backup('x', '--tmp-dir', '/nonexistent')).stderr).toContain('--tmp-dir is no folder');
});

test('a template: the name that it made is said, and latest means it', async () => {
  const args = ['--catalog-type', 'path', '--database', 'shop', '--table', 'orders', '--backup-name', '{table}-{utc}'];
  const last = (await world.json('backup', ...args)).events().at(-1) as { name: string; backup: { name: string } };
  expect(last.name).toMatch(/^shop\.orders-\d{8}T\d{6}Z$/);
  expect(last.backup.name).toBe(last.name);
  expect((await world.json('verify', 'latest')).events().at(-1)).toMatchObject({ name: last.name });
  const target = ['--catalog-type', 'path', '--target-database', 'copies', '--target-table', 'newest'];
  const { exit, stdout } = await world.bcn('restore', '--backup-name', 'latest', ...target);
  expect({ exit, stdout }).toMatchObject({ exit: 0, stdout: expect.stringContaining(`from backup ${last.name} with`) });
});

test.each([
  ['{table}-{now}', 'Unknown placeholder {now}'],
  ['latest', 'A new backup cannot be named "latest"'],
  ['live', 'A new backup cannot be named "live"'],
])('--backup-name %s is refused', async (name, message) => {
  const { exit, stderr } = await world.backup(name);
  expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining(message) });
});
