import { buffer } from 'node:stream/consumers';
import { tooShort } from './guard.js';
import type { CallOptions, ObjectStore } from './port.js';

/** Exactly the bytes [start, end) of an object, `0 <= start < end`, in memory. Throws `corrupt` when it has fewer, and what `read` throws. */
export async function readRange(
  store: ObjectStore,
  key: string,
  start: number,
  end: number,
  options: CallOptions = {},
): Promise<Buffer> {
  const bytes = await buffer(await store.read(key, { ...options, range: { start, end } }));
  if (bytes.length < end - start) throw tooShort(`${store.uri}/${key}`, end);
  return bytes;
}
