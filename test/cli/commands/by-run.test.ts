import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

/** A repository of a store without conditional writes: `twice` is the name of two backups, `once` of one. */
let world: World;
let twins: string[];
let once: string;
beforeAll(async () => {
  world = await createWorld();
  const repository = path.join(world.dir, 'repo');
  const backups = path.join(repository, 'backups');
  await mkdir(backups, { recursive: true });
  const record = { format: 1, id: 'f'.repeat(32), features: ['commits-by-run'], grace_ms: 86_400_000, created: 'x' };
  await writeFile(path.join(repository, 'bcn.json'), JSON.stringify(record));
  const selectors = async () => (await readdir(backups)).map((file) => file.slice(0, -'.json'.length));
  expect((await world.backup('once')).exit).toBe(0);
  [once] = (await selectors()) as [string];
  expect((await world.backup('twice')).exit).toBe(0);
  // As if the second had looked for the name before the first had its record there.
  const first = (await selectors()).find((selector) => selector !== once) as string;
  const aside = path.join(repository, 'aside');
  await rename(path.join(backups, `${first}.json`), aside);
  expect((await world.backup('twice')).exit).toBe(0);
  await rename(aside, path.join(backups, `${first}.json`));
  const second = (await selectors()).find((selector) => ![once, first].includes(selector)) as string;
  twins = [first, second];
});
afterAll(() => world.remove());

test('a third is refused, and no new backup can be named like a record', async () => {
  expect(await world.backup('twice')).toMatchObject({
    exit: 23,
    stderr: expect.stringContaining(`bcn show ${[...twins].sort()[0]}`),
  });
  expect(await world.backup(twins[0] as string)).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('Invalid backup name'),
  });
});

test('list shows the name, and of two with one name what tells them apart', async () => {
  const { exit, stdout, stderr } = await world.bcn('list');
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  const names = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(names).toEqual(['NAME', 'once', ...twins, '3']);
  expect((await world.json('list')).events()).toMatchObject([
    { type: 'backup', name: 'once', selector: once },
    { type: 'backup', name: 'twice', selector: twins[0] },
    { type: 'backup', name: 'twice', selector: twins[1] },
    { type: 'summary', backups: 3 },
  ]);
});

test('show by name where that is enough', async () => {
  const { exit, stdout } = await world.bcn('show', 'once');
  expect(exit).toBe(0);
  expect(stdout).toContain('Backup     once\n');
  expect(stdout).toContain(`Exactly    ${once}\n`);
  expect(stdout).toContain(`Stored at  file://${world.dir}/repo/backups/${once}.json\n`);
});

test('show, verify and restore of the name of two: what to ask for', async () => {
  const restore = ['restore', '--catalog-type', 'path', '--target-database', 'shop', '--target-table', 'again', '--backup-name'];
  for (const command of [['show'], ['verify'], restore]) {
    const { exit, stderr } = await world.bcn(...command, 'twice');
    expect(exit).toBe(2);
    for (const selector of twins) expect(stderr).toContain(selector);
    const [event] = (await world.json(...command, 'twice')).events();
    expect(event).toMatchObject({ type: 'error', code: 'usage', exit: 2, object: `file://${world.dir}/repo/backups/twice@` });
  }
  for (const selector of twins) {
    expect((await world.bcn('show', selector)).stdout).toContain(`Exactly    ${selector}\n`);
    expect((await world.bcn('verify', selector, '--read-data')).exit).toBe(0);
  }
  const { exit, stdout } = await world.bcn(...restore, twins[1] as string);
  expect({ exit, stdout }).toMatchObject({ exit: 0, stdout: expect.stringContaining('shop.again is restored') });
});
