import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
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
  const [head, one, light, total, ...rest] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^NAME +TABLES +WHEN \(UTC\) +SNAPSHOTS +FILES +LOGICAL +STORED +NEW +DATA +VERIFIED \(UTC\)$/);
  expect(one).toMatch(/^one +shop\.orders +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +4 +5 +\S+ KiB +\S+ KiB +\S+ KiB +copy +-$/);
  expect(light).toMatch(/^light .* KiB +- +- +reference \(dies with its source\) +-$/);
  expect(total).toMatch(/^2 backups +1 table +10 +\S+ KiB +\S+ KiB +\S+ KiB$/);
  expect(rest).toEqual([]);
});

test('--json: an event for each, and their number', async () => {
  const events = (await world.json('list')).events();
  expect(events).toMatchObject([
    { type: 'backup', name: 'one', mode: 'copy', partial: false, verified: null, damaged: null },
    { type: 'backup', name: 'light', mode: 'reference', tables: [{ bytes: { total: { stored: 0 } } }] },
    { type: 'summary', backups: 2, tables: 1, files: { total: 10, new: 5 }, repository: `file://${world.dir}/repo` },
  ]);
});

test('damaged records: the table of the others, a warning for each, exit 3, also with --quiet', async () => {
  const [empty, later] = ['empty', 'later'].map((name) => path.join(world.dir, 'repo/backups', `${name}.json`)) as [
    string,
    string,
  ];
  await writeFile(empty, '');
  await writeFile(later, commitOfFormat(2));
  for (const more of [[], ['--quiet']]) {
    const { exit, stdout, stderr } = await world.bcn('list', ...more);
    expect(exit).toBe(3);
    expect(stdout).toMatch(
      /^NAME.*\none .*\nlight .*\nempty +- +[-\d]+ [:\d]+ .* damaged record\nlater .* damaged record\n2 backups, 2 damaged .*\n$/,
    );
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^bcn: warning: The backup record file:.*\/empty\.json is damaged: /),
      expect.stringMatching(/^bcn: warning: The backup record file:.*\/later\.json has format 2; /),
    ]);
  }
  const { events } = await world.json('list');
  expect(events()).toMatchObject([
    { type: 'backup', name: 'one' },
    { type: 'backup', name: 'light' },
    { type: 'warning', object: `file://${empty}` },
    { type: 'warning', object: `file://${later}` },
    { type: 'summary', ok: false, exit: 3, code: 'partial', backups: 2, damaged: 2 },
  ]);
});

test('only damaged ones are not "no backups"', async () => {
  const other = await createWorld();
  try {
    await other.backup('one');
    await writeFile(path.join(other.dir, 'repo/backups/one.json'), 'x');
    const { exit, stdout, stderr } = await other.bcn('list');
    expect({ exit, stdout }).toEqual({
      exit: 3,
      stdout: expect.stringMatching(/^NAME.*\none .* damaged record\n0 backups, 1 damaged/),
    });
    expect(stderr).toContain('one.json is damaged');
    expect(stderr).not.toContain('No backups');
  } finally {
    await other.remove();
  }
});

test('--table and --since choose; what can be neither is 2', async () => {
  const names = async (...args: readonly string[]) => (await world.json('list', ...args)).events().map(({ name }) => name);
  expect(await names('--table', 'shop.*')).toEqual(['one', 'light', undefined, undefined, undefined]);
  expect((await names('--table', 'shop.order')).slice(0, 1)).toEqual([undefined]);
  expect(await names('--since', '1h')).toContain('one');
  expect((await names('--since', '2999-01-01')).filter((name) => name !== undefined)).toEqual([]);
  expect(await world.bcn('list', '--since', '2999-01-01')).toMatchObject({
    exit: 0,
    stdout: '',
    stderr: `No backups like that in file://${world.dir}/repo\n`,
  });
  expect((await world.bcn('list', '--since', 'yesterday')).stderr).toContain('--since takes an age or a day, not "yesterday"');
  expect((await world.json('list', '--table', '')).exit).toBe(2);
});

function commitOfFormat(format: number): string {
  const rest = `"format":${format}}`;
  return `{"id":"${createHash('sha256').update(rest).digest('hex')}",\n${rest}`;
}
