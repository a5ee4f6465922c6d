import { BcnError } from '../errors.js';
import { type Env, firstOfEnv, fromFlag, quoted, type Sourced } from './sourced.js';

/** How an S3 service is to keep what is written; undefined = as the bucket says. */
export interface Kept {
  /** Storage class of data files. */
  readonly storageClass?: string;
  /** KMS key of everything: an id, an ARN or an alias. */
  readonly kmsKey?: string;
}

export interface KeptFlags {
  readonly storageClass?: string;
  readonly sseKmsKeyId?: string;
}

/** Classes whose objects cannot be read until somebody has asked for them back. */
const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE'];

/** Flag, then the place's variables, then the general ones. `prefix`: `BCN_REPO_S3`. Throws `config`. */
export function keptSettings(prefix: string, flags: KeptFlags, env: Env): Kept {
  const given = (flag: string | undefined, name: string, variable: string) =>
    fromFlag(flag, name) ?? firstOfEnv(env, `${prefix}_${variable}`, `S3_${variable}`);
  const storageClass = given(flags.storageClass, '--storage-class', 'STORAGE_CLASS');
  const kmsKey = given(flags.sseKmsKeyId, '--sse-kms-key-id', 'SSE_KMS_KEY_ID');
  if (storageClass) checkClass(storageClass);
  if (kmsKey && !/^[\x21-\x7e]+$/.test(kmsKey.value))
    throw new BcnError('config', `${kmsKey.origin} is no id of a key: ${quoted(kmsKey.value)}`, {
      hint: 'Give the id of a KMS key, its ARN, or alias/NAME.',
    });
  return { ...(storageClass && { storageClass: storageClass.value }), ...(kmsKey && { kmsKey: kmsKey.value }) };
}

function checkClass({ value, origin }: Sourced<string>): void {
  if (ARCHIVES.includes(value))
    throw new BcnError('config', `${origin} may not be ${value}: what lies in an archive cannot be read when it is needed`, {
      hint: 'Verify, restore and further backups read and copy data files at any time. GLACIER_IR and STANDARD_IA are cheap, too, and can be read at once.',
    });
  if (!/^[A-Z][A-Z0-9_]{1,63}$/.test(value))
    throw new BcnError('config', `${origin} is no storage class: ${quoted(value)}`, {
      hint: 'Write it as S3 does, like STANDARD_IA or INTELLIGENT_TIERING.',
    });
}
