import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Built, build } from './built.js';

let built: Built;
/** Accepts connections and never answers. */
let silent: Server;
let env: Record<string, string>;

beforeAll(async () => {
  built = await build();
  silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', S3_ENDPOINT: `http://127.0.0.1:${port}` };
}, 120_000);
afterAll(async () => {
  silent.close();
  await built.remove();
});

function start(...args: readonly string[]): { child: ChildProcess; stderr: () => string } {
  let stderr = '';
  const child = spawn(process.execPath, [built.bcn, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return { child, stderr: () => stderr };
}

async function connected(): Promise<void> {
  await once(silent, 'connection');
}

test('exit codes, streams and the version reach the shell', async () => {
  const bcn = promisify(execFile);
  expect((await bcn(process.execPath, [built.bcn, '--version'], { env })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  await expect(bcn(process.execPath, [built.bcn, 'backup'], { env })).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('Missing --database'),
  });
});

test('help appears at once: nothing heavy is loaded for it', async () => {
  const began = Date.now();
  await promisify(execFile)(process.execPath, [built.bcn, '--help'], { env });
  expect(Date.now() - began).toBeLessThan(3000);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends with %i, and says how to go on', async (signal, exit) => {
  const reached = connected();
  const { child, stderr } = start('list');
  await reached;
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([exit, null]);
  expect(stderr()).toMatch(new RegExp(`bcn: Interrupted by ${signal}\n {2}hint: `));
});

test('--json ends with a summary after a signal too', async () => {
  const reached = connected();
  const { child } = start('list', '--json');
  let stdout = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  await reached;
  child.kill('SIGINT');
  await once(child, 'close');
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(last).toMatchObject({ type: 'summary', ok: false, exit: 130, code: 'interrupted' });
});

test('a reader that goes away is no crash', async () => {
  const { child, stderr } = start('--help');
  child.stdout?.destroy();
  const [code, signal] = await once(child, 'exit');
  expect({ code, signal, stderr: stderr() }).toEqual({ code: 0, signal: null, stderr: '' });
});
