import path from 'node:path';
import { BcnError } from '../errors.js';
import { COMPOSE } from './compose.js';
import { type Env, fromEnv, fromFlag, quoted, type Sourced, sourced } from './sourced.js';

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

/** The repository as a URI without a trailing slash: `s3://bucket/prefix` or `file:///folder`. Throws `config`. */
export function repositoryUri(env: Env): Sourced<string> {
  return placeUriOf(fromEnv(env, 'BACKUP_BUCKET') ?? sourced(COMPOSE.backupBucket, 'default'), 'a repository');
}

/** The repository that copies go to, as the other one. Throws `config`, or `usage` when it is empty. */
export function copyUri(flag: string): Sourced<string> {
  return placeUriOf(fromFlag(flag, '--to') as Sourced<string>, 'a repository');
}

/** The same for any place; `what`: for messages. */
export function placeUriOf({ value, origin }: Sourced<string>, what: string): Sourced<string> {
  const hint = 'Write a bucket, bucket/prefix, s3://bucket/prefix, or file:///folder.';
  const trimmed = value.replace(/\/+$/, '');
  if (/[?#\0]/.test(value)) throw new BcnError('config', `${origin} may not hold "?" or "#": ${quoted(value)}`, { hint });
  if (/^file:\/\/\/./.test(trimmed)) return sourced(`file://${path.posix.normalize(trimmed.slice('file://'.length))}`, origin);
  if (value.startsWith('/') || value.startsWith('.')) {
    throw new BcnError('config', `${origin} is no bucket: ${quoted(value)}`, {
      hint: 'A local folder is written file:///folder.',
    });
  }
  const rest = /^s3[an]?:\/\//.test(trimmed) ? trimmed.replace(/^s3[an]?:\/\//, '') : trimmed;
  const [bucket = '', ...prefix] = rest.split('/');
  if (rest.includes('://') || !BUCKET.test(bucket) || prefix.includes('')) {
    throw new BcnError('config', `${origin} is no place for ${what}: ${quoted(value)}`, { hint });
  }
  return sourced(`s3://${rest}`, origin);
}

/** Bucket (or bucket/prefix) below which tables are restored when nobody says where. Throws `config`. */
export function warehouseBucket(env: Env): Sourced<string> {
  const given = fromEnv(env, 'WAREHOUSE_BUCKET') ?? sourced(COMPOSE.warehouseBucket, 'default');
  const value = given.value.replace(/^s3[an]?:\/\//, '').replace(/\/+$/, '');
  const [bucket = '', ...prefix] = value.split('/');
  if (!BUCKET.test(bucket) || /[?#\0]/.test(value) || prefix.includes('')) {
    throw new BcnError('config', `${given.origin} is no bucket: ${quoted(given.value)}`, {
      hint: 'Write a bucket, such as warehouse.',
    });
  }
  return sourced(value, given.origin);
}
