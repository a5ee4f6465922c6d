import { BcnError, type ErrorContext } from '../../errors.js';
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
  readonly reason: 'connect' | 'timeout' | 'closed' | 'protocol' | 'aborted';

  constructor(outcome: WireFault['outcome'], reason: WireFault['reason'], message: string) {
    super(message);
    this.outcome = outcome;
    this.reason = reason;
  }
}

/** Exceptions a call declares, by the name the metastore gives them. */
export type ServerExceptionKind =
  | 'AlreadyExistsException'
  | 'InvalidObjectException'
  | 'InvalidOperationException'
  | 'MetaException'
  | 'NoSuchObjectException'
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

const TRANSPORT_HINT =
  'Check that this is the Thrift port of a Hive Metastore. A server with framed transport needs HIVE_METASTORE_FRAMED=true; ' +
  'SASL (Kerberos) and HTTP transport are not supported.';

const HINTS: Readonly<Record<WireFault['reason'], string>> = {
  connect:
    'Check that the metastore runs there and that HIVE_METASTORE_URI names its host and port (usually thrift://HOST:9083).',
  timeout: `If the server is only slow, raise HIVE_METASTORE_TIMEOUT. ${TRANSPORT_HINT}`,
  closed: TRANSPORT_HINT,
  protocol: TRANSPORT_HINT,
  aborted: 'Run the same command again: it continues where it stopped.',
};

/** The BcnError for a failed call to the metastore at `uri`. BcnErrors pass through. */
export function toBcnError(error: unknown, uri: string, context: ErrorContext = {}): unknown {
  if (error instanceof BcnError) return error.withContext(context);
  if (error instanceof WireFault) {
    const code = error.reason === 'aborted' ? 'interrupted' : 'catalog-unavailable';
    const message = error.reason === 'connect' ? error.message : `Hive Metastore ${uri}: ${error.message}`;
    return new BcnError(code, message, { hint: HINTS[error.reason], ...context, cause: error });
  }
  if (error instanceof ProtocolError) {
    const message = `Hive Metastore ${uri}: unreadable answer: ${error.message}`;
    return new BcnError('catalog-unavailable', message, { hint: HINTS.protocol, ...context, cause: error });
  }
  if (error instanceof ApplicationFault) {
    const code = error.unknownMethod ? 'unsupported' : 'catalog-unavailable';
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
