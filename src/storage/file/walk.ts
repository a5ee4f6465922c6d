import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { keyProblem } from '../guard.js';
import { byteCompare } from '../location.js';
import { isTemp } from './paths.js';

/** A step of the walk: a file, or with `fold` a folder that holds at least one file. */
export type Found = { readonly key: string; readonly size: number; readonly modified: number } | { readonly folder: string };

export interface WalkOptions {
  /** Names in the first folder must begin with this. */
  readonly start: string;
  readonly startAfter?: string | undefined;
  /** Do not enter sub-folders, name them. */
  readonly fold: boolean;
  /** Show unfinished files instead of the finished ones. */
  readonly temps?: boolean;
}

interface Name {
  /** With a '/' at the end for a folder: that is how its keys sort beside files. */
  readonly name: string;
  readonly link: boolean;
}

const STATS_AT_ONCE = 64;

/**
 * The files below a folder (a key, '' or ending in '/') in the byte order of their keys; holds the names of one folder per level.
 * Symbolic links are followed, except back into a folder that the walk is in. What is neither file nor folder, what vanishes
 * meanwhile and what cannot be a key (names that are not UTF-8, more than 1,024 bytes) is no object and is left out.
 */
export async function* walk(folder: string, options: WalkOptions, via: readonly string[] = []): AsyncGenerator<Found> {
  const names = await sortedNames(folder, options);
  for (let at = 0; at < names.length; at += STATS_AT_ONCE) {
    const batch = names.slice(at, at + STATS_AT_ONCE);
    const stats = await Promise.all(batch.map(({ name }) => (name.endsWith('/') ? undefined : fileStat(folder + name))));
    for (const [i, { name, link }] of batch.entries()) {
      const key = folder + name;
      if (!name.endsWith('/')) {
        const found = stats[i];
        if (found) yield { key, size: found.size, modified: found.mtimeMs };
        continue;
      }
      const next = link ? await followed(folder, key, via) : via;
      if (!next) continue;
      const below = walk(key, { ...options, start: '', fold: false }, next);
      if (!options.fold) yield* below;
      else if (!(await below.next()).done) yield { folder: key };
    }
  }
}

async function sortedNames(folder: string, options: WalkOptions): Promise<readonly Name[]> {
  const { start, startAfter } = options;
  const names: Name[] = [];
  for (const entry of await entries(folder)) {
    const kind = await kindOf(folder, entry);
    if (kind === undefined) continue;
    if (kind === 'file' && isTemp(entry.name) !== (options.temps === true)) continue;
    const name = kind === 'folder' ? `${entry.name}/` : entry.name;
    if (!name.startsWith(start) || keyProblem(folder + name)) continue;
    if (startAfter !== undefined && isPast(folder + name, startAfter)) continue;
    names.push({ name, link: entry.isSymbolicLink() });
  }
  return names.sort((a, b) => byteCompare(a.name, b.name));
}

/** True when neither this key nor, for a folder, any key in it can come after `startAfter`. */
function isPast(key: string, startAfter: string): boolean {
  if (key.endsWith('/') && startAfter.startsWith(key)) return false;
  return byteCompare(key, startAfter) <= 0;
}

async function entries(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(`/${folder}`, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function kindOf(folder: string, entry: Dirent): Promise<'file' | 'folder' | undefined> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return undefined;
  const target = await anyStat(folder + entry.name);
  if (target?.isFile()) return 'file';
  return target?.isDirectory() ? 'folder' : undefined;
}

/** The folders (real paths) whose links were taken, this one included; undefined when the link leads back to or above one of them. */
async function followed(parent: string, link: string, via: readonly string[]): Promise<readonly string[] | undefined> {
  const target = await realpath(`/${link}`).catch(() => undefined);
  const here = await realpath(`/${parent}`).catch(() => undefined);
  if (target === undefined || here === undefined) return undefined;
  const above = target === '/' ? '/' : `${target}/`;
  const path = [...via, here];
  return path.some((folder) => `${folder}/`.startsWith(above)) ? undefined : path;
}

async function fileStat(key: string): Promise<Stats | undefined> {
  const found = await anyStat(key);
  return found?.isFile() ? found : undefined;
}

async function anyStat(key: string): Promise<Stats | undefined> {
  try {
    return await stat(`/${key}`);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');
}
