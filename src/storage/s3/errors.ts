import { BcnError, type ErrorCode } from '../../errors.js';
import { interrupted, notFound, objectExists, unwritableKey } from '../guard.js';
import { describeOrigin, endpointName, type S3Config } from './config.js';
import { type Failure, failureOf, isImpossibleKey } from './failure.js';

/** What was asked, for the choice of code and words. */
export interface S3Request {
  readonly action: 'read' | 'create' | 'write' | 'copy' | 'list' | 'delete';
  /** URI of the object or prefix. */
  readonly object: string;
  readonly bucket: string;
  /** URI of a copy's source. */
  readonly source?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The BcnError of a failed request; a BcnError passes through, a bug stays what it is. */
export function s3Error(error: unknown, request: S3Request, config: S3Config): unknown {
  if (error instanceof BcnError) return error.withContext({ object: request.object });
  const failure = failureOf(error);
  if (failure.code === 'AbortError' || request.signal?.aborted) return interrupted(request.signal, request.object);
  return (
    objectError(failure, request, error) ??
    accessError(failure, request, config, error) ??
    configError(failure, request, config, error) ??
    serviceError(failure, request, config, error) ??
    error
  );
}

function objectError({ code, status }: Failure, request: S3Request, cause: unknown): BcnError | undefined {
  const { action, object, bucket, source } = request;
  if (code === 'NoSuchKey' || code === 'NoSuchVersion') return notFound(source ?? object, cause);
  if (code === 'NoSuchBucket') {
    return new BcnError('bucket-not-found', `The bucket ${bucket} does not exist.`, {
      object: `s3://${bucket}`,
      cause,
      hint: 'Check the name and the endpoint; bcn makes no buckets.',
    });
  }
  if (status === 412 || code === 'PreconditionFailed') {
    if (action === 'create') return objectExists(object, cause);
    const changed = source ?? object;
    return new BcnError('source-changed', `${changed} changed while it was copied.`, {
      object: changed,
      cause,
      hint: 'Run the command again.',
    });
  }
  if (code === 'InvalidObjectState' || code === 'ObjectNotInActiveTierError') {
    const archived = source ?? object;
    return new BcnError('object-archived', `${archived} is archived and cannot be read now.`, {
      object: archived,
      cause,
      hint: 'Restore it from the archive first (aws s3api restore-object), then run the command again.',
    });
  }
  if (isImpossibleKey(code))
    return action === 'read' ? notFound(object, cause) : unwritableKey(object, `the service says ${code}`);
  return undefined;
}

function accessError(
  { code, status, message }: Failure,
  request: S3Request,
  config: S3Config,
  cause: unknown,
): BcnError | undefined {
  const objects = request.source ? `${request.source} to ${request.object}` : request.object;
  const auth = (what: string, hint: string, name: ErrorCode = 'storage-auth') =>
    new BcnError(name, what, { object: request.object, cause, hint });
  if (code === 'RequestTimeTooSkewed') {
    return auth(
      `${endpointName(config)} refused ${objects}: the clock of this machine and the clock of the service differ too much.`,
      'Set this machine’s clock (NTP), then run the command again.',
    );
  }
  if (code === 'ObjectLocked' || /\bWORM\b/.test(message)) {
    return auth(`${request.object} is locked by the store.`, 'Wait for the end of its retention.', 'retention-locked');
  }
  if (code === 'CredentialsProviderError' || code === 'TokenProviderError') {
    return auth(
      `No usable credentials for ${endpointName(config)}: ${message}`,
      `Used: ${describeOrigin(config)}. Set S3_ACCESS_KEY and S3_SECRET_KEY, or configure the AWS credentials chain.`,
    );
  }
  if (code === 'AuthorizationHeaderMalformed') return undefined;
  if (status !== 401 && status !== 403 && !AUTH.has(code)) return undefined;
  return auth(
    `${endpointName(config)} denied to ${request.action} ${objects}: ${code || `HTTP ${status}`}: ${message}`,
    code === 'AccessDenied'
      ? `Used: ${describeOrigin(config)}. Give this identity the permission for the bucket.`
      : `Used: ${describeOrigin(config)}. Check these credentials.`,
  );
}

const AUTH = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'InvalidSecurity',
]);

