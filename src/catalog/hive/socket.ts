import * as net from 'node:net';
import * as tls from 'node:tls';
import { BcnError } from '../../errors.js';
import type { Endpoint } from './endpoints.js';
import { WireFault } from './faults.js';
import { PLAIN_HINT, type TlsRefusal, tlsRefusal } from './tls-refusal.js';

/** TLS towards the metastore; every field may be absent. PEM texts. */
export interface HiveTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** false accepts any certificate. Default true. */
  readonly verify?: boolean;
}

export interface DialOptions {
  /** ms for name lookup, TCP and TLS handshake together. */
  readonly connectMs: number;
  readonly tls?: HiveTls;
  readonly signal?: AbortSignal;
}

const KEEP_ALIVE_MS = 30_000;

/**
 * A connected socket, TLS handshake done. Rejects with a WireFault `not-sent` within `connectMs`, or at once with `config` for TLS settings
 * that cannot be used.
 */
export function dial(endpoint: Endpoint, options: DialOptions): Promise<net.Socket> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new WireFault('not-sent', 'aborted', 'interrupted before connecting'));
      return;
    }
    const socket = options.tls === undefined ? net.connect(netOptions(endpoint)) : connectTls(endpoint, options.tls);
    const settle = (fault?: WireFault) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError).off('close', onClose).off('connect', onReady).off('secureConnect', onReady);
      if (fault === undefined) {
        // A call may take minutes: what lies between must not forget the connection.
        resolve(socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS));
      } else {
        // A late error of a socket that nobody waits for must not end the process.
        socket.on('error', () => {}).destroy();
        reject(fault);
      }
    };
    const fail = (text: string, hint?: string) => settle(new WireFault('not-sent', 'connect', `${endpoint.uri}: ${text}`, hint));
    const onReady = () => settle();
    const onError = (error: Error) => {
      // Only once there is a connection is an error one of TLS.
      const refusal = options.tls === undefined || socket.connecting ? undefined : tlsRefusal(error);
      fail(refusal?.text ?? reasonOf(error), refusal?.hint);
    };
    const onClose = () => fail('the server closed the connection');
    const onAbort = () => settle(new WireFault('not-sent', 'aborted', 'interrupted while connecting'));
    const timer = setTimeout(() => {
      const silent = waitingFor(options, socket);
      fail(`no connection after ${options.connectMs} ms${silent?.text ?? ''}`, silent?.hint);
    }, options.connectMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError).once('close', onClose);
    socket.once(options.tls === undefined ? 'connect' : 'secureConnect', onReady);
  });
}

/** ms for one of several addresses of a name before the next is tried; Node's own 250 is less than a far server takes. */
const ADDRESS_MS = 1000;

function netOptions({ host, port }: Endpoint): net.TcpNetConnectOpts {
  return { host, port, autoSelectFamilyAttemptTimeout: ADDRESS_MS };
}

function connectTls(endpoint: Endpoint, options: HiveTls): tls.TLSSocket {
  const { ca, cert, key, verify = true } = options;
  // A name for an IP address is deprecated (DEP0123); the certificate is checked against the host all the same.
  const name = net.isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {};
  try {
    return tls.connect({ ...netOptions(endpoint), ca, cert, key, rejectUnauthorized: verify, ...name });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BcnError('config', `The certificate or key for the Hive Metastore cannot be used: ${reason}`, {
      hint: 'Check HIVE_METASTORE_CERT_FILE and HIVE_METASTORE_KEY_FILE.',
      cause,
    });
  }
}

function waitingFor(options: DialOptions, socket: net.Socket): TlsRefusal | undefined {
  if (options.tls === undefined || socket.connecting) return undefined;
  return { text: ' (the TLS handshake got no answer: does this port speak TLS?)', hint: PLAIN_HINT };
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name is not known',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
};

/** Node gives an empty message when a name has several addresses and all of them fail. */
function reasonOf(error: Error & { readonly code?: string }): string {
  return WORDS[error.code ?? ''] ?? (error.message || error.code || 'connection failed');
}
