import { BcnError } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import { commitKey, purgeMarks } from './keys.js';
import { MOMENT_MS } from './moment.js';
import { placeUri, type RepositoryPlace } from './place.js';

/** What a LIST says of a name: the store's time, ms, and when a prune last announced that it is about to remove a COMMIT of that name. */
export interface NameLook {
  readonly now: number;
  readonly marked: number | undefined;
}

/** The store's time, and whether a name is being purged (format, "Prune" 4). One page. */
export async function lookAtName(place: RepositoryPlace, name: string, options: CallOptions = {}): Promise<NameLook> {
  let now: number | undefined;
  let marked: number | undefined;
  for await (const page of place.store.list(place.prefix + purgeMarks(name), options)) {
    now = page.date;
    for (const { modified = page.date } of page.objects) marked = Math.max(marked ?? modified, modified);
  }
  return { now: now ?? Date.now(), marked };
}

/** Throws `busy` while a DELETE of an earlier COMMIT of this name may still be under way: it would take the new one. */
export function assertNotPurging(place: RepositoryPlace, name: string, { now, marked }: NameLook, grace: number): void {
  const until = marked === undefined ? 0 : marked + grace / 8 + MOMENT_MS;
  if (now > until) return;
  throw new BcnError(
    'busy',
    `The name "${name}" in ${placeUri(place)} was a deleted backup's until just now, which is being pruned`,
    {
      object: `${placeUri(place)}/${commitKey(name)}`,
      hint: `Choose another --backup-name, or use this one after ${new Date(until).toISOString()}.`,
      retryable: true,
    },
  );
}
