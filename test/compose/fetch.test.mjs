import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** A resolver that "fetches" what SERVED says, and notes how it was called. The real one needs the network. */
const RESOLVER = `#!/bin/bash
set -eu
echo "$*" >> "$CALLS"
ivy="\${2#spark.jars.ivy=}"
mkdir -p "$ivy/jars"
printf '%s' "$SERVED" > "$ivy/jars/a.jar"
`;

let work;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'bcn-jars-'));
  cpSync(join(import.meta.dirname, '../../compose/jars'), join(work, 'scripts'), { recursive: true });
  const sum = createHash('sha256').update('right').digest('hex');
  writeFileSync(join(work, 'scripts/sums.sha256'), `${sum}  ivy/jars/a.jar\n`);
  mkdirSync(join(work, 'bin'));
  writeFileSync(join(work, 'bin/spark-submit'), RESOLVER);
  chmodSync(join(work, 'bin/spark-submit'), 0o755);
  mkdirSync(join(work, 'jars'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

function fetchJars(served) {
  const env = { PATH: process.env.PATH, SPARK_HOME: work, PACKAGES: 'g:a:1', CALLS: join(work, 'calls'), SERVED: served };
  const ran = spawnSync('bash', [join(work, 'scripts/fetch.sh'), join(work, 'jars')], { env, encoding: 'utf8' });
  const calls = existsSync(join(work, 'calls')) ? readFileSync(join(work, 'calls'), 'utf8').trim().split('\n') : [];
  return { status: ran.status, output: ran.stdout + ran.stderr, calls };
}

test('fetches what is asked for with Spark, checks it, and does so once', () => {
  const first = fetchJars('right');
  expect(first.status, first.output).toBe(0);
  expect(first.calls).toEqual([`--conf spark.jars.ivy=${work}/jars/ivy --packages g:a:1 ${work}/scripts/nothing.py`]);
  expect(fetchJars('right')).toMatchObject({ status: 0, calls: first.calls, output: 'The jars are there.\n' });
});

test('a jar that is not the one is an error, and is fetched anew the next time', () => {
  expect(fetchJars('wrong')).toMatchObject({ status: 1, output: expect.stringContaining('ivy/jars/a.jar: FAILED') });
  expect(fetchJars('right').status).toBe(0);
});

test('a jar that broke in the volume is fetched anew', () => {
  fetchJars('right');
  writeFileSync(join(work, 'jars/ivy/jars/a.jar'), 'bit rot');
  expect(fetchJars('right').calls).toHaveLength(2);
  expect(readFileSync(join(work, 'jars/ivy/jars/a.jar'), 'utf8')).toBe('right');
});

test('a resolver that fails is an error', () => {
  writeFileSync(join(work, 'bin/spark-submit'), '#!/bin/bash\nexit 7\n');
  expect(fetchJars('right').status).toBe(7);
});
