import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.backup('nightly');
});
afterAll(() => world.remove());

test('all facts', async () => {
  const { exit, stdout } = await world.bcn('show', 'nightly');
  expect(exit).toBe(0);
  expect(stdout).toContain(`Stored at  file://${world.dir}/repo/backups/nightly.json`);
  expect(stdout).toMatch(/^Snapshots {2}4, current \d+$/m);
  expect(stdout).toContain('opening-day (tag) ->');
});

test('--json: ids are strings', async () => {
  const [backup] = (await world.json('show', 'nightly')).events();
  expect(backup).toMatchObject({
    type: 'backup',
    tables: [
      {
        current_snapshot_id: expect.stringMatching(/^\d+$/),
        refs: expect.arrayContaining([expect.objectContaining({ name: 'audit' })]),
      },
    ],
  });
});

test('an unknown name, with the near one', async () => {
  const { exit, stderr } = await world.bcn('show', 'nigthly');
  expect(exit).toBe(20);
  expect(stderr).toContain('Did you mean "nightly"?');
});

test('a name that cannot be one', async () => {
  expect((await world.json('show', '../x')).exit).toBe(2);
});
