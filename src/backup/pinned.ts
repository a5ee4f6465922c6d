import { BcnError, isCode } from '../errors.js';
import { inflateMetadata, readMetadata, type TableMetadata } from '../iceberg/metadata.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';

/** One metadata.json, read once; everything in a backup derives from it (correctness: pin one metadata.json). */
export interface PinnedMetadata {
  readonly uri: string;
  readonly metadata: TableMetadata;
  /** Gunzipped. */
  readonly bytes: Buffer;
  readonly gzip: boolean;
}

/** Reads the metadata a catalog entry names. Throws `corrupt` when it is missing or damaged. */
export async function readPinned(
  source: StoreResolver,
  uri: string,
  table: string,
  options: CallOptions = {},
): Promise<PinnedMetadata> {
  const raw = await readSource(source, uri, table, 'table metadata', options);
  const { bytes, gzip } = await inflateMetadata(raw, uri);
  return { uri, metadata: readMetadata(bytes, uri), bytes, gzip };
}

/** Reads a metadata file of the source whole. A missing one is `corrupt`: the table names it. */
export async function readSource(
  source: StoreResolver,
  uri: string,
  table: string,
  what: string,
  options: CallOptions,
): Promise<Buffer> {
  const { store, key } = source.resolve(uri);
  try {
    return (await store.get(key, options)).bytes;
  } catch (error) {
    if (!isCode(error, 'object-not-found')) throw error;
    throw new BcnError('corrupt', `The ${what} ${uri} of ${table} is missing from the source`, {
      object: uri,
      table,
      cause: error,
      hint: 'If the table is being written or expired right now, run the command again; else the table itself is damaged.',
    });
  }
}
