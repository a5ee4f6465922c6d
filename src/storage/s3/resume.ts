import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WholeSum } from './whole.js';

/** A download that broke off, or the announced length that did not come. */
export class BrokenBody extends Error {}

export interface ResumeOptions {
  /** Bytes of all that is read: the object, or a range of it. */
  readonly length: number;
  /** Proves a whole object that was put together from several answers; the service's checksum covers only the first. */
  readonly sum: WholeSum | undefined;
  /** The error of bytes that the checksum contradicts. */
  readonly contradicted: () => Error;
  /** The same bytes from this one on, counted from the first. Rejects when they cannot be had any more. */
  readonly reopen: (from: number) => Promise<Readable>;
  /** Whether this error is one that asking again may mend. */
  readonly isBroken: (error: unknown) => boolean;
  readonly signal: AbortSignal | undefined;
}

/** Tries in a row that bring no byte. */
const ATTEMPTS = 4;

/**
 * A stream of all bytes of `first`, which is continued where it broke off: for files so large that a connection seldom lives as long. Gives
 * up with the last error when several tries in a row bring nothing.
 */
export function resumable(first: Readable, options: ResumeOptions): Readable {
  const { length, sum, contradicted, reopen, isBroken, signal } = options;
  let current = first;
  async function* bytes(): AsyncGenerator<Buffer> {
    let [at, failures] = [0, 0];
    for (;;) {
      try {
        for await (const chunk of current as AsyncIterable<Buffer>) {
          [at, failures] = [at + chunk.length, 0];
          sum?.update(chunk);
          yield chunk;
        }
        if (current !== first && sum?.holds() === false) throw contradicted();
        return;
      } catch (error) {
        failures++;
        // With all bytes here it was their checksum, and there is no rest to ask for.
        if (!isBroken(error) || at >= length || failures >= ATTEMPTS || signal?.aborted || stream.destroyed) throw error;
        await sleep(100 * 2 ** failures * (0.5 + Math.random()));
        if (stream.destroyed) return;
        current = await reopen(at);
        if (stream.destroyed) current.destroy();
      }
    }
  }
  const iterator = bytes();
  const stream = new Readable({
    highWaterMark: 1 << 18,
    read() {
      iterator.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error),
      );
    },
    // Not Readable.from: that one would wait for the next bytes of a service that may stay silent.
    destroy(error, done) {
      current.destroy();
      done(error);
    },
  });
  return stream;
}
