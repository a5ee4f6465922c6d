import { compareUtf8 } from './utf8-order.js';

/** The smallest and largest of some paths, by UTF-8 bytes. */
export class PathRange {
  #lower: string | undefined;
  #upper: string | undefined;

  add(path: string): void {
    if (path === this.#lower || path === this.#upper) return;
    if (this.#lower === undefined || compareUtf8(path, this.#lower) < 0) this.#lower = path;
    if (this.#upper === undefined || compareUtf8(path, this.#upper) > 0) this.#upper = path;
  }

  /** undefined when there was none. */
  get bounds(): { readonly lower: string; readonly upper: string } | undefined {
    return this.#lower === undefined || this.#upper === undefined ? undefined : { lower: this.#lower, upper: this.#upper };
  }
}
