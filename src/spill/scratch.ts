import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BcnError } from '../errors.js';

/** Runs `use` with a fresh folder below `tmpDir` and removes the folder afterwards, whatever happened. */
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
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
