import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.remove());

test('a repository that is not there', async () => {
  const { exit, stderr } = await world.bcn('list');
  expect(exit).toBe(10);
  expect(stderr).toContain(`file://${world.dir}/repo`);
});

test('one line per backup, reference backups marked', async () => {
  await world.backup('one');
  await world.backup('light', '--data', 'reference');
  const { exit, stdout, stderr } = await world.bcn('list');
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  const [head, one, light, ...rest] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^NAME +WHEN \(UTC\) +TABLE +SNAPSHOTS +FILES +SIZE +NEW +DATA$/);
  expect(one).toMatch(/^one +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +shop\.orders +4 +5 +\S+ KiB +\S+ KiB +copy$/);
  expect(light).toMatch(/^light .* reference \(dies with its source\)$/);
  expect(rest).toEqual([]);
});

test('--json: an event for each, and their number', async () => {
  const events = (await world.json('list')).events();
  expect(events).toMatchObject([
    { type: 'backup', name: 'one', mode: 'copy' },
    { type: 'backup', name: 'light', mode: 'reference', tables: [{ bytes: { total: { stored: 0 } } }] },
    { type: 'summary', backups: 2, repository: `file://${world.dir}/repo` },
  ]);
});
