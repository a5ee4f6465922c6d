import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.backup('one');
});
afterAll(() => world.remove());
const inRepository = () => readdir(path.join(world.dir, 'repo'), { recursive: true });

test('a whole backup', async () => {
  const { exit, stdout } = await world.bcn('verify', 'one');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^Backup one will restore: \d+ metadata files and 5 data files checked \(lengths;/);
  expect((await world.bcn('verify', 'one', '--read-data')).stdout).toMatch(/checked, \S+ KiB read\n$/);
  expect(await world.bcn('verify', 'one', '--quiet')).toMatchObject({ exit: 0, stdout: '', stderr: '' });
});

test('--json', async () => {
  const { events } = await world.json('verify', 'one', '--read-data');
  expect(events().at(-1)).toMatchObject({ name: 'one', problems: 0, checked: { files: 5 } });
});

test('several names, or --all: a verdict for each, one in the summary', async () => {
  await world.backup('two');
  for (const args of [['one', 'two'], ['--all']]) {
    const { exit, events } = await world.json('verify', ...args, '--no-record');
    expect(exit).toBe(0);
    expect(events().filter(({ type }) => type === 'verdict')).toMatchObject([
      { name: 'one', ok: true, problems: 0 },
      { name: 'two', ok: true, problems: 0 },
    ]);
    expect(events().at(-1)).toMatchObject({ backups: 2, damaged: 0, problems: 0, recorded: 'not-asked' });
  }
  expect((await world.bcn('verify', '--all')).stdout).toMatch(/^All 2 backups will restore: \d+ metadata files and 5 data files/);
});

test('what was found is recorded: list shows when; --no-record does not', async () => {
  const eventsBefore = (await inRepository()).filter((file) => file.startsWith('events/')).length;
  expect((await world.json('verify', 'one', '--no-record')).events().at(-1)).toMatchObject({ recorded: 'not-asked' });
  expect((await inRepository()).filter((file) => file.startsWith('events/')).length).toBe(eventsBefore);
  expect((await world.json('verify', 'one')).events().at(-1)).toMatchObject({ recorded: 'all' });
  expect((await inRepository()).filter((file) => file.startsWith('events/')).length).toBe(eventsBefore + 1);
});

test('--read-data-subset reads a part', async () => {
  const { exit, events } = await world.json('verify', 'one', '--read-data-subset', '100%');
  expect(exit).toBe(0);
  expect(events().at(-1)).toMatchObject({ checked: { files: 5, files_read: 5 } });
  const groups = await Promise.all(
    ['1/2', '2/2'].map(async (part) =>
      (await world.json('verify', 'one', '--read-data-subset', part, '--no-record')).events().at(-1),
    ),
  );
  expect(
    groups.map((summary) => (summary?.checked as { files_read: number } | undefined)?.files_read ?? 0).reduce((a, b) => a + b),
  ).toBe(5);
});

test.each([
  [[]],
  [['--all', 'one']],
  [['one', '--read-data', '--read-data-subset', '5%']],
  [['one', '--read-data-subset', 'some']],
  [['one', '--repair', '--no-record']],
])('bad usage: %j', async (args) => {
  const { exit, stderr } = await world.bcn('verify', ...args);
  expect(exit).toBe(2);
  expect(stderr).toContain('hint');
});

test('--repair brings what is damaged from the source again', async () => {
  const repo = path.join(world.dir, 'repo');
  const data = (await inRepository()).find((file) => file.endsWith('.parquet')) ?? '';
  const bytes = await readFile(path.join(repo, data));
  await rm(path.join(repo, data));
  const { exit, events } = await world.json('verify', 'one', '--repair');
  expect(exit).toBe(0);
  expect(events().at(-1)).toMatchObject({ problems: 0, repaired: { problems: 1, files: 1, metadata: 0 } });
  expect((await world.bcn('verify', 'one', '--read-data')).exit).toBe(0);
  await rm(path.join(repo, data), { force: true });
  await writeFile(path.join(repo, data), bytes);
});

test('a name that is not there', async () => {
  expect((await world.json('verify', 'none')).exit).toBe(20);
});

test('a damaged backup: the problems, the verdict, exit 4, also with --quiet', async () => {
  const repo = path.join(world.dir, 'repo');
  const files = await readdir(repo, { recursive: true });
  const data = files.find((file) => file.endsWith('.parquet')) ?? '';
  await truncate(path.join(repo, data), 10);
  for (const more of [[], ['--quiet']]) {
    const { exit, stdout } = await world.bcn('verify', 'one', ...more);
    expect(exit).toBe(4);
    expect(stdout).toContain(data);
    expect(stdout).toMatch(/^Backup one is damaged: 1 problem; /m);
    expect(stdout).toMatch(/\n {2}hint: .*--repair .*bcn backup --fresh makes a new full backup\.\n$/);
  }
  const { exit, events } = await world.json('verify', 'one');
  expect(exit).toBe(4);
  expect(events().filter(({ type }) => type === 'problem')).toMatchObject([{ object: expect.stringContaining(data) }]);
  expect(events().at(-1)).toMatchObject({ ok: false, code: 'check-failed', problems: 1 });
});
