import { Connection, type WireCallOptions } from './connection.js';
import { diagnose } from './diagnose.js';
import type { Endpoint } from './endpoints.js';
import { Attempts, Servers } from './failover.js';
import { ApplicationFault, WireFault } from './faults.js';
import { fields, list, text } from './fields.js';
import { dial, type HiveTls } from './socket.js';
import type { ThriftStruct } from './struct.js';
import { T } from './wire.js';

/** ms. `connect` covers one server's name lookup, TCP and TLS; `read` and `write` one call each. */
export interface HiveTimeouts {
  readonly connect: number;
  readonly read: number;
  readonly write: number;
}

export interface SessionOptions {
  readonly endpoints: readonly Endpoint[];
  readonly framed: boolean;
  readonly tls: HiveTls | undefined;
  readonly timeouts: HiveTimeouts;
  /** Whom the server should act as (`set_ugi`); it believes this unless it uses Kerberos. */
  readonly user: string | undefined;
  /** ms after which an unused connection is not trusted any more: what lies between may have forgotten it. Default 60 s. */
  readonly maxIdleMs?: number;
}

export interface SessionCallOptions {
  readonly signal?: AbortSignal;
  /** The call changes something: it goes out on a connection of its own, once. */
  readonly write?: boolean;
  /** Do not use the connection at hand. */
  readonly fresh?: boolean;
}

interface Link {
  readonly connection: Connection;
  readonly endpoint: Endpoint;
}

const MAX_IDLE_MS = 60_000;

/**
 * Calls over a connection that is opened when needed. Servers are tried in the order given, those that failed last.
 * - A read whose connection had been in use and breaks is sent once more, since servers drop idle connections. One that fails on a server that
 *   took the connection (silent, closing, answering garbage) is asked of the next one, each with a deadline of its own.
 * - A write goes out on a new connection: on an idle one its outcome would be unknown. It moves on to the next server only while no server
 *   can have seen it, and is never sent twice. Where there are several, one that has not answered yet is asked something harmless first.
 */
