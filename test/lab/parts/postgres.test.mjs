import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, startTime, stopServers } from '../../../scripts/lib/proc.mjs';
import { describeWith } from '../lab.ts';
import { provisionPostgres, startPostgres } from './postgres.mjs';
import { query } from './postgres-client.mjs';
import { debianPostgres } from './postgres-files.mjs';
import { postgresPlace } from './postgres-user.mjs';

const SLOW = 90_000;
const root = process.getuid?.() === 0;
let runFolder;
beforeEach(() => {
  // As a run makes it: for its owner only.
  runFolder = mkdtempSync(join(tmpdir(), 'bcn-test-'));
});
afterEach(() => rmSync(runFolder, { recursive: true, force: true }));

test('of several that Debian has, the newest', () => {
  for (const version of ['9.6', '15', '16']) mkdirSync(join(runFolder, version, 'bin'), { recursive: true });
  for (const version of ['9.6', '15']) writeFileSync(join(runFolder, version, 'bin', 'initdb'), '');
  expect(debianPostgres(runFolder)).toBe(join(runFolder, '15'));
  expect(debianPostgres(join(runFolder, 'none'))).toBeUndefined();
});

// With the lab's own, the programs are there: nothing is downloaded by these tests.
describeWith(['postgres'], 'a PostgreSQL of its own', () => {
  async function start() {
    const servers = [];
    const folder = await provisionPostgres(() => {});
    const address = await startPostgres({ folder, runFolder, keep: (server) => servers.push(server) });
    return { address, servers };
  }

  test('is not root’s, and leaves nothing when it is stopped, although clients are connected', { timeout: SLOW }, async () => {
    const { address, servers } = await start();
    const idle = connect(address.port, address.host).on('error', () => {});
    await once(idle, 'connect');
    const [server] = servers;
    const pids = (await query(address, 'select pid from pg_stat_activity where pid <> pg_backend_pid()')).map(([pid]) =>
      Number(pid),
    );
    expect(pids.length).toBeGreaterThan(2);
    if (existsSync('/proc')) for (const pid of [server.pid, ...pids]) expect(statSync(`/proc/${pid}`).uid).not.toBe(0);
    if (root) expect(statSync(server.scratch).mode & 0o77).toBe(0);

    await stopServers(JSON.parse(JSON.stringify(servers)));
    expect([server.pid, ...pids].filter((pid) => startTime(pid))).toEqual([]);
    // Not killed, as it is when it waits for its clients.
    expect(server.ended()).toBe('exit 0');
    if (server.scratch) expect(existsSync(server.scratch)).toBe(false);
    idle.destroy();
  });

  test.runIf(root)('runs elsewhere when nobody can enter the folder for temporary files', { timeout: SLOW }, async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = runFolder;
    try {
      const { scratch } = postgresPlace(await provisionPostgres(() => {}), runFolder);
      expect(scratch).toMatch(/^\/(var\/)?tmp\/bcn-postgres-\w+$/);
      rmSync(scratch, { recursive: true });
      expect(readdirSync(runFolder)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });

  test.each([
    ['while it makes its files', 'kept'],
    ['while it serves', 'serves'],
  ])('a run that is killed %s leaves no process and no folder', { timeout: SLOW }, async (_when, signal) => {
    const url = (path) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
        const { createCleanup } = await import(${url('../../../scripts/lib/cleanup.mjs')});
        const { provisionPostgres, startPostgres } = await import(${url('./postgres.mjs')});
        const runFolder = ${JSON.stringify(runFolder)};
        const cleanup = createCleanup(runFolder);
        const keep = (server) => { cleanup.keep(server); console.log(JSON.stringify({ event: 'kept', server })); };
        await startPostgres({ folder: await provisionPostgres(() => {}), runFolder, keep });
        console.log(JSON.stringify({ event: 'serves' }));
        setInterval(() => {}, 1000);`;
    const run = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let server;
    await new Promise((resolve) => {
      run.stdout.setEncoding('utf8').on('data', (text) => {
        for (const line of text.trim().split('\n')) {
          const said = JSON.parse(line);
          server ??= said.server;
          if (said.event === signal) resolve();
        }
      });
    });
    expect(isAlive(server)).toBe(true);
    run.kill('SIGKILL');
    const left = () => isAlive(server) || existsSync(server.scratch ?? '') || existsSync(runFolder);
    while (left()) await sleep(50);
  });
});
