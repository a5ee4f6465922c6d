import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
const repo = (...parts: string[]) => path.join(world.dir, 'repo', ...parts);
const files = async (folder: string) =>
  (await readdir(repo(folder), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

beforeAll(async () => {
  world = await createWorld();
  await world.backup('one');
});
afterAll(() => world.remove());

/** As if everything had been written two days ago: the clock of folders is this machine's. */
async function age(): Promise<void> {
  const then = new Date(Date.now() - 48 * 3_600_000);
  for (const entry of await readdir(repo(), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) await utimes(path.join(entry.parentPath, entry.name), then, then);
}

test('nothing to remove', async () => {
  const { exit, stdout } = await world.bcn('prune');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^Removed +nothing\nKept +\d+ objects \(\S+ KiB\) needed by backups\n/);
  expect(await world.bcn('prune', '--quiet')).toMatchObject({ exit: 0, stdout: '', stderr: '' });
});

test('runs: what is interrupted, and whether a rerun continues it', async () => {
  expect(await world.bcn('runs')).toMatchObject({ exit: 0, stdout: '', stderr: expect.stringContaining('No unfinished runs') });
  const run = '0123456789abcdef-20260101T000000Z-0123456789abcdef0123456789abcdef';
  await mkdir(repo('runs', run), { recursive: true });
  const asks = { name: 'two', mode: 'copy', catalog: 'c', tables: ['shop.orders'] };
  await writeFile(repo('runs', run, 'begin.json'), JSON.stringify({ asks, pinned: {}, bcn: 'x' }));
  const { stdout } = await world.bcn('runs');
  expect(stdout).toMatch(
    /^RUN +BACKUP +TABLE +AGE +LAST WRITE +OBJECTS +SIZE +A RERUN\n0123.* two +shop\.orders +\d+ d +0 min ago +1 +\d+ B +continues it\n$/,
  );
  await writeFile(repo('runs', 'notes.txt'), 'x');
  expect((await world.json('runs')).events()).toMatchObject([
    {
      type: 'run',
      run,
      name: 'two',
      table: 'shop.orders',
      began: '2026-01-01T00:00:00.000Z',
      held: { objects: 1 },
      continuable: true,
    },
    { type: 'warning', message: 'runs/notes.txt is not of bcn' },
    { type: 'summary', runs: 1 },
  ]);
  await age();
  expect((await world.bcn('runs')).stdout).toMatch(/48 h ago .* begins anew\n$|2 d ago .* begins anew\n$/);
});

test('a dry run, then: the run that was given up goes, what is not of bcn stays', async () => {
  const planned = await world.bcn('prune', '--dry-run');
  expect(planned.stdout).toMatch(/^Would remove +1 object \(\d+ B\) of runs that were given up/m);
  expect((await world.bcn('runs')).stdout).not.toBe('');
  const events = (await world.json('prune')).events();
  expect(events.at(-1)).toMatchObject({
    outcome: 'pruned',
    purged: [],
    removed: { unfinished: { objects: 1 } },
    kept: { foreign: { objects: 1 } },
    locked: { objects: 0 },
  });
  expect(events).toContainEqual(expect.objectContaining({ type: 'warning', message: expect.stringContaining('notes.txt') }));
  await rm(repo('runs', 'notes.txt'));
  expect((await world.bcn('verify', 'one', '--read-data')).exit).toBe(0);
});

test('--versions of a folder, which keeps none: said, and pruned as ever', async () => {
  const { exit, stdout, stderr } = await world.bcn('prune', '--versions');
  expect(exit).toBe(0);
  expect(stdout).toContain('Removed');
  expect(stderr).toContain('keeps no versions');
});

test('a damaged backup that is not deleted: nothing is removed, exit 32, and the way out', async () => {
  await writeFile(repo('backups', 'bad.json'), 'x');
  const { exit, stderr } = await world.bcn('prune');
  expect(exit).toBe(32);
  expect(stderr).toMatch(/The backup "bad" cannot be read, so nothing was removed.* hint: .*remove the record itself/s);
  await rm(repo('backups', 'bad.json'));
});

test('a backup deleted for longer than the grace is gone, and its folders', async () => {
  await world.bcn('delete', 'one');
  await age();
  const { events } = await world.json('prune');
  expect(events().at(-1)).toMatchObject({ purged: ['one'] });
  const left = (await files('.')).map(({ name }) => name);
  expect(left.filter((name) => !name.includes('purged')).sort()).toEqual([
    '000001-verified.json',
    '000002-deleted.json',
    'bcn.json',
  ]);
  // What happened to it is told for another grace.
  await age();
  expect((await world.bcn('prune')).exit).toBe(0);
  expect((await files('.')).map(({ name }) => name)).toEqual(['bcn.json']);
});
