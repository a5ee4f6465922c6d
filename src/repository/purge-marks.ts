import { BcnError } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import { commitKey, isPurgeMark } from './keys.js';
import { MOMENT_MS } from './moment.js';
import { placeUri, type RepositoryPlace } from './place.js';

/** What a LIST says of a name: the store's time, ms, whether a COMMIT has it, and when a prune last announced that it is about to remove one. */
export interface NameLook {
  readonly now: number;
  readonly taken: boolean;
  readonly marked: number | undefined;
}

/** Looks at a name that a COMMIT by name is to have, and at the store's time. One page, as a rule. */
export async function lookAtName(place: RepositoryPlace, name: string, options: CallOptions = {}): Promise<NameLook> {
  let now: number | undefined;
  let taken = false;
  let marked: number | undefined;
  const commit = place.prefix + commitKey(name);
  for await (const page of place.store.list(commit, options)) {
    now = page.date;
    for (const { key, modified = page.date } of page.objects) {
      taken ||= key === commit;
      if (isPurgeMark(key.slice(place.prefix.length))) marked = Math.max(marked ?? modified, modified);
    }
  }
  return { now: now ?? Date.now(), taken, marked };
}

/** Throws `busy` while a DELETE of an earlier COMMIT of this name may still be under way: it would take the new one. */
export function assertNotPurging(
  place: RepositoryPlace,
  name: string,
  { now, marked }: Pick<NameLook, 'now' | 'marked'>,
  grace: number,
): void {
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
