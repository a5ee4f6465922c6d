import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  for (const name of ['one', 'two', 'three']) await world.backup(name);
});
afterAll(() => world.remove());

test.each([
  [[], /No policy says what to keep/],
  [['--keep-last', '0'], /--keep-last takes a whole number from 1 on, or unlimited, not "0"/],
  [['--keep-daily', 'x'], /--keep-daily takes/],
  [['--keep-within', '30'], /--keep-within takes years, months, days and hours, not "30"/],
  [['--keep-last', '1', '--group-by', 'host'], /--group-by takes table or none/],
])('%j is wrong usage', async (args, message) => {
  const { exit, stderr } = await world.bcn('forget', ...args);
  expect(exit).toBe(2);
  expect(stderr).toMatch(message);
});

test('a dry run shows what it would do, and why', async () => {
  const { exit, stdout } = await world.bcn('forget', '--keep-last', '1', '--keep-daily', '1', '--dry-run');
  expect(exit).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^NAME +WHEN \(UTC\) +TABLE +WHY$/),
    expect.stringMatching(/^one .* shop\.orders +delete +no policy keeps it$/),
    expect.stringMatching(/^two .* delete +no policy keeps it$/),
    expect.stringMatching(/^three .* keep +last, daily$/),
    '2 backups would be deleted, 1 kept',
  ]);
  expect((await world.bcn('list')).stdout).toContain('\none ');
});

test('--table of another table judges nothing', async () => {
  const { exit, stderr } = await world.bcn('forget', '--keep-last', '1', '--table', 'shop.other');
  expect({ exit, stderr }).toMatchObject({ exit: 0, stderr: expect.stringContaining('No backups of shop.other') });
});

test('--json, and the second time there is nothing to do', async () => {
  const { events } = await world.json('forget', '--keep-last', '2');
  expect(events().filter(({ type }) => type !== 'progress')).toMatchObject([
    { type: 'retention', name: 'one', kept: false, reasons: [] },
    { type: 'retention', name: 'two', kept: true, reasons: ['last'] },
    { type: 'retention', name: 'three', kept: true },
    { type: 'summary', outcome: 'forgotten', forgotten: 1, kept_backups: 2 },
  ]);
  expect((await world.json('forget', '--keep-last', '2')).events().at(-1)).toMatchObject({ forgotten: 0, kept_backups: 2 });
});

test('a record that cannot be read is named and kept: exit 3', async () => {
  await writeFile(path.join(world.dir, 'repo/backups/bad.json'), 'x');
  const { exit, stderr, stdout } = await world.bcn('forget', '--keep-last', '1');
  expect(exit).toBe(3);
  expect(stderr).toContain('bad.json is damaged');
  expect(stdout).toMatch(/1 backup deleted, 1 kept\n$/);
});
