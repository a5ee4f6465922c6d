import { readdir, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.backup('one');
});
afterAll(() => world.remove());

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

test('a name that is not there', async () => {
  expect((await world.json('verify', 'two')).exit).toBe(20);
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
