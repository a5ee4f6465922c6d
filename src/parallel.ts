import { pMapIterable } from 'p-map';

/**
 * Maps items with at most `concurrency` calls of `work` at once; results come in the order of the items. However it ends (an error, a consumer that stops), it ends only
 * when every call that had begun is over, so that whoever cleans up afterwards cleans up behind the last write. The first error is thrown.
 */
export async function* parallel<I, O>(
  items: Iterable<I> | AsyncIterable<I>,
  work: (item: I) => Promise<O>,
  concurrency: number,
): AsyncGenerator<O> {
  const running = new Set<Promise<unknown>>();
  const tracked = async (item: I): Promise<O> => {
    const call = work(item);
    running.add(call);
    try {
      return await call;
    } finally {
      running.delete(call);
    }
  };
  try {
    yield* pMapIterable(items, tracked, { concurrency }) as AsyncIterable<O>;
  } finally {
    await Promise.allSettled(running);
  }
}
