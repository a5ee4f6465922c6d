import { isCode } from '../errors.js';
import { objectExists } from './guard.js';
import type { CallOptions, ObjectStore, StoredBytes } from './port.js';

export interface CreatedOnce {
  readonly outcome: 'created' | 'already';
  /** Store time of the write, ms. */
  readonly date: number;
}

/**
 * Creates an object whose bytes name its author (a commit, an event, a claim) and settles what a failed answer leaves open:
 * a conditional PUT that was retried reports its own success as `object-exists`, and a lost answer reads as `storage-unavailable`.
 * In both cases the stored bytes decide.
 *
 * Returns `created`, or `already` when the key holds exactly these bytes, and the store time at which they were written. Throws `object-exists` when it holds others, and
 * the original error when the outcome cannot be read.
 */
export async function createOnce(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  options: CallOptions = {},
): Promise<CreatedOnce> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { date } = await store.create(key, bytes, options);
      return { outcome: 'created', date };
    } catch (error) {
      if (!isCode(error, 'object-exists', 'storage-unavailable')) throw error;
      const stored = await readBack(store, key, options);
      if (stored?.bytes.equals(bytes)) return { outcome: 'already', date: stored.modified ?? stored.date };
      // Deleted between the two requests: the key is free again.
      if (stored === undefined && error.code === 'object-exists' && attempt < 3) continue;
      if (stored !== undefined && error.code === 'storage-unavailable') throw objectExists(`${store.uri}/${key}`, error);
      throw error;
    }
  }
}

async function readBack(store: ObjectStore, key: string, options: CallOptions): Promise<StoredBytes | undefined> {
  try {
    return await store.get(key, options);
  } catch (error) {
    if (isCode(error, 'object-not-found', 'storage-unavailable')) return undefined;
    throw error;
  }
}
