import { BcnError } from '../errors.js';
import { Secret } from './secret.js';
import { type Env, fromEnv, type Sourced, sourced } from './sourced.js';

export interface KeyPair {
  readonly accessKey: string;
  readonly secretKey: Secret;
  /** Of temporary keys (STS). */
  readonly sessionToken: Secret | undefined;
  /** Beginning of the variables that they come from, or belong into: `S3`. */
  readonly prefix: string;
}

/**
 * The keys of `PREFIX_ACCESS_KEY`, `PREFIX_SECRET_KEY` and, for temporary ones, `PREFIX_SESSION_TOKEN`: a token is part of its keys, so it is
 * never combined with those of another prefix. Throws `config` when a part is missing or holds control characters.
 */
export function keysFromEnv(prefix: string, env: Env): Sourced<KeyPair> | undefined {
  const access = fromEnv(env, `${prefix}_ACCESS_KEY`);
  const secret = fromEnv(env, `${prefix}_SECRET_KEY`);
  const token = fromEnv(env, `${prefix}_SESSION_TOKEN`);
  for (const given of [access, secret, token]) if (given) checkKey(given);
  if (access === undefined && secret === undefined) {
    if (token === undefined) return undefined;
    throw new BcnError('config', `${token.origin} is set, but ${prefix}_ACCESS_KEY and ${prefix}_SECRET_KEY are not`, {
      hint: 'A session token goes with the keys that were issued with it: set all three, or none.',
    });
  }
  if (access === undefined || secret === undefined) {
    const [set, missing] = access === undefined ? ['SECRET', 'ACCESS'] : ['ACCESS', 'SECRET'];
    throw new BcnError('config', `${prefix}_${set}_KEY is set, but ${prefix}_${missing}_KEY is not`, {
      hint: 'Set both, or neither.',
    });
  }
  const sessionToken = token && new Secret(token.value);
  return sourced({ accessKey: access.value, secretKey: new Secret(secret.value), sessionToken, prefix }, access.origin);
}

/** A secret file or `echo` leaves a line break, which no request can carry in its header; in the secret key it would only be a wrong signature. */
function checkKey({ value, origin }: Sourced<string>): void {
  if (!/\p{Cc}/u.test(value)) return;
  throw new BcnError('config', `${origin} holds a line break or another control character`, {
    hint: 'Often a file with the value ends in a line break: write it with printf instead of echo.',
  });
}

/** For messages: the variables that the keys came from. */
export function describeKeys(keys: Sourced<KeyPair>): string {
  const token = keys.value.sessionToken ? ` with ${keys.value.prefix}_SESSION_TOKEN` : '';
  return `keys of ${keys.origin}${token}`;
}
