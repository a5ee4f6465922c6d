/**
 * Finds, in keys that come in UTF-8 byte order, those that lie below another one, as `a/b` lies below `a`. Stores that keep objects in folders cannot hold both, and MinIO
 * holds them but lists only the upper one. Keeps one chain of keys that begin with each other.
 */
export class Nesting {
  #chain: string[] = [];

  /** The key that this one lies below, or undefined. */
  above(key: string): string | undefined {
    while (this.#chain.length > 0 && !key.startsWith(this.#chain.at(-1) as string)) this.#chain.pop();
    const found = this.#chain.findLast((upper) => key.startsWith(`${upper}/`));
    if (this.#chain.at(-1) !== key) this.#chain.push(key);
    return found;
  }
}
