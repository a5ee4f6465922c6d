const READS = ['readInt8', 'readInt16BE', 'readInt32BE', 'readUInt32BE', 'readBigInt64BE', 'subarray'] as const;

/**
 * What `run` does to bytes: reads of them, and bytes copied by `Buffer.copy`. A measure of work that no busy machine disturbs. Throws at `limit`
 * reads, so that work that grows with the square fails instead of taking for ever.
 */
export function countReads(run: () => void, limit: number): { readonly reads: number; readonly copied: number } {
  const count = { reads: 0, copied: 0 };
  const seen = () => {
    count.reads += 1;
    if (count.reads > limit) throw new Error(`more than ${limit} reads`);
  };
  const restore = READS.map((name) => watch(name, seen));
  restore.push(watch('copy', (bytes) => (count.copied += Number(bytes))));
  try {
    run();
  } finally {
    for (const each of restore) each();
  }
  return count;
}

/** Tells each result of a Buffer's method. By hand, since a spy would keep millions of calls. */
function watch(name: (typeof READS)[number] | 'copy', seen: (result: unknown) => void): () => void {
  const prototype = Buffer.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  const own = Object.getOwnPropertyDescriptor(prototype, name);
  const real = prototype[name];
  prototype[name] = function (this: Buffer, ...args) {
    const result = real?.apply(this, args);
    seen(result);
    return result;
  };
  return () => {
    if (own === undefined) delete prototype[name];
    else Object.defineProperty(prototype, name, own);
  };
}
