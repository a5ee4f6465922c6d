import { Connection } from './connection.js';
import type { Endpoint } from './endpoints.js';
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
}

export interface SessionCallOptions {
  readonly signal?: AbortSignal;
  /** The call changes something: it goes out on a connection of its own, once. */
  readonly write?: boolean;
  /** Do not use the connection at hand. */
  readonly fresh?: boolean;
}

/**
 * Calls over a connection that is opened when needed, to the first server that accepts one. A read whose connection had been idle and
 * breaks is sent once more, since servers drop idle connections. A write never is: on an idle connection its outcome would be unknown,
 * so it gets a new one.
 */
export class HiveSession {
  readonly #options: SessionOptions;
  #current: Promise<Connection> | undefined;
  readonly #opened = new Set<Connection>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  async call(method: string, args: ThriftStruct, options: SessionCallOptions): Promise<ThriftStruct> {
    const { signal } = options;
    if (options.write) return this.#callOnce(method, args, signal);
    if (options.fresh) this.#current = undefined;
    const reused = this.#current !== undefined;
    const read = { timeoutMs: this.#options.timeouts.read, signal };
    try {
      return await (await this.#connection(signal)).call(method, args, read);
    } catch (error) {
      if (!(reused && error instanceof WireFault && error.reason === 'closed')) throw error;
      return (await this.#connection(signal)).call(method, args, read);
    }
  }

  close(): void {
    for (const connection of this.#opened) connection.close();
    this.#opened.clear();
    this.#current = undefined;
  }

  async #callOnce(method: string, args: ThriftStruct, signal: AbortSignal | undefined): Promise<ThriftStruct> {
    const connection = await this.#open(signal);
    try {
      return await connection.call(method, args, { timeoutMs: this.#options.timeouts.write, signal });
    } finally {
      connection.close();
      this.#opened.delete(connection);
    }
  }

  async #connection(signal: AbortSignal | undefined): Promise<Connection> {
    const current = this.#current;
    if (current !== undefined) {
      const connection = await current;
      if (connection.alive) return connection;
      this.#opened.delete(connection);
      if (this.#current === current) this.#current = undefined;
      return this.#connection(signal);
    }
    const opening = this.#open(signal);
    this.#current = opening;
    try {
      return await opening;
    } catch (error) {
      if (this.#current === opening) this.#current = undefined;
      throw error;
    }
  }

  async #open(signal: AbortSignal | undefined): Promise<Connection> {
    const { endpoints, timeouts, tls, framed, user } = this.#options;
    const refusals: string[] = [];
    for (const endpoint of endpoints) {
      try {
        const connection = new Connection(await dial(endpoint, { connectMs: timeouts.connect, tls, signal }), framed);
        this.#opened.add(connection);
        if (user !== undefined) await introduce(connection, user, timeouts.read, signal);
        return connection;
      } catch (error) {
        if (!(error instanceof WireFault) || error.reason !== 'connect') throw error;
        refusals.push(error.message);
      }
    }
    throw new WireFault('not-sent', 'connect', `Cannot reach the Hive Metastore: ${refusals.join('; ')}`);
  }
}

/** As Java's client does: who we are, and no harm if the server does not care. */
async function introduce(
  connection: Connection,
  user: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const args = fields([
    [1, text(user)],
    [2, list(T.STRING, [])],
  ]);
  try {
    await connection.call('set_ugi', args, { timeoutMs, signal });
  } catch (error) {
    if (error instanceof WireFault) throw new WireFault('not-sent', error.reason, error.message);
    if (!(error instanceof ApplicationFault)) throw error;
  }
}
