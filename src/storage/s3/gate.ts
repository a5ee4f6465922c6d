import { allowListeners } from '../guard.js';

/** A writer that has sent nothing by then keeps the others waiting no longer (ms). */
const PATIENCE = 10_000;

/** Lets requests that are under way end together: it opens when all have come, and some time later; at once when one of them was answered before, or is aborted. */
export class Gate {
  readonly #opened: Promise<void>;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #settle: number;
  readonly #onAbort = () => this.open();
  #resolve: () => void = () => undefined;
  #missing: number;
  #openedAt = 0;
  #answeredAt = 0;

  /** `settle`: ms between the last one's coming and the opening. */
  constructor(requests: number, settle: number, signal: AbortSignal | undefined) {
    this.#missing = requests;
    this.#settle = settle;
    this.#signal = signal;
    this.#opened = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    allowListeners(signal);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#later(PATIENCE);
  }

  /** ms from the opening to the first answer. */
  get took(): number {
    return Math.max(0, this.#answeredAt - this.#openedAt);
  }

  /** Comes to the gate and waits. */
  pass(): Promise<void> {
    this.#missing--;
    if (this.#missing === 0) this.#later(this.#settle);
    return this.#opened;
  }

  /** A request has its answer, whether its body was sent or not. */
  answered(): void {
    if (this.#answeredAt === 0) this.#answeredAt = Date.now();
    this.open();
  }

  open(): void {
    if (this.#openedAt === 0) this.#openedAt = Date.now();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve();
  }

  #later(ms: number): void {
    this.#timers.push(setTimeout(() => this.open(), ms));
  }
}
