import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.backup('one');
  await world.backup('two');
});
afterAll(() => world.remove());

test('a dry run writes nothing', async () => {
  const { exit, stdout } = await world.bcn('delete', 'one', '--dry-run');
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'Backup "one" of shop.orders would be deleted\n' });
  expect((await world.bcn('show', 'one')).exit).toBe(0);
});

test('one of several names that is not there: nothing is deleted', async () => {
  const { exit, stderr } = await world.bcn('delete', 'one', 'tow');
  expect(exit).toBe(20);
  expect(stderr).toContain('Did you mean "two"?');
  expect((await world.bcn('show', 'one')).exit).toBe(0);
});

test('deleted, deleted before, and taken back', async () => {
  const first = await world.bcn('delete', 'one');
  expect(first).toMatchObject({ exit: 0, stderr: '', stdout: expect.stringContaining('"one" of shop.orders is deleted') });
  const gone = await world.bcn('show', 'one');
  expect(gone).toMatchObject({ exit: 20, stderr: expect.stringMatching(/was deleted from .*bcn undelete one/s) });
  expect((await world.bcn('list')).stdout).not.toContain('\none ');
  const again = await world.bcn('delete', 'one');
  expect(again).toMatchObject({ exit: 0, stdout: 'Backup "one" of shop.orders was deleted before\n' });
  expect((await world.json('undelete', 'one', '--dry-run')).events()).toMatchObject([
    { type: 'deletion', name: 'one', outcome: 'planned', tables: ['shop.orders'] },
    { type: 'summary', outcome: 'planned', changed: 1, already: 0 },
  ]);
  expect((await world.json('undelete', 'one')).events()).toMatchObject([
    { type: 'deletion', name: 'one', outcome: 'undeleted' },
    { type: 'summary', outcome: 'undeleted' },
  ]);
  expect((await world.bcn('verify', 'one', '--read-data')).exit).toBe(0);
  expect((await world.bcn('undelete', 'one')).stdout).toBe('Backup "one" of shop.orders is not deleted\n');
});

test('the last good backup of a table: a warning, also with --quiet', async () => {
  const { exit, stdout, stderr } = await world.bcn('delete', 'one', 'two', '--quiet');
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
  expect(stderr).toMatch(/^bcn: warning: no good backup of shop\.orders is left; .*bcn undelete\n$/);
  const { events } = await world.json('undelete', 'two', 'one');
  expect(events().filter(({ type }) => type === 'deletion')).toHaveLength(2);
});

test('no name', async () => {
  expect(await world.bcn('delete')).toMatchObject({ exit: 2, stderr: expect.stringContaining('Missing required argument') });
});
