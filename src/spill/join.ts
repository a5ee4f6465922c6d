import { byteCompare } from '../storage/location.js';
import type { Keyed } from './sorter.js';

/** Consecutive records of an equal key, as one array. The input is sorted. */
export async function* groups<T extends Keyed>(sorted: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let group: T[] = [];
  for await (const record of sorted) {
    if (group.length > 0 && (group[0] as T).k !== record.k) {
      yield group;
      group = [];
    }
    group.push(record);
  }
  if (group.length > 0) yield group;
}

/**
 * Left join of two streams sorted by the UTF-8 bytes of their keys: each left record with the right one of the same key, if there is one. Both sides are read once.
 */
export async function* leftJoin<L extends Keyed, R extends { readonly key: string }>(
  left: AsyncIterable<L>,
  right: AsyncIterable<R>,
): AsyncGenerator<{ readonly left: L; readonly right: R | undefined }> {
  const iterator = right[Symbol.asyncIterator]();
  try {
    let head = await iterator.next();
    for await (const record of left) {
      while (!head.done && byteCompare(head.value.key, record.k) < 0) head = await iterator.next();
      yield { left: record, right: !head.done && head.value.key === record.k ? head.value : undefined };
    }
  } finally {
    await iterator.return?.();
  }
}

/** The records of the left whose key no record of the right has. Both are sorted, and read once. */
export async function* without<L extends Keyed>(left: AsyncIterable<L>, right: AsyncIterable<Keyed>): AsyncGenerator<L> {
  const keys = (async function* () {
    for await (const { k } of right) yield { key: k };
  })();
  for await (const { left: record, right: found } of leftJoin(left, keys)) if (!found) yield record;
}

/** A right side that holds nothing. */
export async function* none(): AsyncGenerator<never> {}
