import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../run.js';
import { violations } from '../schema.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'bcn-demo-test-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('restores, backs up, destroys, restores, compares; rows are printed before and after', async () => {
  const { exit, stdout, stderr } = await run(['demo', '--dir', 'new'], { cwd: dir });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout.match(/^\d\. .*/gm)).toEqual([
    '1. Restore the sample table, which is shipped as a backup',
    '2. Back it up',
    '3. Destroy it',
    '4. Restore it under another name, at another place',
    '5. Verify the backup and compare',
  ]);
  expect(stdout.match(/9007199254740993 {2}apac {4}Überzelt ⛺/g)).toHaveLength(2);
  expect(stdout).toContain('every row of 4 snapshots is the same (4, 7, 4, 6 rows)');
  expect(await readdir(path.join(dir, 'new'))).toEqual(['elsewhere', 'repository']);
});

test('what it says to type next works', async () => {
  const { stdout } = await run(['demo', '--dir', dir], { cwd: dir });
  const env = { BACKUP_BUCKET: /BACKUP_BUCKET=(.*)/.exec(stdout)?.[1] ?? '' };
  const commands = [...stdout.replaceAll('\\\n', '').matchAll(/^ {3}node \S*bin\/bcn\.js (.*)$/gm)].map(
    (match) => match[1] ?? '',
  );
  expect(commands).toHaveLength(4);
  for (const command of commands) {
    expect(await run(command.split(/\s+/), { env, cwd: dir })).toMatchObject({ exit: 0 });
  }
});

test('--json', async () => {
  const { exit, events } = await run(['demo', '--json', '--dir', dir]);
  expect(exit).toBe(0);
  for (const event of events()) expect(violations(event, 'event.json')).toEqual([]);
  expect(events().at(-1)).toMatchObject({ type: 'summary', ok: true, dir, rows: 6, snapshots: 4 });
});

test('a folder that holds something is left alone', async () => {
  await writeFile(path.join(dir, 'mine'), '');
  const { exit, stderr } = await run(['demo', '--dir', dir]);
  expect(exit).toBe(23);
  expect(stderr).toContain(`The folder ${dir} is not empty`);
  expect(await readdir(dir)).toEqual(['mine']);
});
