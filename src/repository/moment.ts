import { BcnError } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import { Told } from './clock.js';

/** How long ago, by this machine's clock, the look may have begun that a write rests on, and how long the write may take (format, "Time"). */
const FRESH_MS = 2 * 60_000;
const DEADLINE_MS = 5 * 60_000;
/** S3 takes a signed request for so long. */
const SIGNED_MS = 15 * 60_000;

/** After this time such a write is there, or will never be. */
export const MOMENT_MS = FRESH_MS + DEADLINE_MS + SIGNED_MS;

/**
 * The moment in which a write must follow the look at the store that it rests on, since the process may sleep between the two. Begin it before the look
 * is sent. The only use of this machine's clock, and only to measure how long the moment was.
 */
export class Moment {
  readonly #began = new Told(0);

  /** Whether a write may still rest on what was seen. */
  isFresh(): boolean {
    return this.#began.now <= FRESH_MS;
  }
}

/** Sends a write that must be there soon or never; gives it up, its outcome unknown, after some minutes (`storage-unavailable`). */
export async function promptly<T>(write: (call: CallOptions) => Promise<T>, { signal }: CallOptions = {}): Promise<T> {
  const late = new AbortController();
  const giveUp = () =>
    late.abort(
      new BcnError('storage-unavailable', 'A request that decides took too long, and was given up', {
        hint: 'Run the same command again: it looks first at how this one ended.',
      }),
    );
  const timer = setTimeout(giveUp, DEADLINE_MS);
  try {
    return await write({ signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal });
  } finally {
    clearTimeout(timer);
  }
}
