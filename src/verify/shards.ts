import { objectUri } from '../storage/list-places.js';
import { byteCompare } from '../storage/location.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import type { Wanted } from './content.js';

/** Content files that lie next to each other in one place, each with all that name it. */
export interface Shard {
  readonly place: ResolvedObject;
  readonly wanted: readonly (readonly Wanted[])[];
}

/** Files of one shard: some pages of LIST, which the next shards need not wait for. */
const FILES = 5000;

/**
 * Cuts the sorted files into ranges of keys that can be listed side by side: the keys that are looked for say where a listing can be cut, so no shard waits for another,
 * however the keys of a run are distributed.
 */
export async function* shards(
  wanted: AsyncIterable<readonly Wanted[]>,
  placeOf: (one: Wanted) => ResolvedObject,
  files = FILES,
): AsyncGenerator<Shard> {
  let place: ResolvedObject | undefined;
  let members: (readonly Wanted[])[] = [];
  for await (const group of wanted) {
    const [first] = group as readonly [Wanted];
    const here = placeOf(first);
    if (place && (members.length === files || objectUri(here) !== objectUri(place))) {
      yield { place, wanted: members };
      members = [];
    }
    place = here;
    members.push(group);
  }
  if (place) yield { place, wanted: members };
}

export interface Listed {
  readonly all: readonly Wanted[];
  /** bytes; undefined: there is no such object */
  readonly size: number | undefined;
}

/** Looks for the files of a shard by LIST, from its first key to its last. */
export async function checkShard(
  { place: { store, key: prefix }, wanted }: Shard,
  call: CallOptions,
): Promise<readonly Listed[]> {
  const keyOf = (group: readonly Wanted[]) => (group[0] as Wanted).k.slice(store.uri.length + 1);
  const keys = wanted.map(keyOf);
  const last = keys.at(-1) as string;
  const found = new Map<string, number>();
  const looked = new Set(keys);
  const startAfter = before(keys[0] as string);
  pages: for await (const page of store.list(prefix, { ...call, ...(startAfter !== '' && { startAfter }) })) {
    for (const { key, size } of page.objects) {
      if (looked.has(key)) found.set(key, size);
      if (byteCompare(key, last) >= 0) break pages;
    }
  }
  return wanted.map((all, i) => ({ all, size: found.get(keys[i] as string) }));
}

/** A text that sorts before the key and behind all that comes before its folder: the key without its last character. */
function before(key: string): string {
  return [...key].slice(0, -1).join('');
}
