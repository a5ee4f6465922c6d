import type { CallOptions, ObjectInfo, ObjectStore } from './port.js';

/** What a LIST says of exactly this key, undefined when there is no such object. One page, however many keys begin so. */
export async function findObject(store: ObjectStore, key: string, options: CallOptions = {}): Promise<ObjectInfo | undefined> {
  for await (const { objects } of store.list(key, options)) {
    // In byte order a key comes before all that begin with it.
    if (objects.length > 0) return objects.find((object) => object.key === key);
  }
  return undefined;
}
