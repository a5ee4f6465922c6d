import { BcnError } from '../../errors.js';
import { interrupted, notFound, objectExists, unwritableKey } from '../guard.js';
import { hiddenObject } from '../hidden.js';
import { accessError } from './access-errors.js';
import { describeOrigin, endpointName, type S3Config, variableOf } from './config.js';
import { type Failure, failureOf, isBehindEnd, isCustomerKey, isDeleteMarker, isFull, isImpossibleKey } from './failure.js';
import { settingError } from './setting-errors.js';

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
    settingError(failure, request, config, error) ??
    serviceError(failure, request, config, error) ??
    error
  );
}

function objectError({ code, status, message }: Failure, request: S3Request, cause: unknown): BcnError | undefined {
  const { action, object, bucket, source } = request;
  if (code === 'NoSuchKey' || code === 'NoSuchVersion')
    return (isDeleteMarker(cause) ? hiddenObject : notFound)(source ?? object, cause);
  if (code === 'NoSuchBucket') {
    return new BcnError('bucket-not-found', `The bucket ${bucket} does not exist.`, {
      object: `s3://${bucket}`,
      cause,
      hint: 'Check the name and the endpoint; bcn makes no buckets.',
    });
  }
  // A range that an object had a moment ago: it became shorter. (The first request for a range knows what to say itself.)
  const shrunk = action === 'read' && isBehindEnd(cause);
  if (status === 412 || code === 'PreconditionFailed' || shrunk) {
    if (action === 'create') return objectExists(object, cause);
    const changed = source ?? object;
    return new BcnError('source-changed', `${changed} changed while it was ${action === 'read' ? 'read' : 'copied'}.`, {
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
  if (isCustomerKey(code, message)) {
    const locked = source ?? object;
    return new BcnError('unsupported', `${locked} is encrypted with a key of its owner (SSE-C), which bcn does not have.`, {
      object: locked,
      cause,
      hint: 'Write the object anew without a key of your own (SSE-S3 and SSE-KMS are fine), or leave it out of the table.',
    });
  }
  if (isImpossibleKey(code) || isImpossiblePath(code, status, object))
    return action === 'read' ? notFound(object, cause) : unwritableKey(object, `the service says ${code}`);
  return undefined;
}

/** versitygw refuses a path that climbs out of its folder before it speaks S3, with no code at all, and fails at a NUL. */
function isImpossiblePath(code: string, status: number | undefined, object: string): boolean {
  if (status === 400) return /^\d*$/.test(code) && /\/\.\.(\/|$)/.test(object);
  return status === 500 && object.includes('\0');
}

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
      hint: 'Another S3 service can do it; what bcn asks of one: specs/05-stores.md.',
    });
  }
  if (isFull(code) || status === 507) {
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
      hint: `${hostHint(code, request, config)}Used: ${describeOrigin(config)}. Check that this is a running S3 service, then run the same command again.`,
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

/** A virtual host that has no address: the domain of the endpoint may know its own name only. */
function hostHint(code: string, { bucket }: S3Request, config: S3Config): string {
  if (code !== 'ENOTFOUND' || config.endpoint === undefined || config.forcePathStyle !== false) return '';
  return `If the hosts of buckets (${bucket}.${new URL(config.endpoint).hostname}) have no address, set ${variableOf(config, 'PATH_STYLE')}=true. `;
}

function plain(code: string, message: string): string {
  return message.includes(code) ? message : `${code}: ${message}`;
}

const NETWORK = /^(E[A-Z]{3,}|EAI_AGAIN|TimeoutError|EmptySuccess|ERR_STREAM_PREMATURE_CLOSE|HPE_.*|UND_.*|ERR_SSL_.*)$/;
const RETRYABLE = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'OperationAborted',
  'ConditionalRequestConflict',
  'EmptySuccess',
  'NoSuchUpload',
]);
