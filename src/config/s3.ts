import { BcnError } from '../errors.js';
import { awsConfigured, awsCredentialsInEnv } from './aws.js';
import { awsConfigRegion } from './aws-region.js';
import { COMPOSE } from './compose.js';
import { answers } from './probe.js';
import { Secret } from './secret.js';
import { type Env, firstOfEnv, fromEnv, fromFlag, quoted, type Sourced, sourced } from './sourced.js';

/** The three places a command touches; their settings are equal unless told otherwise. */
export type Role = 'source' | 'repo' | 'target';

export interface S3Settings {
  /** undefined = AWS itself. */
  readonly endpoint: Sourced<string> | undefined;
  readonly region: Sourced<string>;
  /** undefined = the AWS default chain. */
  readonly keys: Sourced<KeyPair> | undefined;
  /** For messages: endpoint and credentials with their origins. */
  readonly used: string;
}

export interface KeyPair {
  readonly accessKey: string;
  readonly secretKey: Secret;
}

export interface S3Flags {
  readonly sourceEndpoint?: string;
  readonly repoEndpoint?: string;
  readonly targetEndpoint?: string;
}

/** What this machine has beyond variables and flags; separate, so that it is found out once and tests need no port 9000. */
export interface Surroundings {
  /** What of AWS is configured, if anything. */
  readonly aws: string | undefined;
  /** The compose default endpoint may be used: nothing of AWS is configured, and it answers. */
  readonly compose: boolean;
  /** Region of the AWS config file. */
  readonly region: Sourced<string> | undefined;
}

export async function lookAround(env: Env): Promise<Surroundings> {
  const region = await awsConfigRegion(env);
  if (fromEnv(env, 'S3_ENDPOINT') !== undefined) return { aws: 'S3_ENDPOINT', compose: false, region };
  const aws = await awsConfigured(env);
  return { aws, compose: aws === undefined && (await answers(COMPOSE.endpoint, 500)), region };
}

/**
 * The S3 settings of one place: flag, then the place's variables, then the general ones, then the compose defaults (only when nothing of
 * AWS is configured and the default endpoint answers), else AWS with its default chain. Throws `config` for a value that cannot be.
 */
export function s3Settings(role: Role, flags: S3Flags, env: Env, around: Surroundings): S3Settings {
  const prefix = `BCN_${role.toUpperCase()}_S3`;
  const endpoint = findEndpoint(role, prefix, flags, env, around);
  const keys = findKeys(prefix, env) ?? findKeys('S3', env) ?? defaultKeys(endpoint, env);
  const region =
    firstOfEnv(env, `${prefix}_REGION`, 'AWS_REGION', 'AWS_DEFAULT_REGION') ??
    (endpoint === undefined ? around.region : undefined) ??
    sourced('us-east-1', 'default');
  return { endpoint, region, keys, used: describe(endpoint, region, keys, around) };
}

function findEndpoint(role: Role, prefix: string, flags: S3Flags, env: Env, around: Surroundings): Sourced<string> | undefined {
  const given =
    fromFlag(flags[`${role}Endpoint`], `--${role}-endpoint`) ??
    fromEnv(env, `${prefix}_ENDPOINT`) ??
    fromEnv(env, 'S3_ENDPOINT') ??
    (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true' ? undefined : firstOfEnv(env, 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'));
  if (given !== undefined) return checkEndpoint(given);
  return around.compose ? sourced(COMPOSE.endpoint, 'compose default') : undefined;
}

function checkEndpoint(given: Sourced<string>): Sourced<string> {
  const url = URL.canParse(given.value) ? new URL(given.value) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new BcnError('config', `${given.origin} holds credentials`, { hint: 'Give them as S3_ACCESS_KEY and S3_SECRET_KEY.' });
  }
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new BcnError('config', `${given.origin} is no http:// or https:// address: ${quoted(given.value)}`, {
      hint: `For example ${COMPOSE.endpoint}.`,
    });
  }
  return given;
}

function findKeys(prefix: string, env: Env): Sourced<KeyPair> | undefined {
  const access = fromEnv(env, `${prefix}_ACCESS_KEY`);
  const secret = fromEnv(env, `${prefix}_SECRET_KEY`);
  if (access === undefined && secret === undefined) return undefined;
  if (access === undefined || secret === undefined) {
    const [set, missing] = access === undefined ? ['SECRET', 'ACCESS'] : ['ACCESS', 'SECRET'];
    throw new BcnError('config', `${prefix}_${set}_KEY is set, but ${prefix}_${missing}_KEY is not`, {
      hint: 'Set both, or neither.',
    });
  }
  return { value: { accessKey: access.value, secretKey: new Secret(secret.value) }, origin: access.origin };
}

/** Keys that nobody gave: the compose keys belong to a self-run service only, never to AWS. */
function defaultKeys(endpoint: Sourced<string> | undefined, env: Env): Sourced<KeyPair> | undefined {
  if (endpoint === undefined || endpoint.origin.startsWith('AWS_')) return undefined;
  if (awsCredentialsInEnv(env) !== undefined || isAws(endpoint.value)) return undefined;
  return sourced({ accessKey: COMPOSE.accessKey, secretKey: new Secret(COMPOSE.secretKey) }, 'the compose defaults');
}

function isAws(endpoint: string): boolean {
  return /(^|\.)(amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/.test(new URL(endpoint).hostname);
}

function describe(
  endpoint: Sourced<string> | undefined,
  region: Sourced<string>,
  keys: Sourced<KeyPair> | undefined,
  around: Surroundings,
): string {
  const where =
    endpoint === undefined ? `AWS S3 in ${region.value} (${region.origin})` : `${endpoint.value} (${endpoint.origin})`;
  const who = keys === undefined ? 'credentials of the AWS default chain' : `keys of ${keys.origin}`;
  if (endpoint !== undefined) return `${where}, ${who}`;
  const why = around.aws === undefined ? `${COMPOSE.endpoint} does not answer` : `${around.aws} is set`;
  return `${where}, ${who}; the compose defaults do not apply: ${why}`;
}
