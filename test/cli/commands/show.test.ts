import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
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
  expect(stdout).toMatch(/^Snapshots +4, current \d+$/m);
  expect(stdout).toContain('opening-day (tag) ->');
});

test('what the table is', async () => {
  const { stdout } = await world.bcn('show', 'latest');
  expect(stdout).toMatch(/^Backup +nightly$/m);
  expect(stdout).toMatch(/^Verified +never$/m);
  expect(stdout).toMatch(/^History +2026-\S+ \S+ +\w+ +\d+$/m);
  expect(stdout).toMatch(/^ +\d+ +region +string +required$/m);
  expect(stdout).toMatch(/^Partitioned by +region$/m);
  expect(stdout).toMatch(/^Files lie in +file:.*\/wh\/shop\/orders \(location\)$/m);
  expect(stdout).toMatch(/^Current snapshot +\d data files?, \d+ rows, /m);
});

test('--json: an event for each table, the events, the state', async () => {
  const [backup, table, summary] = (await world.json('show', 'latest')).events();
  expect(backup).toMatchObject({ verified: null, damaged: null, events: [], partial: false });
  expect(table).toMatchObject({
    type: 'table',
    table: 'shop.orders',
    schema: { columns: expect.arrayContaining([expect.objectContaining({ name: 'region', type: 'string' })]) },
    partitioning: ['region'],
    content: { equality_deletes: { files: 0, rows: '0' } },
    entry: { type: 'path' },
  });
  expect(summary).toMatchObject({ name: 'nightly', tables: 1, damaged: 0 });
});

test('events beside it', async () => {
  const [{ id }] = (await world.json('show', 'nightly')).events() as [{ id: string }];
  const folder = path.join(world.dir, 'repo/events', id);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, '1-verified-00ff.json'), '{}');
  const [backup] = (await world.json('show', 'nightly')).events();
  expect(backup).toMatchObject({
    verified: expect.stringMatching(/^\d{4}-/),
    events: [{ kind: 'verified', key: `events/${id}/1-verified-00ff.json` }],
  });
  expect((await world.bcn('show', 'nightly')).stdout).toMatch(/^Events +\S+ \S+ {2}verified$/m);
  expect((await world.bcn('list')).stdout).toMatch(/^nightly .* copy +\d{4}-\d\d-\d\d [\d:]+$/m);
});

test('a damaged table beside a good record: what is known, a warning, exit 3', async () => {
  const other = await createWorld();
  try {
    await other.backup('one');
    const [{ run }] = (await other.json('show', 'one')).events() as [{ run: string }];
    const meta = path.join(other.dir, 'repo/runs', run, 'meta');
    const [attempt] = await readdir(meta);
    await writeFile(path.join(meta, attempt as string, 'metadata.json'), 'x');
    const { exit, stdout, stderr } = await other.bcn('show', 'one');
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^Snapshots +4, current/m);
    expect(stdout).toMatch(/^More +cannot be read: this backup is DAMAGED$/m);
    expect(stderr).toMatch(/^bcn: warning: shop\.orders: The repository is damaged: .*metadata\.json has 1 bytes/);
    expect((await other.json('show', 'one')).events().at(-1)).toMatchObject({ code: 'partial', tables: 1, damaged: 1 });
  } finally {
    await other.remove();
  }
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
