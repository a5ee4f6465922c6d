import { ByteBudget } from './budget.js';

const KiB = 1 << 10;
const MiB = 1 << 20;

export interface Lent {
  /** Of the length that was asked for; what it holds is left over from others. */
  readonly bytes: Buffer;
  /** Ends the loan. `reusable` = nobody reads or writes the bytes any more: a request that was given up may still be sending them. */
  giveBack(reusable: boolean): void;
}

/**
 * Buffers for all uploads of a service, within one budget. They are used again: buffers of megabytes that are left to the garbage
 * collector pile up to several times what is in use before it looks.
 */
export class Buffers {
  readonly #limit: number;
  readonly #budget: ByteBudget;
  readonly #idle: Buffer[] = [];
  #idleBytes = 0;

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#budget = new ByteBudget(limit);
  }

  /** Waits for room (see ByteBudget). Throws the signal's reason when it is aborted meanwhile. */
  async take(bytes: number, signal?: AbortSignal): Promise<Lent> {
    const capacity = capacityFor(bytes);
    const release = await this.#budget.take(capacity, signal);
    const buffer = this.#reuse(capacity) ?? Buffer.allocUnsafeSlow(capacity);
    this.#shrink();
    let lent = true;
    return {
      bytes: buffer.subarray(0, bytes),
      giveBack: (reusable) => {
        if (!lent) return;
        lent = false;
        // Before the room goes to the next in line, who is to find it.
        if (reusable) this.#idle.push(buffer);
        if (reusable) this.#idleBytes += capacity;
        release();
      },
    };
  }

  #reuse(capacity: number): Buffer | undefined {
    const at = this.#idle.findLastIndex(({ length }) => length === capacity);
    if (at < 0) return undefined;
    this.#idleBytes -= capacity;
    return this.#idle.splice(at, 1)[0];
  }

  /** Idle and lent ones together keep to the limit: asked when somebody has what he came for. */
  #shrink(): void {
    while (this.#idle.length > 0 && this.#idleBytes + this.#budget.taken > this.#limit) {
      this.#idleBytes -= this.#idle.shift()?.length ?? 0;
    }
  }
}

/** Few different sizes, so that a buffer finds its next user. */
function capacityFor(bytes: number): number {
  const step = bytes > MiB ? MiB : 64 * KiB;
  return Math.max(step, Math.ceil(bytes / step) * step);
}
