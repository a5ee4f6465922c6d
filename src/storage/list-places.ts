import { byteCompare } from './location.js';
import type { CallOptions, ObjectInfo, ResolvedObject } from './port.js';

/** The one URI of an object, however metadata spells it. */
export const objectUri = ({ store, key }: ResolvedObject): string => `${store.uri}/${key}`;

/**
 * Every object below several places (a store and a prefix of keys), in the UTF-8 byte order of their URIs; each once, also where places contain each
 * other. `key` is the whole URI (`objectUri`).
 */
export async function* listPlaces(places: readonly ResolvedObject[], options: CallOptions = {}): AsyncGenerator<ObjectInfo> {
  const sorted = [...places].sort((a, b) => byteCompare(objectUri(a), objectUri(b)));
  let last: string | undefined;
  for (const place of sorted) {
    const uri = objectUri(place);
    if (last !== undefined && uri.startsWith(last)) continue;
    last = uri;
    const start = `${place.store.uri}/`;
    for await (const page of place.store.list(place.key, options))
      for (const object of page.objects) yield { ...object, key: start + object.key };
  }
}