export class HiveSession {
  readonly #options: SessionOptions;
  readonly #servers: Servers;
  #current: Promise<Link> | undefined;
  readonly #opened = new Set<Connection>();
  readonly #closing = new AbortController();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#servers = new Servers(options.endpoints);
  }

  call(method: string, args: ThriftStruct, options: SessionCallOptions): Promise<ThriftStruct> {
    if (options.write) return this.#write(method, args, options.signal);
    if (options.fresh) this.#letGo();
    return this.#read(method, args, options.signal);
  }

  /** For good: calls that are under way end, and no connection is made any more. */
  close(): void {
    this.#closing.abort();
    for (const connection of this.#opened) connection.close();
    this.#opened.clear();
    this.#current = undefined;
  }

  async #read(method: string, args: ThriftStruct, signal: AbortSignal | undefined): Promise<ThriftStruct> {
    const attempts = new Attempts();
    for (let again = true; ; ) {
      const inUse = this.#current !== undefined;
      const link = await this.#link(attempts, signal);
      try {
        return await this.#ask(link, method, args, { timeoutMs: this.#options.timeouts.read, signal });
      } catch (error) {
        if (!(error instanceof WireFault) || error.reason === 'aborted') throw error;
        // That says nothing of the server: it may have dropped an idle connection, or another call has ended this one.
        const innocent = again && error.reason === 'closed' && (inUse || error.outcome === 'not-sent');
        if (innocent) again = false;
        else await this.#failed(link, error, attempts, signal);
      }
    }
  }

  async #write(method: string, args: ThriftStruct, signal: AbortSignal | undefined): Promise<ThriftStruct> {
    const attempts = new Attempts();
    const stop = this.#stopping(signal);
    for (;;) {
      const link = await this.#open(attempts, stop, this.#servers.several);
      try {
        return await this.#ask(link, method, args, { timeoutMs: this.#options.timeouts.write, signal });
      } catch (error) {
        if (!(error instanceof WireFault) || error.reason === 'aborted') throw error;
        await this.#failed(link, error, attempts, stop);
        if (error.outcome === 'unknown') throw attempts.fault(this.#servers.several);
      } finally {
        this.#drop(link.connection);
      }
    }
  }

  async #ask(link: Link, method: string, args: ThriftStruct, options: WireCallOptions): Promise<ThriftStruct> {
    try {
      const result = await link.connection.call(method, args, options);
      this.#servers.answered(link.endpoint);
      return result;
    } catch (error) {
      if (error instanceof ApplicationFault) this.#servers.answered(link.endpoint);
      throw error;
    }
  }

  /** The connection at hand, or a new one; never to a server that was tried. Callers wait for the same one, each as long as it likes. */
  async #link(attempts: Attempts, signal: AbortSignal | undefined): Promise<Link> {
    const current = this.#current;
    if (current !== undefined) {
      const link = await untilAborted(current, signal);
      if (this.#usable(link) && !attempts.has(link.endpoint)) return link;
      if (this.#current === current) this.#current = undefined;
      if (this.#current !== undefined) return this.#link(attempts, signal);
    }
    const opening = this.#open(attempts, this.#closing.signal, false);
    this.#current = opening;
    opening.catch(() => {
      if (this.#current === opening) this.#current = undefined;
    });
    return untilAborted(opening, signal);
  }

  #usable({ connection }: Link): boolean {
    const forgotten = (connection.idleMs ?? 0) > (this.#options.maxIdleMs ?? MAX_IDLE_MS);
    if (connection.alive && !forgotten) return true;
    this.#drop(connection);
    return false;
  }

  /** Calls that are under way on the connection at hand keep it. */
  #letGo(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.then(
      ({ connection }) => connection.idleMs !== undefined && this.#drop(connection),
      () => {},
    );
  }

  #drop(connection: Connection): void {
    connection.close();
    this.#opened.delete(connection);
  }

  /** A connection to the first server that takes one. `tested`: and answers. */
  async #open(attempts: Attempts, signal: AbortSignal, tested: boolean): Promise<Link> {
    for (const endpoint of this.#servers.left(attempts)) {
      let connection: Connection | undefined;
      try {
        connection = await this.#connect(endpoint, signal);
        if (this.#options.user !== undefined) await this.#introduce({ connection, endpoint }, this.#options.user, signal);
        else if (tested && !this.#servers.isAnswering(endpoint)) await this.#test({ connection, endpoint }, signal);
        return { connection, endpoint };
      } catch (error) {
        if (connection !== undefined) this.#drop(connection);
        if (this.#closing.signal.aborted) throw new WireFault('not-sent', 'closed', 'the catalog was closed');
        if (!(error instanceof WireFault) || error.reason === 'aborted') throw error;
        await this.#failed({ connection, endpoint }, notSent(error), attempts, signal);
      }
    }
    throw attempts.fault(this.#servers.several);
  }

  async #connect(endpoint: Endpoint, signal: AbortSignal): Promise<Connection> {
    const { timeouts, tls, framed } = this.#options;
    const socket = await dial(endpoint, { connectMs: timeouts.connect, tls, signal });
    const connection = new Connection(socket, framed, this.#servers.isUnderstood(endpoint));
    if (signal.aborted) connection.close();
    else this.#opened.add(connection);
    return connection;
  }

  /** As Java's client does: who we are, and no harm if the server does not care. */
  async #introduce(link: Link, user: string, signal: AbortSignal): Promise<void> {
    const args = fields([
      [1, text(user)],
      [2, list(T.STRING, [])],
    ]);
    await this.#harmless(link, 'set_ugi', args, signal);
  }

  #test(link: Link, signal: AbortSignal): Promise<void> {
    return this.#harmless(link, 'getVersion', fields([]), signal);
  }

  /** Any answer will do. */
  async #harmless(link: Link, method: string, args: ThriftStruct, signal: AbortSignal): Promise<void> {
    try {
      await this.#ask(link, method, args, { timeoutMs: this.#options.timeouts.read, signal });
    } catch (error) {
      if (!(error instanceof ApplicationFault)) throw error;
    }
  }

  /** Notes the failure, explained as far as possible. */
  async #failed(
    { connection, endpoint }: Partial<Link> & Pick<Link, 'endpoint'>,
    fault: WireFault,
    attempts: Attempts,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#servers.failed(endpoint);
    attempts.add(endpoint, fault);
    if (connection === undefined || connection.understood || fault.reason !== 'closed') return;
    const { timeouts, tls, framed } = this.#options;
    const options = { connectMs: timeouts.connect, tls, framed, signal: this.#stopping(signal) };
    attempts.add(endpoint, await diagnose(endpoint, fault, options));
  }

  #stopping(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }
}

/** What went wrong before the call was sent. */
function notSent({ reason, message, hint }: WireFault): WireFault {
  return new WireFault('not-sent', reason, message, hint);
}

function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new WireFault('not-sent', 'aborted', 'interrupted while connecting'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
