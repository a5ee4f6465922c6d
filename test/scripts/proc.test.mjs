import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { freePort, has, isAlive, run, startServer, startTime, stopServers, waitUntilReady } from '../../scripts/lib/proc.mjs';

const folder = mkdtempSync(join(tmpdir(), 'bcn-proc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const node = (script, name = 'server') =>
  startServer({ name, command: process.execPath, args: ['-e', script], log: join(folder, `${name}.log`) });

test('run gives stdout, and on failure the end of the output', async () => {
  expect(await run(process.execPath, ['-e', 'console.log(1)'])).toBe('1\n');
  const failing = run(process.execPath, ['-e', 'console.error("why"); process.exit(3)'], { what: 'it' });
  await expect(failing).rejects.toThrow(/^it failed \(exit 3\)\nwhy$/);
  await expect(run('no-such-command-here', [])).rejects.toThrow('ENOENT');
});

test('has knows what is on the PATH', () => {
  expect(has('node')).toBe(true);
  expect(has('no-such-command-here')).toBe(false);
});

test('a server is stopped with its children, by process id', async () => {
  const script = `require('node:child_process').spawn('sleep', ['600']).on('spawn', function () { console.log(this.pid) }); setInterval(() => {}, 1000)`;
  const server = node(script, 'parent');
  const printed = () => Number(readFileSync(server.log, 'utf8'));
  await waitUntilReady(server, async () => printed() > 0, 10);
  const child = printed();
  expect([isAlive(server), startTime(child) !== undefined]).toEqual([true, true]);
  await stopServers([server]);
  expect(isAlive(server)).toBe(false);
  for (let i = 0; i < 50 && startTime(child) !== undefined; i++) await sleep(20);
  expect(startTime(child)).toBeUndefined();
});

test('a process id that another process got is left alone', async () => {
  const server = node('setInterval(() => {}, 1000)', 'other');
  expect(isAlive({ pid: server.pid, started: 'long ago' })).toBe(false);
  await stopServers([{ pid: server.pid, started: 'long ago' }]);
  expect(isAlive(server)).toBe(true);
  await stopServers([server]);
});

test('a server is asked to end in its own way, and its folder elsewhere goes with it', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'bcn-scratch-'));
  const script = `process.on('SIGTERM', () => {}); process.on('SIGINT', () => { console.log('asked'); process.exit(0) }); console.log('up'); setInterval(() => {}, 1000)`;
  const args = ['-e', script];
  const server = startServer({
    ...{ name: 'own', command: process.execPath, args, log: join(folder, 'own.log') },
    ...{ stopSignal: 'SIGINT', scratch },
  });
  await waitUntilReady(server, async () => readFileSync(server.log, 'utf8').includes('up'), 10);
  // What a watchdog or a later command knows of it is its JSON.
  await stopServers([JSON.parse(JSON.stringify(server))]);
  expect(readFileSync(server.log, 'utf8')).toBe('up\nasked\n');
  expect(existsSync(scratch)).toBe(false);
});

test('the folder of a server that is gone already is removed, too', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'bcn-scratch-'));
  await stopServers([{ pid: -1, started: '', scratch }]);
  expect(existsSync(scratch)).toBe(false);
});

test.runIf(process.getuid?.() === 0)('a server of another user', async () => {
  const log = join(folder, 'user.log');
  const script = 'console.log(process.getuid(), process.getgid(), process.getgroups().join()); setInterval(() => {}, 1000)';
  const server = startServer({
    ...{ name: 'user', command: process.execPath, args: ['-e', script], cwd: '/', log, user: { uid: 65534, gid: 65534 } },
  });
  await waitUntilReady(server, async () => readFileSync(log, 'utf8').includes('\n'), 10);
  await stopServers([server]);
  expect(readFileSync(log, 'utf8')).toBe('65534 65534 65534\n');
});

test('a server that ends early is reported with its log, at once', async () => {
  const server = node('console.error("port taken"); process.exit(1)', 'early');
  await expect(waitUntilReady(server, async () => false, 60)).rejects.toThrow(/early ended \(exit 1\)\nport taken/);
});

test('a free port is one', async () => {
  expect(await freePort()).toBeGreaterThan(1023);
});
