import { BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { CallOptions } from '../storage/port.js';
import { RECORD_KEY } from './keys.js';
import { placeUri, type RepositoryPlace } from './place.js';

const PARALLEL = 16;

/**
 * Throws `usage` when a repository that is about to be made would lie inside another one, or around one: what one of them holds would be the other's to list, copy or remove. Looked for are the record of each
 * folder above, and of each right inside; one that may not be read is none. A request a folder, once in the life of a repository.
 */
export async function assertAlone(place: RepositoryPlace, options: CallOptions = {}): Promise<void> {
  const folders = await inside(place, options);
  const look = async (folder: string) => ((await isRepository(place, folder, options)) ? folder : undefined);
  for await (const found of parallel([...above(place.prefix), ...folders], look, PARALLEL)) {
    if (found === undefined) continue;
    const around = place.prefix.startsWith(found);
    const object = `${place.store.uri}/${found}${RECORD_KEY}`;
    throw new BcnError('usage', `${placeUri(place)} would be a repository ${around ? 'inside' : 'around'} another: ${object}`, {
      object,
      hint: around
        ? 'Choose a bucket or prefix outside of it. To add backups to the other one, set BACKUP_BUCKET to it.'
        : 'Choose an empty bucket or prefix beside it. To add backups to the other one, set BACKUP_BUCKET to it.',
    });
  }
}

/** `a/b/c/` → ``, `a/`, `a/b/`. */
function above(prefix: string): readonly string[] {
  const segments = prefix.split('/').slice(0, -2);
  return prefix === '' ? [] : ['', ...segments.map((_, n) => `${segments.slice(0, n + 1).join('/')}/`)];
}

async function inside({ store, prefix }: RepositoryPlace, options: CallOptions): Promise<readonly string[]> {
  for await (const { prefixes } of store.list(prefix, { ...options, delimiter: '/' })) return prefixes;
  return [];
}

async function isRepository({ store }: RepositoryPlace, folder: string, options: CallOptions): Promise<boolean> {
  try {
    await store.get(folder + RECORD_KEY, options);
    return true;
  } catch (error) {
    if (isCode(error, 'object-not-found', 'storage-auth')) return false;
    throw error;
  }
}
