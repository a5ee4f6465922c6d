import type { CallOptions } from '../storage/port.js';
import { RECORD_KEY } from './keys.js';
import type { RepositoryPlace } from './place.js';

/** The store's time now, ms: bcn decides nothing by the client's clock. Also the first request to a repository, so a missing bucket shows here. */
export async function storeTime(place: RepositoryPlace, options: CallOptions = {}): Promise<number> {
  for await (const page of place.store.list(place.prefix + RECORD_KEY, options)) return page.date;
  return Date.now();
}

/** A time that a store has told, and what went by here since: by the larger of two clocks, since one stops while a machine sleeps and the other can be set. */
export class Told {
  readonly ms: number;
  readonly #steady = performance.now();
  readonly #wall = Date.now();

  constructor(ms: number) {
    this.ms = ms;
  }

  /** Store time now, ms, as far as this machine can know it. */
  get now(): number {
    return this.ms + Math.max(0, performance.now() - this.#steady, Date.now() - this.#wall);
  }
}
