import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

const CATALOG = ['--catalog-type', 'path'];

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.backup('one');
  await world.backup('two');
});
afterAll(() => world.remove());

/** A new metadata file of the table, as an engine would write it. */
async function evolve(change: (document: Record<string, unknown>) => void): Promise<void> {
  const folder = path.join(world.dir, 'wh/shop/orders/metadata');
  const hint = path.join(folder, 'version-hint.text');
  const version = Number(await readFile(hint, 'utf8'));
  const text = await readFile(path.join(folder, `v${version}.metadata.json`), 'utf8');
  // Ids do not fit a number: they are texts while the document is changed.
  const document = JSON.parse(text.replace(/(-id": ?)(\d{16,})/g, '$1"#$2"')) as Record<string, unknown>;
  change(document);
  const changed = JSON.stringify(document).replace(/"#(\d+)"/g, '$1');
  await writeFile(path.join(folder, `v${version + 1}.metadata.json`), changed);
  await writeFile(hint, String(version + 1));
}

test('no difference: exit 0', async () => {
  const { exit, stdout, stderr } = await world.bcn('diff', 'one', 'two');
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout).toBe('  shop.orders: no difference, 3 data files, 6 rows\nNo table differs between one and two\n');
  expect((await world.bcn('diff', 'one', 'latest', '--quiet')).stdout).toBe(
    '  shop.orders: no difference, 3 data files, 6 rows\n',
  );
});

test('the table as it is; a difference is no failure', async () => {
  expect((await world.bcn('diff', 'one', 'live', ...CATALOG)).stdout).toContain('between one and what the catalog has now');
  await evolve((document) => {
    (document.properties as Record<string, string>).owner = 'you';
    (document.schemas as { fields: { name: string }[] }[]).forEach((schema) => {
      (schema.fields[3] as { name: string }).name = 'cost';
    });
    delete (document.refs as Record<string, unknown>).audit;
  });
  const { exit, stdout } = await world.bcn('diff', 'latest', 'live', ...CATALOG);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^~ shop\.orders$/m);
  expect(stdout).toMatch(/^ {4}Refs +- audit = branch \d+$/m);
  expect(stdout).toMatch(/^ {4}Columns +~ cost: price -> cost$/m);
  expect(stdout).toMatch(/^ {4}Properties +~ owner: bcn -> you$/m);
  expect(stdout).toMatch(/^ {4}Rows +6 -> 6$/m);
  expect(stdout).toMatch(/^1 table differs between two and what the catalog has now$/m);
});

test('--json', async () => {
  const { exit, events } = await world.json('diff', 'one', 'live', ...CATALOG);
  expect(exit).toBe(0);
  expect(events().filter(({ type }) => type !== 'progress')).toMatchObject([
    { type: 'diff', table: 'shop.orders', changed: true, columns: [{ change: 'renamed', from: 'price', to: 'cost' }] },
    { type: 'summary', from: 'one', to: 'live', tables: 1, changed: 1, damaged: 0 },
  ]);
});

test.each([
  [['one', 'nope'], 20, 'backup-not-found'],
  [['one', 'two', '--table', 'shop.order'], 20, 'table-not-found'],
  [['live', 'one'], 2, 'usage'],
  [['one', 'two', '--table', ''], 2, 'usage'],
  [['one'], 2, 'usage'],
  [['one', 'two', '--tmp-dir', '/nonexistent'], 2, 'config'],
])('%j: exit %i', async (args, exit, code) => {
  const ran = await world.json('diff', ...args);
  expect(ran.exit).toBe(exit);
  expect(ran.events().at(-2)).toMatchObject({ type: 'error', code });
});

test('a dropped table, and a damaged backup beside a good one', async () => {
  const elsewhere = ['--catalog-type', 'path', '--warehouse', `file://${world.dir}/nothing`];
  expect((await world.bcn('diff', 'one', 'live', ...elsewhere)).stdout).toMatch(/^- shop\.orders\n1 table differs/);
  const meta = path.join(world.dir, 'repo/runs');
  const files = await readdir(meta, { recursive: true });
  const metadata = files.find((file) => file.endsWith('metadata.json')) as string;
  await writeFile(path.join(meta, metadata), 'x');
  const { exit, stdout, stderr } = await world.bcn('diff', 'one', 'two');
  expect({ exit, stdout }).toMatchObject({ exit: 3, stdout: expect.stringMatching(/^! shop\.orders: cannot be compared\n/) });
  expect(stderr).toMatch(/^bcn: warning: shop\.orders: The repository is damaged: /);
  expect((await world.json('diff', 'one', 'two')).events().at(-1)).toMatchObject({ code: 'partial', changed: 0, damaged: 1 });
});
