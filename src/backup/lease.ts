import { beatKey } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';
import { widestAllowed } from '../repository/runs.js';
import type { CallOptions } from '../storage/port.js';

/**
 * Whether prune can have taken this run for dead: it does so when a run's newest write is older than the grace. A run may therefore be committed only when no two of its writes that follow each
 * other lie too far apart, and soon after the last one, all by the store's clock (format, "Backup" 10). Lives as long as the process works on the run.
 */
export class Lease {
  #last: number | undefined;
  #widest = 0;

  /** `last`: store time, ms, of the newest write of a run that is taken up. */
  constructor(last?: number) {
    this.#last = last;
  }

  /** A write of the run was done at this store time, ms. */
  touch(date: number): void {
    if (this.#last !== undefined) this.#widest = Math.max(this.#widest, date - this.#last);
    this.#last = Math.max(this.#last ?? date, date);
  }

  /** Whether what the run holds was safe at all times, and still is for a while. */
  holds(now: number, grace: number): boolean {
    return this.isUnbroken(grace) && this.#last !== undefined && now <= this.#last + grace / 2;
  }

  isUnbroken(grace: number): boolean {
    return this.#widest <= widestAllowed(grace);
  }

  /** Writes a beat, so that prune and later runs see that this one lives. */
  async beat(place: RepositoryPlace, run: string, call: CallOptions = {}): Promise<void> {
    this.touch((await place.store.create(place.prefix + beatKey(run, Date.now()), Buffer.alloc(0), call)).date);
  }
}
