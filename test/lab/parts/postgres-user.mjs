/** PostgreSQL refuses to run as root. Then it runs as nobody, in a folder that nobody can reach, removed when it is stopped. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSystem } from './postgres-files.mjs';

/**
 * @typedef {object} PostgresPlace
 * @property {string} programs  folder with `bin/`
 * @property {string} folder  private to the user; for the data
 * @property {{ uid: number, gid: number }} [user]  undefined: whom we run as
 * @property {string} [scratch]  what must be removed apart from the run's folder
 */

/**
 * Where PostgreSQL can run.
 * @param {string} programs  of provisionPostgres
 * @param {string} runFolder
 * @returns {PostgresPlace}
 */
export function postgresPlace(programs, runFolder) {
  if (process.getuid?.() !== 0) {
    const folder = join(runFolder, 'postgres');
    // An earlier attempt may have left a cluster.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { programs, folder };
  }
  const user = nobody();
  // The cache and the run's folder may lie below a home that only root can enter, a TMPDIR too.
  const parents = [...new Set([tmpdir(), '/tmp', '/var/tmp'])];
  for (const parent of parents) {
    const place = placeBelow(parent, programs, user);
    if (place) return place;
  }
  throw new Error(`PostgreSQL must not run as root, and no folder was found where nobody can run it: ${parents.join(', ')}`);
}

/** @returns {PostgresPlace | undefined} undefined when the user cannot run the programs there */
function placeBelow(parent, programs, user) {
  let folder;
  try {
    folder = mkdtempSync(join(parent, 'bcn-postgres-'));
  } catch {
    return undefined;
  }
  try {
    const copied = isSystem(programs) ? programs : join(folder, 'programs');
    if (copied !== programs) cpSync(programs, copied, { recursive: true, verbatimSymlinks: true });
    const data = join(folder, 'data');
    mkdirSync(data);
    for (const path of [folder, data]) {
      chmodSync(path, 0o700);
      chownSync(path, user.uid, user.gid);
    }
    const tried = spawnSync(join(copied, 'bin', 'postgres'), ['--version'], { cwd: '/', stdio: 'ignore', ...user });
    if (tried.status === 0) return { programs: copied, folder: data, user, scratch: folder };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}

function nobody() {
  const number = (option) => {
    const { status, stdout } = spawnSync('id', [option, 'nobody'], { encoding: 'utf8' });
    if (status !== 0 || !/^\d+\n?$/.test(stdout)) throw new Error('there is no user nobody that PostgreSQL could run as');
    return Number(stdout);
  };
  return { uid: number('-u'), gid: number('-g') };
}
