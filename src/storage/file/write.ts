import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { objectExists, throwIfAborted, unwritableKey } from '../guard.js';
import { TEMP_PREFIX } from './paths.js';

/** One file to write: its path, its URI for messages, and how it takes its name. */
export interface FileTarget {
  readonly path: string;
  readonly object: string;
  /** `create`: fail if the name is taken. `replace`: take it over. */
  readonly mode: 'create' | 'replace';
  readonly signal?: AbortSignal;
}

/**
 * Writes a file that is visible only when whole and on disk: a temporary file in the same folder, fsync, then link or
 * rename, then fsync of the folder. Whatever fails leaves neither the file nor the temporary one.
 */
export async function writeWhole<T>(target: FileTarget, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const folder = dirname(target.path);
  const { file, temp } = await openTemp(folder);
  try {
    let result: T;
    try {
      result = await fill(file);
      throwIfAborted(target.signal, target.object);
      await file.sync();
    } finally {
      await file.close();
    }
    await takeName(temp, target);
    if (target.mode === 'create') await unlink(temp);
    await syncFolder(folder);
    return result;
  } catch (error) {
    await unlink(temp).catch(() => {});
    throw error;
  }
}

/** A delete beside us may remove the folder again before the file is in it, so this is tried a few times. */
async function openTemp(folder: string): Promise<{ readonly file: FileHandle; readonly temp: string }> {
  for (let attempt = 1; ; attempt++) {
    await makeFolder(folder);
    const temp = `${folder === '/' ? '' : folder}/${TEMP_PREFIX}${randomUUID()}`;
    try {
      return { file: await open(temp, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666), temp };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 10) throw error;
    }
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    // mkdir says EEXIST where a file has the folder's own name, ENOTDIR where one stands further up.
    if (error.code === 'EEXIST') error.code = 'ENOTDIR';
    throw error;
  });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function takeName(temp: string, target: FileTarget): Promise<void> {
  if (target.mode === 'replace') return rename(temp, target.path);
  try {
    await link(temp, target.path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw await taken(target, error);
    // The temporary file could be made here, so this is no question of rights: the file system knows no hard links.
    if (code === 'EPERM') (error as NodeJS.ErrnoException).code = 'ENOTSUP';
    throw error;
  }
}

async function taken(target: FileTarget, cause: unknown): Promise<Error> {
  const stat = await lstat(target.path).catch(() => undefined);
  return stat?.isDirectory() ? unwritableKey(target.object, 'a folder has this name') : objectExists(target.object, cause);
}

/** Makes new names durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; their names are durable by themselves.
    if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
