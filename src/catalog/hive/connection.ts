import type { Socket } from 'node:net';
import { ApplicationFault, WireFault } from './faults.js';
import { encodeCall, ReplyReader } from './message.js';
import type { ThriftStruct } from './struct.js';
import { ProtocolError } from './wire.js';

interface WireCallOptions {
  /** From the call to its result, time in the queue included, ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Job {
  readonly method: string;
  readonly args: ThriftStruct;
  readonly finish: (result: ThriftStruct | Error) => void;
}

/**
 * One socket to a metastore, one call on the wire at a time, the others in a queue. Whatever goes wrong on the wire destroys the socket, since
 * nobody could tell which reply comes next: the call on the wire ends as `unknown`, those in the queue as `not-sent`.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #framed: boolean;
  readonly #queue: Job[] = [];
  #active: { readonly job: Job; readonly reader: ReplyReader } | undefined;
  #seqid = 0;
  #dead = false;

  /** Takes over a connected socket. */
  constructor(socket: Socket, framed: boolean) {
    this.#socket = socket;
    this.#framed = framed;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail('closed', `the connection broke: ${error.message}`));
    socket.on('end', () => this.#fail('closed', 'the server closed the connection'));
    socket.on('close', () => this.#fail('closed', 'the connection was closed'));
  }

  get alive(): boolean {
    return !this.#dead;
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
      const onAbort = () => this.#give(job, 'aborted', 'interrupted');
      const timer = setTimeout(() => this.#give(job, 'timeout', `no answer after ${timeoutMs} ms`), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(job);
      this.#send();
    });
  }

  /** Drops the socket; calls that are under way end as they do on any failure. */
  close(): void {
    this.#fail('closed', 'the connection was closed');
  }

  #send(): void {
    if (this.#active !== undefined || this.#dead) return;
    const job = this.#queue.shift();
    if (job === undefined) return;
    this.#seqid += 1;
    this.#active = { job, reader: new ReplyReader(job.method, this.#seqid, this.#framed) };
    this.#socket.write(encodeCall(job.method, this.#seqid, job.args, this.#framed));
  }

  #receive(chunk: Buffer): void {
    if (this.#active === undefined) {
      this.#fail('protocol', 'the server sent bytes that nobody asked for');
      return;
    }
    const { job, reader } = this.#active;
    try {
      const result = reader.push(chunk);
      if (result !== undefined) this.#done(job, result);
    } catch (error) {
      if (error instanceof ApplicationFault) this.#done(job, error);
      else this.#fail('protocol', error instanceof ProtocolError ? `unreadable answer: ${error.message}` : String(error));
    }
  }

  #done(job: Job, result: ThriftStruct | Error): void {
    this.#active = undefined;
    job.finish(result);
    this.#send();
  }

  /** Gives up one call: in the queue it just leaves, on the wire it takes the socket with it. */
  #give(job: Job, reason: WireFault['reason'], text: string): void {
    const index = this.#queue.indexOf(job);
    if (index < 0) {
      this.#fail(reason, text);
    } else {
      this.#queue.splice(index, 1);
      job.finish(this.#fault(job, 'not-sent', reason, text));
    }
  }

  #fail(reason: WireFault['reason'], text: string): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#socket.destroy();
    const active = this.#active;
    this.#active = undefined;
    active?.job.finish(this.#fault(active.job, 'unknown', reason, text));
    for (const job of this.#queue.splice(0)) job.finish(this.#fault(job, 'not-sent', 'closed', `not sent: ${text}`));
  }

  #fault(job: Job, outcome: WireFault['outcome'], reason: WireFault['reason'], text: string): WireFault {
    return new WireFault(outcome, reason, `${job.method}: ${text}`);
  }
}
