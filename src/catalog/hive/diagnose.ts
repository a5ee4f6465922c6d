import { Connection } from './connection.js';
import type { Endpoint } from './endpoints.js';
import { ApplicationFault, WireFault } from './faults.js';
import { FRAMED_HINT, recognise, UNFRAMED_HINT } from './foreign.js';
import { type DialOptions, dial } from './socket.js';

/** ms for all questions: the call itself has failed already. */
const LONGEST_MS = 2000;
/** START, and the name of a mechanism that no server has: one that negotiates answers BAD (Thrift's TSaslTransport). */
const SASL_START = Buffer.from('\x01\0\0\0\x03bcn', 'latin1');

export interface DiagnoseOptions extends DialOptions {
  readonly framed: boolean;
}

/**
 * Why a server closed the connection at its first call without a word: it may demand SASL (Hive 4; Hive 3 says so itself), or have the other
 * framing. Asks on connections of its own, without changing anything. Gives `fault` itself when nothing was found out; its outcome stays.
 */
export async function diagnose(endpoint: Endpoint, fault: WireFault, options: DiagnoseOptions): Promise<WireFault> {
  const connectMs = Math.min(options.connectMs, LONGEST_MS);
  const enough = new AbortController();
  // Not AbortSignal.timeout: that one does not keep the process alive.
  const timer = setTimeout(() => enough.abort(), connectMs);
  const signal = options.signal === undefined ? enough.signal : AbortSignal.any([enough.signal, options.signal]);
  const brief = { ...options, connectMs, signal };
  const [sasl, otherFraming] = await Promise.all([askForSasl(endpoint, brief), askFramed(endpoint, brief)]);
  clearTimeout(timer);
  if (sasl !== undefined) return new WireFault(fault.outcome, 'sasl', sasl.text, sasl.hint);
  if (!otherFraming) return fault;
  const text = `the server closed the connection; it speaks with${options.framed ? 'out' : ''} framed transport`;
  return new WireFault(fault.outcome, 'protocol', text, options.framed ? UNFRAMED_HINT : FRAMED_HINT);
}

async function askForSasl(endpoint: Endpoint, options: DiagnoseOptions & { readonly signal: AbortSignal }) {
  const socket = await dial(endpoint, options).catch(() => undefined);
  if (socket === undefined) return undefined;
  const answer = await new Promise<Buffer>((resolve) => {
    const nothing = () => resolve(Buffer.alloc(0));
    if (options.signal.aborted) nothing();
    options.signal.addEventListener('abort', nothing, { once: true });
    socket.once('data', resolve).once('close', nothing).on('error', nothing).write(SASL_START);
  });
  socket.destroy();
  const found = recognise(answer, options.framed);
  return found !== 'more' && found?.reason === 'sasl' ? found : undefined;
}

async function askFramed(endpoint: Endpoint, options: DiagnoseOptions): Promise<boolean> {
  const socket = await dial(endpoint, options).catch(() => undefined);
  if (socket === undefined) return false;
  const connection = new Connection(socket, !options.framed);
  try {
    await connection.call('getVersion', new Map(), { timeoutMs: options.connectMs, signal: options.signal });
    return true;
  } catch (error) {
    return error instanceof ApplicationFault;
  } finally {
    connection.close();
  }
}
