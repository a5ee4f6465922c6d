import { BcnError, isCode } from '../errors.js';
import { createOnce } from '../storage/create-once.js';
import { hiddenHint } from '../storage/hidden.js';
import type { CallOptions } from '../storage/port.js';
import type { StoredObject } from './commit.js';
import { sha256 } from './keys.js';
import type { RepositoryPlace } from './place.js';

/** Reads an object that bcn wrote and proves its length and sha256. Throws `corrupt` when it is missing or altered. */
export async function readStored(place: RepositoryPlace, stored: StoredObject, options: CallOptions = {}): Promise<Buffer> {
  const object = `${place.store.uri}/${place.prefix}${stored.key}`;
  const damaged = (why: string, cause?: unknown) =>
    new BcnError('corrupt', `The repository is damaged: ${object} ${why}`, {
      object,
      cause,
      hint: hiddenHint(cause) ?? 'See all damage: bcn verify NAME',
    });
  let bytes: Buffer;
  try {
    ({ bytes } = await place.store.get(place.prefix + stored.key, options));
  } catch (error) {
    if (isCode(error, 'object-not-found')) throw damaged('is missing', error);
    throw error;
  }
  if (bytes.length !== stored.length) throw damaged(`has ${bytes.length} bytes instead of ${stored.length}`);
  if (sha256(bytes) !== stored.sha256) throw damaged('has another sha256 than the backup recorded');
  return bytes;
}

/** Creates an object that bcn makes, and says how it is to be named. `date`: store time, ms, at which it was written. */
export async function writeStored(
  place: RepositoryPlace,
  key: string,
  bytes: Buffer,
  options: CallOptions = {},
): Promise<{ readonly stored: StoredObject; readonly date: number }> {
  const { date } = await createOnce(place.store, place.prefix + key, bytes, options);
  return { stored: { key, length: bytes.length, sha256: sha256(bytes) }, date };
}
