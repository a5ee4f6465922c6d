import { BcnError, type ErrorCode, type ErrorContext } from '../../errors.js';
import { SLOW_HINT } from './hints.js';
import { ProtocolError } from './wire.js';

/**
 * What a call to a metastore ended in, other than its result. Three kinds, because a caller must know what the server did:
 * `WireFault` (not-sent: nothing; unknown: perhaps everything), `ServerException` (declared by the call: it said no),
 * `ApplicationFault` (the server could not run the call at all).
 */
export class WireFault extends Error {
  override readonly name = 'WireFault';
  /** not-sent: the server never saw the call. unknown: it may have carried it out. */
  readonly outcome: 'not-sent' | 'unknown';
  /** sasl: the server demands SASL. */
  readonly reason: 'connect' | 'timeout' | 'closed' | 'protocol' | 'aborted' | 'sasl';
  /** What to do about it, where more is known than `reason` says. */
  readonly hint: string | undefined;

  constructor(outcome: WireFault['outcome'], reason: WireFault['reason'], message: string, hint?: string) {
    super(message);
    this.outcome = outcome;
    this.reason = reason;
    this.hint = hint;
  }
}

/** Exceptions a call declares, by the name the metastore gives them. */
export type ServerExceptionKind =
  | 'AlreadyExistsException'
  | 'InvalidObjectException'
  | 'InvalidOperationException'
  | 'MetaException'
  | 'NoSuchLockException'
  | 'NoSuchObjectException'
  | 'NoSuchTxnException'
  | 'TxnAbortedException'
  | 'TxnOpenException'
  | 'UnknownDBException';

export class ServerException extends Error {
  override readonly name = 'ServerException';
  readonly kind: ServerExceptionKind;

  constructor(kind: ServerExceptionKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Thrift's TApplicationException; `type` 1 = the server does not know the method. */
export class ApplicationFault extends Error {
  override readonly name = 'ApplicationFault';
  readonly type: number;

  constructor(type: number, message: string) {
    super(message);
    this.type = type;
  }

  get unknownMethod(): boolean {
    return this.type === 1;
  }
}

export function isServerException(error: unknown, ...kinds: readonly ServerExceptionKind[]): error is ServerException {
  return error instanceof ServerException && kinds.includes(error.kind);
}

const HINTS: Readonly<Record<WireFault['reason'], string>> = {
  connect:
    'Check that the metastore runs there and that HIVE_METASTORE_URI names its host and port (usually thrift://HOST:9083).',
  timeout: SLOW_HINT,
  closed: 'The metastore log says why it closed the connection. Run the same command again.',
  protocol: 'Check that HIVE_METASTORE_URI names the Thrift port of a Hive Metastore; its log says more.',
  sasl: 'Use a metastore without SASL.',
  aborted: 'Run the same command again: it continues where it stopped.',
};

/** The BcnError for a failed call to the metastore at `uri`. BcnErrors pass through. */
export function toBcnError(error: unknown, uri: string, context: ErrorContext = {}): unknown {
  if (error instanceof BcnError) return error.withContext(context);
  if (error instanceof WireFault) {
    const what = error.reason === 'connect' ? 'Cannot reach the Hive Metastore' : `Hive Metastore ${uri}`;
    const hint = error.hint ?? HINTS[error.reason];
    return new BcnError(codeOf(error), `${what}: ${error.message}`, { hint, ...context, cause: error });
  }
  if (error instanceof ProtocolError) {
    const message = `Hive Metastore ${uri}: unreadable answer: ${error.message}`;
    return new BcnError('catalog-unavailable', message, { hint: HINTS.protocol, ...context, cause: error });
  }
  if (error instanceof ApplicationFault) {
    const code = error.unknownMethod ? 'catalog-unsupported' : 'catalog-unavailable';
    const hint = 'bcn is tested with Hive Metastore 3.1.3 to 4.0.1; the metastore log says more.';
    return new BcnError(code, `Hive Metastore ${uri} could not run the call: ${error.message}`, {
      hint,
      ...context,
      cause: error,
    });
  }
  if (error instanceof ServerException) {
    const hint = 'The metastore log says more.';
    const message = `Hive Metastore ${uri} answered ${error.kind}: ${error.message}`;
    return new BcnError('catalog-unavailable', message, { hint, ...context, cause: error });
  }
  return error;
}

function codeOf({ reason }: WireFault): ErrorCode {
  if (reason === 'aborted') return 'interrupted';
  return reason === 'sasl' ? 'catalog-unsupported' : 'catalog-unavailable';
}