function configError(failure: Failure, request: S3Request, config: S3Config, cause: unknown): BcnError | undefined {
  const { code, status, message, region } = failure;
  const wrong = (what: string, hint: string) => new BcnError('config', what, { object: request.object, cause, hint });
  if (status === 301 || WRONG_REGION.has(code)) {
    return wrong(
      `The bucket of ${request.source ?? request.object} is not in the region ${config.region ?? 'that was used'} of ${endpointName(config)}.`,
      region
        ? `Its region is ${region}: set AWS_REGION=${region}.`
        : 'Set AWS_REGION to the region of the bucket, and the endpoint to match.',
    );
  }
  if (/region is missing/i.test(message)) return wrong('No region is set for AWS S3.', 'Set AWS_REGION.');
  if (code === 'InvalidBucketName')
    return wrong(`${request.bucket} is no valid bucket name.`, 'Check BACKUP_BUCKET and the table location.');
  if (TLS.test(code) || /wrong version number|packet length too long/i.test(message)) {
    return wrong(
      `No trusted TLS connection to ${endpointName(config)}: ${message}`,
      'Check http:// and https:// in the endpoint; for a private authority set NODE_EXTRA_CA_CERTS.',
    );
  }
  if (code === 'ERR_INVALID_URL' || code === 'EndpointError')
    return wrong(`${endpointName(config)} is no address.`, 'Write http://host:port or https://host.');
  if (/must be made to API port/i.test(message))
    return wrong(`${endpointName(config)} is a console, not an S3 endpoint.`, 'Use the API port.');
  return undefined;
}

const WRONG_REGION = new Set(['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']);
const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function serviceError(
  { code, status, message }: Failure,
  request: S3Request,
  config: S3Config,
  cause: unknown,
): BcnError | undefined {
  const { object } = request;
  const where = endpointName(config);
  if (status === 501 || code === 'NotImplemented') {
    return new BcnError('unsupported', `${where} cannot ${request.action} ${object}: ${code}: ${message}`, {
      object,
      cause,
      hint: 'bcn needs an S3 service with conditional writes (If-None-Match) and server-side copy.',
    });
  }
  if (FULL.test(code) || status === 507) {
    return new BcnError('storage-unavailable', `${where} has no room for ${object}: ${message}`, {
      object,
      cause,
      hint: 'Make room or raise the quota.',
    });
  }
  if (status === undefined ? NETWORK.test(code) : status >= 500 || status < 400 || RETRYABLE.has(code)) {
    return new BcnError('storage-unavailable', `${where} did not answer properly for ${object}: ${plain(code, message)}`, {
      object,
      cause,
      hint: `Used: ${describeOrigin(config)}. Check that this is a running S3 service, then run the same command again.`,
    });
  }
  if (status === undefined) return undefined;
  return new BcnError(
    'unsupported',
    `${where} refused to ${request.action} ${object}: ${plain(code, message)} (HTTP ${status})`,
    {
      object,
      cause,
      hint: 'Check that the endpoint is an S3 service and that the bucket allows this.',
    },
  );
}

function plain(code: string, message: string): string {
  return message.includes(code) ? message : `${code}: ${message}`;
}

const FULL = /StorageFull|QuotaExceeded|InsufficientStorage|InsufficientCapacity/;
const NETWORK = /^(E[A-Z]{3,}|EAI_AGAIN|TimeoutError|EmptySuccess|ERR_STREAM_PREMATURE_CLOSE|HPE_.*|UND_.*)$/;
const RETRYABLE = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'OperationAborted',
  'ConditionalRequestConflict',
  'EmptySuccess',
  'NoSuchUpload',
]);
