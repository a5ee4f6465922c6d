import { BcnError } from '../../errors.js';
import { describeOrigin, endpointName, type S3Config, variableOf } from './config.js';
import type { S3Request } from './errors.js';
import { type Failure, failureDate, isConsole, isFull } from './failure.js';
import { permissionFor } from './permissions.js';

/** S3 takes requests that are at most this far from its own clock, ms. */
const MAX_SKEW = 15 * 60_000;

/** The error of a request that the service understood, but not from us: who asks, what they may, when. Undefined for other failures. */
export function accessError(failure: Failure, request: S3Request, config: S3Config, cause: unknown): BcnError | undefined {
  const { code, status, message } = failure;
  const { action, object, source } = request;
  // Some answer 403 where they are full.
  if (isFull(code)) return undefined;
  if (code === 'ObjectLocked' || /\bWORM\b|protected by object lock/.test(message)) {
    const hint = 'Wait for the end of its retention.';
    return new BcnError('retention-locked', `${object} is locked by the store.`, { object, cause, hint });
  }
  const auth = (what: string, hint: string) => new BcnError('storage-auth', what, { object, cause, hint });
  if (code === 'RequestTimeTooSkewed') return auth(...skewed(request, config, failureDate(cause)));
  if (code === 'CredentialsProviderError' || code === 'TokenProviderError') {
    const keys = `${variableOf(config, 'ACCESS_KEY')} and ${variableOf(config, 'SECRET_KEY')}`;
    return auth(
      `No usable credentials for ${endpointName(config)}: ${message}`,
      `Used: ${describeOrigin(config)}. Set ${keys}, or configure the AWS credentials chain.`,
    );
  }
  if (code === 'AuthorizationHeaderMalformed' || isConsole(message)) return undefined;
  if (status !== 401 && status !== 403 && !AUTH.has(code)) return undefined;
  const objects = source ? `${source} to ${object}` : object;
  return auth(
    `${endpointName(config)} denied to ${action} ${objects}: ${code || `HTTP ${status}`}: ${message}`,
    `${nextStep(failure, request, config)} Used: ${describeOrigin(config)}.`,
  );
}

const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'];
const INVALID_TOKEN = ['InvalidToken', 'InvalidTokenId', 'InvalidClientTokenId'];
// The last one is versitygw's word for an unknown key, which it answers with 404.
const OTHERS = ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidSecurity', 'XAdminUserNotFound'];
const AUTH = new Set([...EXPIRED, ...INVALID_TOKEN, ...OTHERS]);

function nextStep({ code, operation }: Failure, request: S3Request, config: S3Config): string {
  const { credentials } = config;
  if (EXPIRED.includes(code)) {
    const renewed = credentials
      ? threeOf(config)
      : 'keys of a role, of SSO, of a container or an instance are renewed by themselves';
    return `The session token has expired: get a new one; the same command continues (${renewed}).`;
  }
  // AWS and MinIO disagree about the code for temporary keys without their token.
  const temporary =
    INVALID_TOKEN.includes(code) || (code === 'InvalidAccessKeyId' && credentials?.accessKeyId.startsWith('ASIA'));
  if (temporary && credentials && !credentials.sessionToken)
    return `These keys are temporary: set ${keyVariable(config, 'SESSION_TOKEN')}, too.`;
  if (INVALID_TOKEN.includes(code))
    return `The session token does not belong to these keys, or is damaged${credentials ? `: ${threeOf(config)}` : ''}.`;
  if (code === 'InvalidAccessKeyId' && credentials?.sessionToken)
    return `Temporary keys that have expired may be unknown: get new ones; the same command continues (${threeOf(config)}).`;
  if (code !== 'AccessDenied' && code !== '') return 'Check these credentials.';
  const permission = permissionFor(operation, request) ?? 'the permission for the bucket';
  const session = credentials?.sessionToken ? ', also in the policy of its session' : '';
  const absent =
    operation === 'GetObject' ? ' (Without s3:ListBucket, AWS answers the same when the object does not exist.)' : '';
  return `Give this identity ${permission}${session}.${absent}`;
}

function threeOf(config: S3Config): string {
  const [access, secret, token] = (['ACCESS_KEY', 'SECRET_KEY', 'SESSION_TOKEN'] as const).map((part) =>
    keyVariable(config, part),
  );
  return `set ${access}, ${secret} and ${token}`;
}

/** The keys may come from other variables than the rest: general keys at a place's own endpoint. */
function keyVariable(config: S3Config, part: 'ACCESS_KEY' | 'SECRET_KEY' | 'SESSION_TOKEN'): string {
  return `${config.credentials?.variables ?? config.variables ?? 'S3'}_${part}`;
}

/** The SDK corrects its clock by the service's Date header and tries again, so this is what remains after that. */
function skewed({ object, source }: S3Request, config: S3Config, theirs: number): [string, string] {
  const objects = source ? `${source} to ${object}` : object;
  const ours = Date.now();
  const known = !Number.isNaN(theirs);
  const clock = (time: number) => (known ? ` (${new Date(time).toISOString().slice(0, 19)}Z)` : '');
  const agree = known && Math.abs(ours - theirs) < MAX_SKEW;
  return [
    `${endpointName(config)} refused ${objects}: the clock of this machine${clock(ours)} and that of the service${clock(theirs)} differ too much.`,
    agree
      ? 'The Date header of its answer agrees with this machine, so look at the clocks behind its front end or proxy.'
      : 'Set this machine’s clock (NTP), then run the command again.',
  ];
}
