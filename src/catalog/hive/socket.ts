import * as net from 'node:net';
import * as tls from 'node:tls';
import type { Endpoint } from './endpoints.js';
import { WireFault } from './faults.js';

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

/** A connected socket, TLS handshake done. Rejects with a WireFault `not-sent` within `connectMs`. */
export function dial(endpoint: Endpoint, options: DialOptions): Promise<net.Socket> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new WireFault('not-sent', 'aborted', 'interrupted before connecting'));
      return;
    }
    const socket = options.tls === undefined ? net.connect(endpoint) : tls.connect(tlsOptions(endpoint, options.tls));
    const settle = (fault?: WireFault) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError).off('close', onClose).off('connect', onReady).off('secureConnect', onReady);
      if (fault === undefined) {
        resolve(socket.setNoDelay(true));
      } else {
        // A late error of a socket that nobody waits for must not end the process.
        socket.on('error', () => {}).destroy();
        reject(fault);
      }
    };
    const fail = (text: string) => settle(new WireFault('not-sent', 'connect', `${endpoint.uri}: ${text}`));
    const onReady = () => settle();
    const onError = (error: Error) => fail(reasonOf(error));
    const onClose = () => fail('the server closed the connection');
    const onAbort = () => settle(new WireFault('not-sent', 'aborted', 'interrupted while connecting'));
    const timer = setTimeout(
      () => fail(`no connection after ${options.connectMs} ms${waitingFor(options, socket)}`),
      options.connectMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError).once('close', onClose);
    socket.once(options.tls === undefined ? 'connect' : 'secureConnect', onReady);
  });
}

function tlsOptions(endpoint: Endpoint, options: HiveTls): tls.ConnectionOptions {
  const { ca, cert, key, verify = true } = options;
  const name = net.isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {};
  return { host: endpoint.host, port: endpoint.port, ca, cert, key, rejectUnauthorized: verify, ...name };
}

function waitingFor(options: DialOptions, socket: net.Socket): string {
  return options.tls !== undefined && !socket.connecting ? ' (the TLS handshake got no answer: does this port speak TLS?)' : '';
}

/** Node gives an empty message when a name has several addresses and all of them fail. */
function reasonOf(error: Error & { readonly code?: string }): string {
  if (error.code === 'ECONNREFUSED') return 'connection refused';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'the host name is not known';
  return error.message || error.code || 'connection failed';
}
