import { BcnError } from '../errors.js';
import { readAuthority } from './authority.js';
import { awsConfigured, awsCredentialsInEnv } from './aws.js';
import { isAws, regionOfEndpoint } from './aws-endpoint.js';
import { awsConfigRegion } from './aws-region.js';
import { COMPOSE } from './compose.js';
import { type Kept, type KeptFlags, keptSettings } from './kept.js';
import { trueOrFalse } from './numbers.js';
import { answers } from './probe.js';
import { describeKeys, type KeyPair, keysFromEnv } from './s3-keys.js';
import { Secret } from './secret.js';
import { type Env, firstOfEnv, fromEnv, fromFlag, quoted, type Sourced, sourced } from './sourced.js';

/** The places a command touches; their settings are equal unless told otherwise. `to`: the repository that copies go to. */
export type Role = 'source' | 'repo' | 'target' | 'to';

export interface S3Settings {
  /** undefined = AWS itself. */
  readonly endpoint: Sourced<string> | undefined;
  readonly region: Sourced<string>;
  /** undefined = the AWS default chain. */
  readonly keys: Sourced<KeyPair> | undefined;
  /** `http://host/bucket/key` instead of `http://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** PEM certificates of private authorities, trusted beside the system's. */
  readonly authority: Sourced<string> | undefined;
  /** How what is written there is kept; nothing is written to a source. */
  readonly kept: Kept;
  /** Beginning of the variables that set this place up, for hints: its own where it has any, else the general one. */
  readonly prefix: string;
  /** For messages: endpoint and credentials with their origins. */
  readonly used: string;
}

export interface S3Flags {
  readonly sourceEndpoint?: string;
  readonly repoEndpoint?: string;
  readonly targetEndpoint?: string;
  readonly toEndpoint?: string;
  /** Of the place that the command writes tables or backups to. */
  readonly writes?: KeptFlags & { readonly role: Role };
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
  const place = placePrefix(role);
  const endpoint = findEndpoint(role, place, flags, env, around);
  const keys = keysFromEnv(place, env) ?? keysFromEnv('S3', env) ?? defaultKeys(endpoint, env);
  const region =
    firstOfEnv(env, `${place}_REGION`, 'S3_REGION') ??
    regionOf(endpoint) ??
    firstOfEnv(env, 'AWS_REGION', 'AWS_DEFAULT_REGION') ??
    (endpoint === undefined ? around.region : undefined) ??
    sourced('us-east-1', 'default');
  checkRegion(region);
  const style = firstOfEnv(env, `${place}_PATH_STYLE`, 'S3_PATH_STYLE');
  const pathStyle = style === undefined ? endpoint !== undefined && !isAws(endpoint.value) : trueOrFalse(style);
  const file = firstOfEnv(env, `${place}_CA_FILE`, 'S3_CA_FILE', 'AWS_CA_BUNDLE');
  const authority = file && readAuthority(file);
  const own = [endpoint, keys, region, style, file].some((given) => given && isOwn(given, role));
  const used = describe({ endpoint, region, keys, file }, around);
  const kept = role === 'source' ? {} : keptSettings(place, flags.writes?.role === role ? flags.writes : {}, env);
  return { endpoint, region, keys, pathStyle, authority, kept, prefix: own ? place : 'S3', used };
}

/** Beginning of the variables of one place: `BCN_REPO_S3`. */
export function placePrefix(role: Role): string {
  return `BCN_${role.toUpperCase()}_S3`;
}

function isOwn({ origin }: Sourced<unknown>, role: Role): boolean {
  return origin.startsWith(`${placePrefix(role)}_`) || origin === `--${role}-endpoint`;
}

/** It becomes a part of signatures and of AWS's host names. */
function checkRegion({ value, origin }: Sourced<string>): void {
  if (/^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(value)) return;
  throw new BcnError('config', `${origin} is no region: ${quoted(value)}`, {
    hint: 'A region is letters, digits and dashes, like us-east-1.',
  });
}

/** An endpoint of AWS serves one region only, whatever region the machine is in. */
function regionOf(endpoint: Sourced<string> | undefined): Sourced<string> | undefined {
  const region = endpoint && regionOfEndpoint(endpoint.value);
  return region === undefined ? undefined : sourced(region, endpoint?.origin ?? '');
}

function findEndpoint(role: Role, prefix: string, flags: S3Flags, env: Env, around: Surroundings): Sourced<string> | undefined {
  const given =
    fromFlag(flags[`${role}Endpoint`], `--${role}-endpoint`) ??
    fromEnv(env, `${prefix}_ENDPOINT`) ??
    fromEnv(env, 'S3_ENDPOINT') ??
    (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true' ? undefined : firstOfEnv(env, 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'));
  if (given !== undefined) return checkEndpoint(given, isOwn(given, role) ? prefix : 'S3');
  return around.compose ? sourced(COMPOSE.endpoint, 'compose default') : undefined;
}

function checkEndpoint(given: Sourced<string>, prefix: string): Sourced<string> {
  const url = URL.canParse(given.value) ? new URL(given.value) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new BcnError('config', `${given.origin} holds credentials`, {
      hint: `Give them as ${prefix}_ACCESS_KEY and ${prefix}_SECRET_KEY.`,
    });
  }
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new BcnError('config', `${given.origin} is no http:// or https:// address: ${quoted(given.value)}`, {
      hint: `For example ${COMPOSE.endpoint}.`,
    });
  }
  return given;
}

/** Keys that nobody gave: the compose keys belong to a self-run service only, never to AWS. */
function defaultKeys(endpoint: Sourced<string> | undefined, env: Env): Sourced<KeyPair> | undefined {
  if (endpoint === undefined || endpoint.origin.startsWith('AWS_')) return undefined;
  if (awsCredentialsInEnv(env) !== undefined || isAws(endpoint.value)) return undefined;
  const compose = {
    accessKey: COMPOSE.accessKey,
    secretKey: new Secret(COMPOSE.secretKey),
    sessionToken: undefined,
    prefix: 'S3',
  };
  return sourced(compose, 'the compose defaults');
}

interface Found extends Pick<S3Settings, 'endpoint' | 'region' | 'keys'> {
  readonly file: Sourced<string> | undefined;
}

function describe({ endpoint, region, keys, file }: Found, around: Surroundings): string {
  // A service that is not AWS seldom looks at the region, so one that nobody chose is not worth a word.
  const where =
    endpoint === undefined
      ? `AWS S3 in ${region.value} (${region.origin})`
      : `${endpoint.value} (${endpoint.origin})${region.origin === 'default' ? '' : ` in ${region.value} (${region.origin})`}`;
  const who = keys === undefined ? 'credentials of the AWS default chain' : describeKeys(keys);
  const used = [where, who, ...(file ? [`authority of ${file.origin}`] : [])].join(', ');
  if (endpoint !== undefined) return used;
  const why = around.aws === undefined ? `${COMPOSE.endpoint} does not answer` : `${around.aws} is set`;
  return `${used}; the compose defaults do not apply: ${why}`;
}
