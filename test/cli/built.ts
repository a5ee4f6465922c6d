import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The CLI as it is shipped, built into a folder of its own, so that a stale `dist` is never what is tested. */
export interface Built {
  /** Path of bin/bcn.js. */
  readonly bcn: string;
  remove(): Promise<void>;
}

export async function build(): Promise<Built> {
  const dir = await mkdtemp(path.join(tmpdir(), 'bcn-built-'));
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['-p', path.join(ROOT, 'tsconfig.build.json'), '--outDir', path.join(dir, 'dist')]);
  await mkdir(path.join(dir, 'bin'));
  for (const file of ['bin/bcn.js', 'package.json']) await copyFile(path.join(ROOT, file), path.join(dir, file));
  for (const folder of ['node_modules', 'samples']) await symlink(path.join(ROOT, folder), path.join(dir, folder));
  return { bcn: path.join(dir, 'bin/bcn.js'), remove: () => rm(dir, { recursive: true }) };
}
