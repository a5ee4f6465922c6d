/**
 * Bytes that may be in memory at once, shared by all uploads of a service: with many streams of many parts each, a limit per stream is none.
 * Who holds bytes must be able to give them back without taking more, else all wait for each other.
 */
export class ByteBudget {
  readonly #limit: number;
  #taken = 0;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are held now. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Waits for room, first come first served, and returns what gives it back (once; further calls do nothing). More than the limit is
   * lent to one holder alone. Throws the signal's reason when it is aborted meanwhile.
   */
  async take(bytes: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || !this.#fits(bytes)) await this.#wait(bytes, signal);
    else this.#taken += bytes;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken -= bytes;
      this.#next();
    };
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#limit;
  }

  #wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = {
        bytes,
        go: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal?.reason);
        this.#next();
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiting.push(entry);
    });
  }

  #next(): void {
    for (let first = this.#waiting[0]; first && this.#fits(first.bytes); first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#taken += first.bytes;
      first.go();
    }
  }
}
