import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ran, run } from '../run.js';
import { violations } from '../schema.js';
import { createWorld, type World } from '../world.js';

let world: World;
let to: string;
beforeAll(async () => {
  world = await createWorld();
  to = `file://${world.dir}/mirror`;
  await world.backup('one');
  await world.backup('two');
  await world.backup('light', '--data', 'reference');
});
afterAll(() => world.remove());

/** A command on the second repository. */
const there = (...args: readonly string[]): Promise<Ran> =>
  run(args, { env: { ...world.env, BACKUP_BUCKET: to }, cwd: world.dir });

test('what is missing, empty or wrong on the command line', async () => {
  expect(await world.bcn('copy')).toMatchObject({ exit: 2, stderr: expect.stringContaining('Missing --to') });
  expect(await world.bcn('copy', '--to', '')).toMatchObject({ exit: 2, stderr: expect.stringContaining('Empty --to') });
  expect(await world.bcn('copy', '--to', 'gs://x')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--to is no place'),
  });
  const archive = await run(['copy', '--to', 's3://x-y-z', '--storage-class', 'GLACIER'], {
    env: { ...world.env, S3_ENDPOINT: 'http://127.0.0.1:1' },
  });
  expect(archive).toMatchObject({ exit: 2, stderr: expect.stringContaining('--storage-class may not be GLACIER') });
  expect(await world.bcn('copy', '--to', to, '--jobs', '0')).toMatchObject({ exit: 2 });
  expect(await world.bcn('copy', '--to', to, '--since', 'soon')).toMatchObject({ exit: 2 });
  expect(await world.bcn('copy', 'one', '--to', to, '--since', '3d')).toMatchObject({ exit: 2 });
  const same = await world.bcn('copy', '--to', world.env.BACKUP_BUCKET as string);
  expect(same).toMatchObject({ exit: 2, stderr: expect.stringContaining('the same, or lie inside each other') });
  expect((await world.bcn('copy', '--help')).stdout).toContain('second repository');
});

test('a dry run: a line for each backup, and nothing is written', async () => {
  const { exit, stdout, stderr } = await world.bcn('copy', '--to', to, '--dry-run', '--quiet');
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^one \(shop\.orders\): would be copied, 5 of 5 data files, \S+ KiB of \S+ KiB$/),
    expect.stringMatching(/^two \(shop\.orders\): would be copied, 0 of 5 data files, 0 B of \S+ KiB$/),
    'light (shop.orders): would be copied, reference (dies with its source)',
  ]);
  expect((await there('list')).exit).toBe(10);
});

test('one by name, then all: the second time only what is missing; in JSON by the schema', async () => {
  expect(await world.bcn('copy', 'two', '--to', to)).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/^two \(shop\.orders\): copied, 5 of 5 data files, (\S+ KiB) of \1\n$/),
  });
  const { events } = await world.json('copy', '--to', to, '--table', 'shop.*');
  const told = events().filter(({ type }) => type !== 'progress');
  expect(told).toMatchObject([
    { type: 'copy', name: 'one', outcome: 'copied', data: { new: { objects: 0 } }, copy: { selector: 'one' }, mode: 'copy' },
    { type: 'copy', name: 'two', outcome: 'already', copy: { selector: 'two' } },
    { type: 'copy', name: 'light', outcome: 'copied', mode: 'reference' },
    {
      type: 'summary',
      outcome: 'copied',
      repository: world.env.BACKUP_BUCKET,
      to,
      copied: 2,
      already: 1,
      failed_backups: 0,
      damaged: 0,
      new: { objects: 0, bytes: 0 },
      server_side: true,
    },
  ]);
  expect((await world.bcn('copy', '--to', to)).stdout).toMatch(/^one \(shop\.orders\): there already\ntwo .*\nlight .*\n$/);
  expect((await there('list')).stdout).toMatch(/\none .*\ntwo .*\nlight .*reference/);
  expect((await there('verify', 'two', '--read-data')).exit).toBe(0);
});

test('show names the origin, also in JSON', async () => {
  const origin = JSON.parse((await world.bcn('cat', 'one')).stdout) as { id: string };
  const shown = await there('show', 'one');
  expect(shown.stdout).toMatch(new RegExp(`^Copy of +${origin.id} in the repository [0-9a-f]{32}$`, 'm'));
  const events = (await there('show', 'one', '--json')).events();
  for (const event of events) expect(violations(event, 'event.json')).toEqual([]);
  expect(events[0]).toMatchObject({ type: 'backup', origin: { id: origin.id, repository: expect.any(String) } });
  expect((await world.bcn('show', 'one')).stdout).not.toContain('Copy of');
});

test('it restores without the first repository', async () => {
  const moved = `${world.dir}/restored`;
  const target = [
    '--target-database',
    'shop',
    '--target-table',
    'orders',
    '--catalog-type',
    'path',
    '--warehouse',
    `file://${moved}`,
  ];
  expect((await there('restore', '--backup-name', 'latest', ...target)).exit).toBe(0);
});

test('one that cannot be copied: the others are, exit 3, and an event that says why; 32 of a single name', async () => {
  const second = `file://${world.dir}/second`;
  const commit = JSON.parse((await world.bcn('cat', 'light')).stdout) as { tables: { root: { key: string } }[] };
  const root = path.join(world.dir, 'repo', commit.tables[0]?.root.key as string);
  await rm(root);
  await writeFile(path.join(world.dir, 'repo/backups/broken.json'), 'x');
  const { exit, stdout, stderr } = await world.bcn('copy', '--to', second, '--quiet');
  expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
  expect(stderr).toContain('broken.json');
  expect(stderr).toContain('the backup "light" is not copied');
  expect(stderr).toContain(root);
  const ran = await run(['copy', '--to', second, '--json'], { env: world.env });
  for (const event of ran.events()) expect(violations(event, 'event.json')).toEqual([]);
  expect(ran.events().filter(({ type }) => type === 'copy')).toMatchObject([
    { outcome: 'already' },
    { outcome: 'already' },
    { outcome: 'failed', error: { code: 'corrupt', exit: 32, object: `file://${root}`, hint: expect.any(String) } },
  ]);
  expect(ran.events().at(-1)).toMatchObject({ ok: false, exit: 3, code: 'partial', failed_backups: 1, damaged: 1, copied: 0 });
  expect(await world.bcn('copy', 'light', '--to', second)).toMatchObject({ exit: 32, stderr: expect.stringContaining(root) });
});
