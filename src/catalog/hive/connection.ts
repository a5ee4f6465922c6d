import type { Socket } from 'node:net';
import { ApplicationFault, WireFault } from './faults.js';
import { ForeignAnswer } from './foreign.js';
import { SLOW_HINT, type Transport, transportDoubt, transportHint } from './hints.js';
import { encodeCall, ReplyReader } from './message.js';
import type { ThriftStruct } from './struct.js';
import { handshakeRefusal } from './tls-refusal.js';
import { ProtocolError } from './wire.js';

export interface WireCallOptions {
  /** From the call to its result, time in the queue included, ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Job {
  readonly method: string;
  readonly args: ThriftStruct;
  readonly finish: (result: ThriftStruct | Error) => void;
}

/** How a call ends when the connection does. */
interface Failure {
  readonly reason: WireFault['reason'];
  readonly text: string;
  /** Of the call on the wire; default unknown. */
  readonly outcome?: WireFault['outcome'];
  readonly hint?: string | undefined;
}

/**
 * One socket to a metastore, one call on the wire at a time, the others in a queue. Whatever goes wrong on the wire destroys the socket, since
 * nobody could tell which reply comes next: the call on the wire ends as `unknown`, those in the queue as `not-sent`.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #transport: Transport;
  readonly #queue: Job[] = [];
  #active: { readonly job: Job; readonly reader: ReplyReader } | undefined;
  #seqid = 0;
  #dead = false;
  #understood: boolean;
  #heard = false;
  #idleSince = performance.now();

  /** Takes over a connected socket. `understood`: this server has answered such connections before. */
  constructor(socket: Socket, framed: boolean, understood = false) {
    this.#socket = socket;
    this.#understood = understood;
    this.#transport = { framed, tls: 'encrypted' in socket };
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(this.#broken(error)));
    socket.on('end', () => this.#fail({ reason: 'closed', text: 'the server closed the connection' }));
    socket.on('close', () => this.#fail({ reason: 'closed', text: 'the connection was closed' }));
  }

  get alive(): boolean {
    return !this.#dead;
  }

  /** Whether it is known that the server speaks as we do. */
  get understood(): boolean {
    return this.#understood;
  }

  /** ms for which nothing has been asked; undefined while a call is under way. */
  get idleMs(): number | undefined {
    return this.#active === undefined ? performance.now() - this.#idleSince : undefined;
  }

  /** The method's result struct. Rejects with WireFault, or with ApplicationFault when the server answers so. */
  call(method: string, args: ThriftStruct, options: WireCallOptions): Promise<ThriftStruct> {
    const { signal, timeoutMs } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted || this.#dead) {
        const reason = signal?.aborted ? 'aborted' : 'closed';
        reject(
          new WireFault(
            'not-sent',
            reason,
            `${method} was not sent: ${signal?.aborted ? 'interrupted' : 'the connection is closed'}`,
          ),
        );
        return;
      }
      const job: Job = {
        method,
        args,
        finish: (result) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      const onAbort = () => this.#give(job, { reason: 'aborted', text: 'interrupted' });
      const timer = setTimeout(() => this.#give(job, { reason: 'timeout', text: `no answer after ${timeoutMs} ms` }), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(job);
      this.#send();
    });
  }

  /** Drops the socket; calls that are under way end as they do on any failure. */
  close(): void {
    this.#fail({ reason: 'closed', text: 'the connection was closed' });
  }

  #send(): void {
    while (this.#active === undefined && !this.#dead) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#seqid += 1;
      try {
        const bytes = encodeCall(job.method, this.#seqid, job.args, this.#transport.framed);
        this.#active = { job, reader: new ReplyReader(job.method, this.#seqid, this.#transport.framed) };
        this.#socket.write(bytes);
      } catch (error) {
        // Arguments that cannot be written are that call's trouble alone.
        job.finish(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  #receive(chunk: Buffer): void {
    this.#heard = true;
    if (this.#active === undefined) {
      this.#fail({ reason: 'protocol', text: 'the server sent bytes that nobody asked for' });
      return;
    }
    const { job, reader } = this.#active;
    try {
      const result = reader.push(chunk);
      if (result !== undefined) this.#done(job, result);
    } catch (error) {
      if (error instanceof ApplicationFault) this.#done(job, error);
      else this.#fail(unreadable(error));
    }
  }

  #done(job: Job, result: ThriftStruct | Error): void {
    this.#understood = true;
    this.#active = undefined;
    this.#idleSince = performance.now();
    job.finish(result);
    this.#send();
  }

  /** An alert that ends the TLS handshake may come after our side thinks it done (TLS 1.3): the server has read no call then. */
  #broken(error: Error): Failure {
    const refusal = this.#heard ? undefined : handshakeRefusal(error);
    if (refusal !== undefined) return { reason: 'connect', outcome: 'not-sent', ...refusal };
    return { reason: 'closed', text: `the connection broke: ${error.message}` };
  }

  /** Gives up one call: in the queue it just leaves, on the wire it takes the socket with it. */
  #give(job: Job, failure: Failure): void {
    const index = this.#queue.indexOf(job);
    if (index < 0) {
      this.#fail(failure);
    } else {
      this.#queue.splice(index, 1);
      job.finish(new WireFault('not-sent', failure.reason, `${job.method}: ${failure.text}`));
    }
  }

  #fail(failure: Failure): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#socket.destroy();
    const active = this.#active;
    this.#active = undefined;
    const { outcome = 'unknown', reason, text } = failure;
    const strange = !this.#understood && ['closed', 'timeout', 'protocol'].includes(reason);
    const slow = reason === 'timeout' ? `${SLOW_HINT} ` : '';
    const hint = failure.hint ?? (strange ? `${slow}${transportHint(this.#transport)}` : undefined);
    const doubt = strange && reason === 'closed' ? transportDoubt(this.#transport) : '';
    active?.job.finish(new WireFault(outcome, reason, `${active.job.method}: ${text}${doubt}`, hint));
    for (const job of this.#queue.splice(0)) {
      job.finish(new WireFault('not-sent', 'closed', `${job.method}: not sent: ${text}${doubt}`, hint));
    }
  }
}

function unreadable(error: unknown): Failure {
  if (error instanceof ForeignAnswer) return error.foreign;
  return { reason: 'protocol', text: error instanceof ProtocolError ? `unreadable answer: ${error.message}` : String(error) };
}
