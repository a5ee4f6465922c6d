import { mkdtemp, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { BcnError } from '../errors.js';

/**
 * Runs `use` with a fresh folder below `tmpDir` and removes the folder afterwards, whatever happened. Throws `config` when it cannot be
 * made, `storage-unavailable` when its disk is full or fails.
 */
export async function withScratch<T>(tmpDir: string, use: (dir: string) => Promise<T>): Promise<T> {
  let dir: string;
  try {
    dir = await mkdtemp(join(tmpDir, 'bcn-'));
  } catch (cause) {
    throw new BcnError('config', `Cannot make a folder for spill files in ${tmpDir}`, {
      cause,
      hint: 'Name a writable folder with --tmp-dir.',
      object: tmpDir,
    });
  }
  try {
    return await use(dir);
  } catch (error) {
    throw isDiskError(error, dir) ? diskError(error, tmpDir) : error;
  } finally {
    // What cannot be removed must not hide how the work ended.
    await rm(dir, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Errors of stores are BcnErrors by now. What a stream fails to write carries no path. */
function isDiskError(error: unknown, dir: string): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || error instanceof BcnError) return false;
  const { code = '', path } = error as NodeJS.ErrnoException;
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(code) && (path === undefined || path.startsWith(dir + sep));
}

function diskError(cause: NodeJS.ErrnoException, tmpDir: string): BcnError {
  const full = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  const what = full ? 'No space left for spill files in' : 'Cannot write or read spill files in';
  return new BcnError('storage-unavailable', `${what} ${tmpDir}${full ? '' : `: ${cause.message}`}`, {
    cause,
    hint: full ? 'Free space there, or name a larger folder with --tmp-dir.' : 'Name another, larger folder with --tmp-dir.',
    object: tmpDir,
  });
}
