/** `npm run lab -- up [parts] | down | status | env`: the real parts in the background, for work by hand. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PARTS } from '../test/lab/native.mjs';
import { labEnvironment, startLab } from '../test/lab/start.mjs';
import { cacheRoot, withLock } from './lib/cache.mjs';
import { isAlive, killRunning, stopServers } from './lib/proc.mjs';

const STATE = join(cacheRoot(), 'lab.json');
const USAGE = `usage: npm run lab -- up [${PARTS.join('] [')}] | down | status | env`;

const [command, ...parts] = process.argv.slice(2);
const commands = { up, down: () => exclusively(down), status, env: printEnvironment };
if (!Object.hasOwn(commands, command ?? '') || parts.some((part) => !PARTS.includes(part))) {
  console.error(USAGE);
  process.exit(2);
}
await commands[command]();

/** Starts the parts named (all, if none) that do not run yet. */
async function up() {
  const missing = await exclusively(startMissing);
  console.error(missing.length > 0 ? `The lab is up without ${missing.join(', ')}.` : 'The lab is up.');
  console.error('Its addresses: npm run lab -- env');
  process.exit(missing.length > 0 ? 1 : 0);
}

/** Two at once would overwrite each other's state. */
function exclusively(work) {
  return withLock(join(cacheRoot(), '.lab.lock'), (line) => console.error(line), work);
}

/** @returns {Promise<string[]>} the parts that could not be started */
async function startMissing() {
  const before = readState();
  if (before) await forgetEnded(before);
  const running = before?.servers.length > 0 ? before : undefined;
  const folder = join(cacheRoot(), 'lab');
  if (!running) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const state = running ?? { folder, servers: [], lab: { missing: {} } };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, async () => {
      killRunning();
      await down();
      process.exit(130);
    });
  }
  const keep = (server) => {
    state.servers.push(server);
    writeState(state);
  };
  const changed = (lab) => {
    state.lab = lab;
    writeState(state);
  };
  const log = (line) => console.error(line);
  // Containers end with the process that made them; what stays in the background is native.
  const wanted = parts.length > 0 ? parts : PARTS;
  const lab = await startLab({ runFolder: folder, keep, log, changed, parts: wanted, running: state.lab, docker: false });
  return Object.keys(lab.missing);
}

/** Parts that ended by themselves are started again. */
async function forgetEnded(state) {
  const alive = state.servers.filter(isAlive);
  const ended = state.servers.filter((server) => !alive.includes(server));
  await stopServers(ended);
  for (const { part } of ended) if (!alive.some((server) => server.part === part)) delete state.lab[part];
  state.servers = alive;
}

async function down() {
  const state = readState();
  if (!state) return console.error('No lab is up.');
  await stopServers(state.servers);
  rmSync(state.folder, { recursive: true, force: true });
  rmSync(STATE, { force: true });
  console.error('The lab is down.');
}

function status() {
  const state = readState();
  if (!state) return console.log('No lab is up.');
  for (const server of state.servers) {
    console.log(`${server.name.padEnd(10)} ${isAlive(server) ? 'runs' : 'ended'}  pid ${server.pid}  log ${server.log}`);
  }
  for (const [part, reason] of Object.entries(state.lab.missing)) console.log(`${part.padEnd(10)} missing: ${reason}`);
}

function printEnvironment() {
  const state = readState();
  if (!state) {
    console.error('No lab is up; start one with: npm run lab -- up');
    process.exit(1);
  }
  for (const [name, value] of Object.entries(labEnvironment(state.lab))) console.log(`export ${name}='${value}'`);
}

function readState() {
  return existsSync(STATE) ? JSON.parse(readFileSync(STATE, 'utf8')) : undefined;
}

function writeState(state) {
  writeFileSync(`${STATE}.new`, JSON.stringify(state, null, 2));
  renameSync(`${STATE}.new`, STATE);
}
