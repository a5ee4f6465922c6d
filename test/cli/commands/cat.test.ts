import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.backup('one');
});
afterAll(() => world.remove());

test('a document is indented, int64 as they are', async () => {
  const { exit, stdout } = await world.bcn('cat', 'one', 'metadata');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^\{\n {2}"/);
  expect(stdout).toMatch(/"current-snapshot-id": ?\d{16,}/);
  expect(JSON.parse(stdout)).toMatchObject({ 'format-version': 2 });
  expect((await world.bcn('cat', 'one', '--quiet')).stdout).toMatch(/^\{\n {2}"id": "[0-9a-f]{64}",\n/);
});

test('lines stay lines', async () => {
  const lines = (await world.bcn('cat', 'one', 'inventory')).stdout.trimEnd().split('\n');
  expect(lines.map((line) => Object.keys(JSON.parse(line) as object).slice(0, 3))).toContainEqual(['path', 'key', 'size']);
  expect((await world.bcn('cat', 'latest', 'list:current')).stdout).toMatch(/^\{"manifest_path":"metadata\//);
  expect((await world.bcn('cat', 'one', 'manifest:0')).stdout).toMatch(/^\{"status":[012],/);
});

test('--json: a record for each', async () => {
  const events = (await world.json('cat', 'one', 'root')).events();
  expect(events.slice(0, -1).every(({ type }) => type === 'record')).toBe(true);
  expect(JSON.parse(events[0]?.text as string)).toMatchObject({ type: 'root', format: 1 });
  expect(events.at(-1)).toMatchObject({ type: 'summary', object: expect.stringMatching(/root\.ndjson\.gz$/) });
});

test('a key, the URI of an error, a content file with --raw', async () => {
  expect((await world.bcn('cat', 'bcn.json')).stdout).toContain('"grace_ms": 86400000');
  expect((await world.bcn('cat', `file://${world.dir}/repo/bcn.json`)).exit).toBe(0);
  const repo = path.join(world.dir, 'repo');
  const data = (await readdir(repo, { recursive: true })).find((file) => file.endsWith('.parquet')) as string;
  expect((await world.bcn('cat', data)).exit).toBe(22);
  expect((await world.bcn('cat', data, '--raw')).exit).toBe(0);
  const [text, bytes] = [
    (await world.bcn('cat', 'bcn.json', '--raw')).stdout,
    await readFile(path.join(repo, 'bcn.json'), 'utf8'),
  ];
  expect(text).toBe(bytes);
});

test('characters that a terminal would obey are escapes', async () => {
  await writeFile(path.join(world.dir, 'repo/odd.json'), '{"a":"\u009b31m\u202e\u007f"}');
  await writeFile(path.join(world.dir, 'repo/backups/x'), '');
  const { events } = await world.json('cat', `file://${world.dir}/repo/odd.json`);
  expect(events()[0]).toMatchObject({ text: '{"a":"\\u009b31m\\u202e\\u007f"}' });
});

test.each([
  [['two'], 20, 'backup-not-found'],
  [['one', 'list:7'], 20, 'object-not-found'],
  [['runs/x/end'], 20, 'object-not-found'],
  [['one', 'data'], 2, 'usage'],
  [['../x'], 2, 'usage'],
  [['one', '--raw'], 2, 'usage'],
  [['one', 'root', '--table', 'a.b'], 20, 'table-not-found'],
])('%j: exit %i', async (args, exit, code) => {
  const ran = await world.json('cat', ...args);
  expect(ran.exit).toBe(exit);
  expect(ran.events().at(-2)).toMatchObject({ type: 'error', code });
});

test('damaged: 32, the object named', async () => {
  const runs = path.join(world.dir, 'repo/runs');
  const root = (await readdir(runs, { recursive: true })).find((file) => file.endsWith('root.ndjson.gz')) as string;
  await writeFile(path.join(runs, root), 'x');
  const { exit, stderr } = await world.bcn('cat', 'one', 'root');
  expect(exit).toBe(32);
  expect(stderr).toContain(root);
});
