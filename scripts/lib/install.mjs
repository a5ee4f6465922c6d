/** Dependencies and build, each only when something changed; silent unless it fails. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheRoot, withLock } from './cache.mjs';
import { run } from './proc.mjs';

/**
 * `npm ci` unless node_modules was made from this very lock file by this Node.
 * @param {string} root  the checkout
 * @param {(line: string) => void} log
 */
export async function install(root, log) {
  const stamp = join(root, 'node_modules', '.bcn-lock-hash');
  const wanted = hashOf([join(root, 'package-lock.json')], root, `${process.version} ${process.platform} ${process.arch}`);
  if (isStamped(stamp, wanted)) return;
  await exclusively(root, log, async () => {
    if (isStamped(stamp, wanted)) return;
    log('installing dependencies');
    // NODE_ENV=production would leave out what builds and tests; nothing we use needs an install script.
    const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
    const npm = process.env.npm_execpath;
    if (npm?.endsWith('.js')) await run(process.execPath, [npm, ...args], { cwd: root, what: 'npm ci' });
    else await run('npm', args, { cwd: root, what: 'npm ci' });
    writeFileSync(stamp, wanted);
  });
}

/**
 * Compile src/ to dist/ unless dist/ was made from these very sources. dist/ is replaced as a whole, so that
 * nothing stays of a source that is gone.
 * @param {string} root
 * @param {(line: string) => void} log
 */
export async function build(root, log) {
  const stamp = join(root, 'node_modules', '.bcn-build-hash');
  const dist = join(root, 'dist');
  const inputs = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) => join(root, name));
  const current = () => hashOf([...inputs, ...filesUnder(join(root, 'src'))], root, process.version);
  const done = (hash) => existsSync(dist) && isStamped(stamp, hash);
  if (done(current())) return;
  await exclusively(root, log, async () => {
    const wanted = current();
    if (done(wanted)) return;
    log('building');
    const fresh = join(root, 'node_modules', '.bcn-dist');
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root, what: 'tsc' });
    rmSync(stamp, { force: true });
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
    writeFileSync(stamp, wanted);
  });
}

/** Two commands in one checkout (a demo and a test run) must not install over each other. */
function exclusively(root, log, work) {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 8);
  return withLock(join(cacheRoot(), `.checkout-${name}.lock`), log, work);
}

function isStamped(stamp, wanted) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

function hashOf(files, root, salt) {
  const hash = createHash('sha256').update(salt);
  for (const file of files.toSorted()) hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
