/** The static checks: types, style, dead code, package. They only read. */
import { join } from 'node:path';
import { run } from './proc.mjs';

const CHECKS = [
  { name: 'tsc', script: 'typescript/bin/tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'biome', script: '@biomejs/biome/bin/biome', args: ['ci', '--colors=off'] },
  { name: 'knip', script: 'knip/bin/knip.js', args: ['--no-progress'] },
  { name: 'publint', script: 'publint/src/cli.js', args: ['--strict'] },
];

/**
 * Run them one after another (each uses several cores itself).
 * @param {string} root
 * @param {(line: string) => void} log  hears of each result, and of a failed check's output
 * @returns {Promise<{ name: string, passed: boolean }[]>}
 */
export async function runChecks(root, log) {
  const results = [];
  for (const { name, script, args } of CHECKS) {
    try {
      const command = [join(root, 'node_modules', script), ...args];
      await run(process.execPath, command, { cwd: root, what: `check ${name}` });
      log(`check ${name}: passed`);
      results.push({ name, passed: true });
    } catch (error) {
      log(error.message);
      results.push({ name, passed: false });
    }
  }
  return results;
}
