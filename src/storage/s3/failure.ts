/** What an SDK error says, whatever its class: the SDK models few of S3's codes. */
export interface Failure {
  /** S3's code (`NoSuchKey`), a Node code (`ECONNREFUSED`) or the SDK's name (`TimeoutError`). */
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
  /** The right region, when the answer names it. */
  readonly region: string | undefined;
  /** Where a redirect points. */
  readonly location?: string | undefined;
  /** `GetObject`, when it is known what was asked. */
  readonly operation?: string | undefined;
}

const OPERATION = Symbol('operation');

interface SdkError extends Error {
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly Region?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly [OPERATION]?: string;
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: '', status: undefined, message: String(error), region: undefined };
  const e = error as SdkError;
  const region = e.$response?.headers?.['x-amz-bucket-region'] ?? e.Region;
  // DNS and connection failures of several addresses come as one AggregateError with an empty message.
  const inner = error instanceof AggregateError ? (error.errors[0] as SdkError | undefined) : undefined;
  const name = /^(Aggregate|Type|Range|Syntax)?Error$/.test(e.name) ? undefined : e.name;
  const codes = [e.Code, e.code, inner?.code, name];
  return {
    code: (codes.find((code) => typeof code === 'string' && code !== '') as string | undefined) ?? '',
    status: e.$metadata?.httpStatusCode ?? e.$response?.statusCode,
    message: e.message || inner?.message || e.name,
    region: typeof region === 'string' ? region : undefined,
    location: e.$response?.headers?.location,
    operation: e[OPERATION],
  };
}

/** Notes on an error which command failed: the SDK's errors do not say. */
export function noteOperation(error: unknown, command: object): unknown {
  const operation = command.constructor.name.replace(/Command$/, '');
  if (error instanceof Error) Object.defineProperty(error, OPERATION, { value: operation, configurable: true });
  return error;
}

/** True when the error is one of these S3 codes. */
export function isS3Code(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(failureOf(error).code);
}

/** The service does not know a part of the request (checksum algorithm, bulk delete); without it the request may succeed. */
export function isRefusal(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return status === 501 || status === 405 || (status === 400 && REFUSALS.has(code));
}

const REFUSALS = new Set([
  'InvalidArgument',
  'InvalidRequest',
  'NotImplemented',
  'MissingContentMD5',
  'MalformedXML',
  'UnsupportedOperation',
]);

/** The object is there no more because a delete marker lies on top of its versions. */
export function isDeleteMarker(error: unknown): boolean {
  return (error as SdkError).$response?.headers?.['x-amz-delete-marker'] === 'true';
}

/** The object ends before the range that was asked for. */
export function isBehindEnd(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return status === 416 || code === 'InvalidRange';
}

/** The object can be read with a key alone that comes with the request (SSE-C): AWS and MinIO say so in the same words. */
export function isCustomerKey(code: string, message: string): boolean {
  return code === 'InvalidRequest' && /stored using a form of Server Side Encryption/i.test(message);
}

/** An answer that says 200 but does not hold what success consists of. */
export class EmptySuccess extends Error {
  override readonly name = 'EmptySuccess';

  constructor(request: string) {
    super(`${request} was answered 200 without a result`);
  }
}

/** The service cannot hold this key at all, so nothing is there. */
export function isImpossibleKey(code: string | undefined): boolean {
  return code !== undefined && IMPOSSIBLE_KEY.has(code);
}

const IMPOSSIBLE_KEY = new Set([
  'KeyTooLongError',
  'InvalidURI',
  'XMinioInvalidObjectName',
  'XMinioInvalidResourceName',
  'XMinioParentIsObject',
  'XMinioObjectExistsAsDirectory',
  // versitygw: a file where a folder would have to be, a folder where the file would, bytes for a folder.
  'ObjectParentIsFile',
  'ExistingObjectIsDirectory',
  'DirectoryObjectContainsData',
]);

/** The service's clock (ms) in a failed answer, NaN where there is none. */
export function failureDate(error: unknown): number {
  return Date.parse((error as SdkError).$response?.headers?.date ?? '');
}

/** MinIO's console, asked as if it were the service. */
export function isConsole(message: string): boolean {
  return /must be made to API port/i.test(message);
}

/** The service has no room. */
export function isFull(code: string): boolean {
  return FULL.test(code);
}

const FULL = /StorageFull|QuotaExceeded|InsufficientStorage|InsufficientCapacity/;
