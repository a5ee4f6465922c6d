import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BcnError } from '../errors.js';
import { wholeNumber } from './numbers.js';
import { type Env, fromEnv, fromFlag, sourced } from './sourced.js';

export const DEFAULT_JOBS = 16;
export const MAX_JOBS = 256;
const GIB = 1024 ** 3;

/** Copies under way at once, 1 to 256. Throws `usage`. */
export function jobsOf(flag: string | undefined): number {
  const given = fromFlag(flag, '--jobs');
  return given === undefined ? DEFAULT_JOBS : wholeNumber(given, 1, MAX_JOBS);
}

/** Size in bytes above which an S3 copy runs in parts; S3 itself demands it above 5 GiB. Throws `usage`. */
export function multipartThreshold(env: Env): number {
  const given = fromEnv(env, 'BCN_MULTIPART_THRESHOLD');
  return given === undefined ? 5 * GIB : wholeNumber(given, 1, 5 * GIB);
}

/** Absolute path of the folder for spill files. Throws `config` when it is none. */
export async function tmpDirOf(flag: string | undefined, cwd: string): Promise<string> {
  const given = fromFlag(flag, '--tmp-dir') ?? sourced(tmpdir(), 'the temporary folder of this system');
  const folder = path.resolve(cwd, given.value);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return folder;
  throw new BcnError('config', `${given.origin} is no folder: ${folder}`, { hint: 'Make it, or name another with --tmp-dir.' });
}
