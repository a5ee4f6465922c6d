/** Child processes: commands that must succeed, servers that are stopped by process id, ports, waiting. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Children of `run` that are still alive, so that an interrupted run can end them. */
const running = new Set();

/**
 * Run a command to its end, silently. Resolves to its stdout.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, what?: string }} [options]
 * @returns {Promise<string>}
 * @throws {Error} with the end of its output when it cannot start or does not end with 0
 */
export function run(command, args, { cwd, env = process.env, what = [command, ...args].join(' ') } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output = (output + text).slice(-20_000);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-20_000);
    });
    child.on('error', (error) => {
      running.delete(child);
      reject(new Error(`${what}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve(stdout);
      else reject(new Error(`${what} failed (${signal ?? `exit ${code}`})\n${output.trim()}`));
    });
  });
}

/** End every command that `run` still waits for. */
export function killRunning() {
  for (const child of running) if (child.pid) killGroup(child.pid, 'SIGTERM');
}

/** @returns {boolean} whether a command of that name is on the PATH */
export function has(command) {
  return !spawnSync(command, ['--version'], { stdio: 'ignore' }).error;
}

/**
 * Start a server in its own process group, detached from our terminal and our pipes.
 * @param {object} server
 * @param {string} server.name
 * @param {string} server.command
 * @param {readonly string[]} server.args
 * @param {NodeJS.ProcessEnv} [server.env]
 * @param {string} [server.cwd]
 * @param {string} server.log  file that its output is appended to
 * @param {{ uid: number, gid: number }} [server.user]  whom it runs as; default: whom we run as
 * @param {string} [server.stopSignal]  what asks it to end; default SIGTERM
 * @param {string} [server.scratch]  its folder outside the run's folder, removed when it is stopped
 * @returns {{ name: string, pid: number, started: string, log: string, stopSignal?: string, scratch?: string,
 *   ended: () => string | undefined }}  plain data but for `ended`, which says how it ended, if it did;
 *   `started` tells this process from a later one with the same id
 */
export function startServer({ name, command, args, env = process.env, cwd, log, user, stopSignal, scratch }) {
  const fd = openSync(log, 'a');
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', fd, fd], detached: true, ...user });
  closeSync(fd);
  let end;
  child.on('error', (error) => {
    end = error.message;
  });
  child.on('exit', (code, signal) => {
    end = signal ?? `exit ${code}`;
  });
  child.unref();
  const pid = child.pid ?? -1;
  return { name, pid, started: startTime(pid) ?? '', log, stopSignal, scratch, ended: () => end };
}

/**
 * When the process with this id started; undefined when there is none, or only a zombie that its parent has not
 * collected (in a container with a careless first process they stay for ever).
 */
export function startTime(pid) {
  if (!(pid > 0)) return undefined;
  if (existsSync('/proc/self/stat')) return linuxStartTime(pid);
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  if (status !== 0 || stdout.trim().startsWith('Z')) return undefined;
  return stdout.trim().replace(/^\S+\s+/, '');
}

function linuxStartTime(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // "pid (name) state …": the name may hold anything, also parentheses. Field 3 is the state, field 22 the start.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

/** @returns {boolean} whether this very process (not a later one with its id) is alive */
export function isAlive({ pid, started }) {
  const now = startTime(pid);
  return now !== undefined && (!started || now === started);
}

/**
 * Stop servers by process id: SIGTERM (or what they want), SIGKILL after 10 s. Those that are gone already are no error.
 * Then their folders outside the run's folder are removed.
 */
export async function stopServers(servers) {
  const alive = servers.filter(isAlive);
  for (const { pid, stopSignal = 'SIGTERM' } of alive) killGroup(pid, stopSignal);
  const deadline = Date.now() + 10_000;
  let left = alive;
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(100);
    left = left.filter(isAlive);
  }
  for (const { pid } of left) killGroup(pid, 'SIGKILL');
  // Retries: what was killed may have left children that end a moment later, as PostgreSQL's do.
  for (const { scratch } of servers) if (scratch) rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone between the look and the signal.
  }
}

/** A TCP port of 127.0.0.1 that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * Wait until a server answers.
 * @param {ReturnType<typeof startServer>} server
 * @param {() => Promise<boolean>} ready  a thrown error counts as "not yet"
 * @param {number} seconds
 * @throws {Error} with the end of the server's log when it ended or did not answer in time
 */
export async function waitUntilReady(server, ready, seconds) {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const end = server.ended();
    if (end) throw new Error(`${server.name} ended (${end})\n${logTail(server.log)}`);
    if (await ready().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`${server.name} did not answer within ${seconds} s\n${logTail(server.log)}`);
}

function logTail(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-3000) : '';
}
