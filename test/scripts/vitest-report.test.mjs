import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { countRun, parseReport } from '../../scripts/lib/report.mjs';

/** What vitest itself reports in the cases that matter, so that an update of vitest cannot turn red into green. */
const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bcn-report-'));
symlinkSync(modules, join(folder, 'node_modules'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let runs = 0;
function runOf(source) {
  const root = join(folder, String(runs++));
  mkdirSync(root);
  writeFileSync(join(root, 'a.test.mjs'), `import { afterAll, beforeAll, describe, expect, test } from 'vitest';\n${source}`);
  const output = join(root, 'report.json');
  const args = ['run', '--root', root, '--reporter=json', `--outputFile.json=${output}`];
  const env = { ...process.env, VITEST: undefined, VITEST_WORKER_ID: undefined, VITEST_POOL_ID: undefined };
  const { status } = spawnSync(process.execPath, [join(modules, 'vitest', 'vitest.mjs'), ...args], { env });
  return countRun({ report: parseReport(readFileSync(output, 'utf8')), exitCode: status, checks: [] });
}

const CASES = [
  [
    'a pass, a skip with its reason',
    "test('a', () => {}); describe.skip('b [no spark]', () => { test('c', () => {}); });",
    [1, 0, 1],
  ],
  ['a failed test', "test('a', () => { expect(1).toBe(2); }); test('b', () => {});", [1, 1, 0]],
  ['a file that cannot be collected', "throw new Error('at import');", [0, 1, 0]],
  [
    'a beforeAll that throws',
    "describe('a', () => { beforeAll(() => { throw new Error('x'); }); test('b', () => {}); });",
    [0, 1, 1],
  ],
  [
    'an afterAll that throws',
    "describe('a', () => { afterAll(() => { throw new Error('x'); }); test('b', () => {}); });",
    [1, 1, 0],
  ],
  ['an error outside of every test', "test('a', () => { setTimeout(() => { throw new Error('x'); }, 0); });", [1, 1, 0]],
  ['a worker that ends itself', "test('a', () => { process.kill(process.pid, 'SIGKILL'); });", [0, 1, 0]],
];

test.each(CASES)('%s', { timeout: 120_000 }, (_name, source, [passed, failed, skipped]) => {
  expect(runOf(source)).toMatchObject({ passed, failed, skipped });
});
