import type { CallOptions } from '../storage/port.js';
import { RECORD_KEY } from './keys.js';
import type { RepositoryPlace } from './place.js';

/** The store's time now, ms: bcn decides nothing by the client's clock. Also the first request to a repository, so a missing bucket shows here. */
export async function storeTime(place: RepositoryPlace, options: CallOptions = {}): Promise<number> {
  for await (const page of place.store.list(place.prefix + RECORD_KEY, options)) return page.date;
  return Date.now();
}
