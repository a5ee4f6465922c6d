import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

/** A table that lost a data file, from its backup to its restore. */
let world: World;
let lost: string;

const data = () => path.join(world.dir, 'wh/shop/orders/data');
const backup = (name: string, ...more: readonly string[]) =>
  ['backup', '--catalog-type', 'path', '--database', 'shop', '--table', 'orders', '--backup-name', name, ...more] as const;
const restore = (...more: readonly string[]) =>
  [
    ...['restore', '--backup-name', 'lacking', '--catalog-type', 'path'],
    ...['--target-database', 'copies', '--target-table', 't', ...more],
  ] as const;

beforeAll(async () => {
  world = await createWorld();
  const files = (await readdir(data(), { recursive: true })).filter((name) => name.endsWith('.parquet')).sort();
  lost = path.join(data(), files[0] as string);
  await rm(lost);
});
afterAll(() => world.remove());

test('backup refuses, and names the flag', async () => {
  const { exit, stderr } = await world.bcn(...backup('lacking'));
  expect(exit).toBe(32);
  expect(stderr).toContain(lost);
  expect(stderr).toContain('--allow-missing');
});

test('with --allow-missing it ends with 3, says that the backup is incomplete and names the file', async () => {
  const { exit, stdout, stderr } = await world.bcn(...backup('lacking', '--allow-missing'));
  expect(exit).toBe(3);
  expect(stdout).toMatch(/^Backup "lacking" is INCOMPLETE in /m);
  expect(stdout).toMatch(/; INCOMPLETE: 1 live file missing from the source$/m);
  expect(stderr).toContain(`file://${lost}`);
  const { events } = await world.json(...backup('again', '--allow-missing'));
  expect(events().at(-1)).toMatchObject({
    ok: false,
    exit: 3,
    code: 'partial',
    outcome: 'created',
    backup: { incomplete: true, partial: false, tables: [{ missing: { files: 1, bytes: expect.any(Number) } }] },
  });
  expect(events()).toContainEqual(expect.objectContaining({ type: 'warning', object: `file://${lost}` }));
});

test('list marks it, show lists the files', async () => {
  expect((await world.bcn('list')).stdout).toMatch(/^lacking .*copy, INCOMPLETE/m);
  const [first] = (await world.json('list')).events();
  expect(first).toMatchObject({ incomplete: true, pinned: { apart_ms: 0 } });
  const { stdout, exit } = await world.bcn('show', 'lacking');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^Complete +no: INCOMPLETE, live files were missing from the source$/m);
  expect(stdout).toMatch(/^Missing +1 live file, \S+ \S+$/m);
  expect(stdout).toContain(`file:${lost}`.replace('file:', ''));
  const [shown, table] = (await world.json('show', 'lacking')).events();
  expect(shown).toMatchObject({ incomplete: true });
  expect(table).toMatchObject({
    requires: ['missing'],
    missing: [{ path: expect.stringContaining(lost), size: expect.any(Number) }],
  });
});

test('verify says what the backup itself says, and ends with 3; with damage beside it with 4', async () => {
  const { exit, stdout } = await world.bcn('verify', 'lacking', '--quiet');
  expect(exit).toBe(3);
  expect(stdout).toMatch(
    /^Backup lacking is INCOMPLETE: 1 live file of \S+ \S+ was missing from the source when it was made\. All else is whole: /,
  );
  expect(stdout).not.toContain('will restore');
  const { events } = await world.json('verify', 'lacking');
  expect(events().at(-1)).toMatchObject({ exit: 3, code: 'partial', problems: 0, checked: { missing: { files: 1 } } });
  // What an attempt that was refused had copied is nobody's.
  const lines = (await world.bcn('cat', 'lacking', 'inventory')).stdout.trim().split('\n');
  const { key } = lines.map((line) => JSON.parse(line) as { key: string | null }).find((one) => one.key !== null) ?? {};
  const file = path.join(world.dir, 'repo', key as string);
  const bytes = await readFile(file);
  await writeFile(file, 'x');
  expect((await world.bcn('verify', 'lacking')).exit).toBe(4);
  await writeFile(file, bytes);
});

test('restore refuses, and names the flag; latest is none', async () => {
  const { exit, stderr } = await world.bcn(...restore());
  expect(exit).toBe(32);
  expect(stderr).toContain('--allow-damaged');
  expect((await world.bcn('verify', 'latest')).exit).toBe(20);
});

test('with --allow-damaged it ends with 3, and names the file', async () => {
  const dry = await world.bcn(...restore('--allow-damaged', '--dry-run'));
  expect(dry).toMatchObject({ exit: 3, stdout: expect.stringMatching(/^ +MISSING +1 object, /m) });
  const { events } = await world.json(...restore('--allow-damaged'));
  const all = events();
  expect(all.filter(({ type }) => type === 'problem')).toMatchObject([{ object: expect.stringContaining(lost) }]);
  expect(all.at(-1)).toMatchObject({
    exit: 3,
    code: 'partial',
    outcome: 'restored',
    lost: { objects: 1, bytes: expect.any(Number) },
  });
  const all2 = await world.bcn(...restore('--allow-damaged').map((arg) => (arg === 't' ? 't2' : arg)));
  expect(all2.exit).toBe(3);
  expect(all2.stdout).toMatch(/^copies\.t2 is restored from backup lacking .*; WITHOUT 1 file that it names \(\S+ \S+\)$/m);
  expect(all2.stderr).toContain('the table comes back without it');
});

test('a whole backup with these flags ends with 0', async () => {
  const whole = await createWorld();
  const { exit } = await whole.backup('whole', '--allow-missing');
  expect(exit).toBe(0);
  const args = restore('--allow-damaged').map((arg) => (arg === 'lacking' ? 'whole' : arg));
  expect(await whole.bcn(...args)).toMatchObject({ exit: 0 });
  await whole.remove();
});
