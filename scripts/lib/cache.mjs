/** The cache outside the checkout: `${BCN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bcn}/<part>-<version>-<recipe>/`. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startTime } from './proc.mjs';

/** @returns {string} the cache folder; it exists afterwards */
export function cacheRoot(env = process.env) {
  const root = env.BCN_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bcn');
  mkdirSync(root, { recursive: true });
  return root;
}

/**
 * Make a part once and keep it. Two runs at once: one makes it, the other waits. A run that dies leaves only a
 * temporary folder, which the next one removes; a finished folder appears by one rename.
 * @param {{ part: string, version: string, recipe: unknown }} what  `recipe`: all that decides the content
 * @param {(folder: string) => Promise<void>} make  fills an empty folder; must not remember its path
 * @param {{ root?: string, log?: (line: string) => void }} [options]
 * @returns {Promise<string>} the folder
 */
export async function provisionOnce({ part, version, recipe }, make, { root = cacheRoot(), log = () => {} } = {}) {
  const hash = createHash('sha256')
    .update(JSON.stringify([process.platform, process.arch, recipe]))
    .digest('hex');
  const name = `${part}-${version}-${hash.slice(0, 8)}`;
  const folder = join(root, name);
  if (existsSync(folder)) return folder;
  const begun = making.get(folder);
  if (begun) return begun;
  const made = lockAndMake({ part, version, name, folder }, make, { root, log }).finally(() => making.delete(folder));
  making.set(folder, made);
  return made;
}

/** What this process makes at the moment: two parts may need the same, and would wait for a lock that is their own. */
const making = new Map();

function lockAndMake({ part, version, name, folder }, make, { root, log }) {
  return withLock(join(root, `.${name}.lock`), log, async () => {
    if (existsSync(folder)) return folder;
    for (const entry of readdirSync(root)) {
      if (entry.startsWith(`.${name}.tmp-`)) rmSync(join(root, entry), { recursive: true, force: true });
    }
    const temporary = join(root, `.${name}.tmp-${randomBytes(4).toString('hex')}`);
    mkdirSync(temporary);
    const start = Date.now();
    log(`${part} ${version}: making it ready (first time only)`);
    try {
      await make(temporary);
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
    log(`${part} ${version}: ready after ${Math.round((Date.now() - start) / 1000)} s`);
    return folder;
  });
}

/**
 * Hold a lock file while `work` runs. A lock whose process is gone is taken over. Should two takers of a stale lock
 * ever both win, the work is done twice, never wrongly: what it makes appears by rename.
 */
export async function withLock(file, log, work) {
  const me = JSON.stringify({ pid: process.pid, started: startTime(process.pid) });
  const mine = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(mine, me);
  try {
    for (let round = 0; !tryLink(mine, file); round++) {
      const holder = readLock(file);
      if (holder && !isAlive(holder)) takeAway(file);
      else if (round % 60 === 0) log(`waiting for process ${holder?.pid ?? '?'}, which holds ${file}`);
      await sleep(round === 0 ? 50 : 500);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    // Ours still? A taker-over that misjudged us must not lose its own lock.
    if (existsSync(file) && readFileSync(file, 'utf8') === me) rmSync(file, { force: true });
  }
}

/** `link` makes the file and its content appear at once; there is no moment with an empty lock. */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns {{ pid: number, started: string } | undefined} undefined when it was released meanwhile */
function readLock(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return { pid: -1, started: '' };
  }
}

function takeAway(file) {
  try {
    const aside = `${file}.stale-${randomBytes(4).toString('hex')}`;
    renameSync(file, aside);
    rmSync(aside, { force: true });
  } catch {
    // Another run was faster.
  }
}
