import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.backup('one');
});
afterAll(() => world.remove());

const target = (table: string, ...more: readonly string[]) =>
  [
    'restore',
    '--backup-name',
    'one',
    '--catalog-type',
    'path',
    '--target-database',
    'copies',
    '--target-table',
    table,
    ...more,
  ] as const;
const exists = (file: string) =>
  access(path.join(world.dir, file)).then(
    () => true,
    () => false,
  );

test('--dry-run prints the plan with its edits and writes nothing', async () => {
  const { exit, stdout } = await world.bcn(...target('dry', '--dry-run'));
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^Plan {2,}restore copies\.dry\n/);
  expect(stdout).toContain('table-uuid');
  expect(await exists('wh/copies')).toBe(false);
});

test('says what was restored; a second time it is in the way', async () => {
  const first = await world.bcn(...target('t'));
  expect(first.exit).toBe(0);
  expect(first.stdout).toMatch(/^copies\.t is restored from backup one with 4 snapshots, at file:/);
  expect((await world.bcn(...target('t'))).exit).toBe(23);
});

test('--json: the plan, then a summary that names the metadata file', async () => {
  const { events } = await world.json(...target('j', '--keep-uuid'));
  expect(events().at(-1)).toMatchObject({
    outcome: 'restored',
    name: 'one',
    table: 'copies.j',
    location: `file://${world.dir}/wh/copies/j`,
    metadata_location: expect.stringContaining('/metadata/v'),
    table_uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test('--keep-uuid keeps it, without it there is a new one', async () => {
  const uuid = (await world.json('show', 'one')).events()[0] as { tables: { uuid: string }[] };
  const kept = (await world.json(...target('kept', '--keep-uuid'))).events().at(-1);
  const fresh = (await world.json(...target('fresh'))).events().at(-1);
  expect(kept?.table_uuid).toBe(uuid.tables[0]?.uuid);
  expect(fresh?.table_uuid).not.toBe(uuid.tables[0]?.uuid);
});

test('--history: fewer snapshots, said in the plan and in the end', async () => {
  const planned = await world.bcn(...target('young', '--history', 'current', '--dry-run'));
  expect(planned.stdout).toMatch(/^Snapshots +1$/m);
  expect(planned.stdout).toMatch(/^ +snapshots +4 -> 1$/m);
  const { stdout } = await world.bcn(...target('young', '--history', 'last:2'));
  expect(stdout).toMatch(/with 2 snapshots/);
});

test('--map: the plan says where files go, and the sample has none there', async () => {
  const place = `file://${world.dir}/elsewhere`;
  const [shown] = (await world.json('show', 'one')).events() as unknown as [{ tables: [{ location: string }] }];
  const inside = `${shown.tables[0].location}/data`;
  const planned = await world.bcn(
    ...target('mapped', '--map', `${inside}=${place}/a`, '--map', `s3://b/x=${place}/b`, '--dry-run'),
  );
  expect(planned.stdout).toContain('Where files go');
  expect(planned.stdout).toMatch(new RegExp(`^ +${inside} +-> ${place}/a \\(--map, \\d+ paths\\)$`, 'm'));
  expect(planned.stderr).toMatch(/--map s3:\/\/b\/x=.* is about no file/);
  const { events } = await world.json(...target('mapped', '--map', `${inside}=${place}/a`));
  expect(events().find(({ type }) => type === 'plan')).toMatchObject({
    roots: [{ why: 'location' }, { source: inside, target: `${place}/a`, why: '--map' }],
  });
  expect(events().at(-1)).toMatchObject({ outcome: 'restored' });
  expect(await exists('elsewhere/a')).toBe(true);
  expect(await exists('wh/copies/mapped/data')).toBe(false);
});

test.each([
  [['--history', 'last'], 2],
  [['--history', 'last:0'], 2],
  [['--map', 's3://a'], 2],
  [['--map', 's3://a/b=relative'], 2],
])('%j: a usage error, and nothing is written', async (more, exit) => {
  expect((await world.bcn(...target('bad', ...more))).exit).toBe(exit);
  expect(await exists('wh/copies/bad')).toBe(false);
});

test.each([
  ['a backup that is not there', ['--backup-name', 'on'], 20, 'backup-not-found'],
  ['a location without a scheme', ['--target-location', 'warehouse/x'], 2, 'usage'],
  ['a location with a question mark', ['--target-location', 'file:///x?y'], 2, 'usage'],
])('%s', async (_what, more, exit, code) => {
  const ran = await world.json(...target('bad', ...more));
  expect(ran.exit).toBe(exit);
  expect(ran.events().at(-2)).toMatchObject({ type: 'error', code });
  expect(await exists('wh/copies/bad')).toBe(false);
});

test('--create-database is accepted where a namespace is a folder, and makes none for a plan', async () => {
  const planned = await world.json(...target('made', '--create-database', '--dry-run'));
  expect(planned.events()[0]).toMatchObject({ type: 'plan' });
  expect(planned.events()[0]).not.toHaveProperty('creates_database');
  expect((await world.json(...target('made', '--create-database'))).events().at(-1)).toMatchObject({ outcome: 'restored' });
});

test('foreign objects at the target are left alone', async () => {
  await world.bcn(...target('foreign'));
  await writeFile(path.join(world.dir, 'wh/copies/foreign/metadata/v99.metadata.json'), '{}');
  expect((await world.json(...target('foreign'))).exit).toBe(23);
});

test('--abort without anything to remove', async () => {
  const ran = await world.bcn(...target('never', '--abort'));
  expect(ran.exit).toBe(20);
  expect(ran.stderr).toContain('There is no interrupted restore of "one"');
});
