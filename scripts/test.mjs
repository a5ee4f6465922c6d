/** `npm test`: install, build, start the real parts, check, test, stop everything, count. Arguments go to vitest. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLab } from '../test/lab/start.mjs';
import { cacheRoot } from './lib/cache.mjs';
import { runChecks } from './lib/checks.mjs';
import { createCleanup } from './lib/cleanup.mjs';
import { build, install } from './lib/install.mjs';
import { countRun, lastLine, parseReport } from './lib/report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const startedAt = Date.now();
const runFolder = mkdtempSync(join(tmpdir(), 'bcn-test-'));
const cleanup = createCleanup(runFolder);
const problems = [];

try {
  await main();
} catch (error) {
  console.error(error);
  await cleanup.end();
  finish({ passed: 0, failed: 1, skipped: 0 });
}

async function main() {
  await attempt('installing', () => install(root, log));
  const [lab, checks] = await Promise.all([startParts(), buildAndCheck()]);
  const { report, exitCode } = await vitest(lab, process.argv.slice(2));
  const counts = countRun({ report, exitCode, checks, problems });
  if (counts.failed > 0) await attempt('keeping the logs', keepLogs);
  await cleanup.end();
  for (const { suite, tests } of counts.skips) console.log(`skipped: ${relative(root, suite)} (${tests})`);
  for (const failure of counts.failures) console.log(`failed: ${failure.replace(root, '')}`);
  finish(counts);
}

function finish(counts) {
  const { line, exitCode } = lastLine(counts);
  console.log(line);
  process.exitCode = exitCode;
}

async function startParts() {
  const { stopContainers, ...lab } = await startLab({ runFolder, keep: cleanup.keep, log });
  cleanup.onEnd(stopContainers);
  if (process.env.BCN_REQUIRE_PARTS === '1') {
    for (const [part, reason] of Object.entries(lab.missing)) problems.push(`required part ${part} is missing: ${reason}`);
  }
  return lab;
}

async function buildAndCheck() {
  await attempt('building', () => build(root, log));
  return runChecks(root, log);
}

async function attempt(what, work) {
  try {
    await work();
  } catch (error) {
    log(error.message);
    problems.push(`${what}: ${error.message.split('\n', 1)[0]}`);
  }
}

/** @returns {Promise<{ report: unknown, exitCode: number | null }>} */
async function vitest(lab, args) {
  const output = join(runFolder, 'vitest.json');
  const script = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${output}`, ...args];
  const env = { ...process.env, BCN_LAB: JSON.stringify(lab), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  log('testing');
  const exitCode = await new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...options], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    cleanup.onEnd(() => child.kill('SIGTERM'));
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code));
  });
  return { report: existsSync(output) ? parseReport(readFileSync(output, 'utf8')) : undefined, exitCode };
}

/** The servers' logs of the last failed run, for the person who must find out why. */
function keepLogs() {
  const folder = join(cacheRoot(), 'failed-run-logs');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const logs = readdirSync(runFolder).filter((name) => name.endsWith('.log'));
  for (const name of logs) copyFileSync(join(runFolder, name), join(folder, name));
  log(`the servers' logs: ${folder}`);
}

function log(line) {
  console.error(`[${String(Math.round((Date.now() - startedAt) / 1000)).padStart(4)} s] ${line}`);
}
