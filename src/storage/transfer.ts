import type { CallOptions, CopySource, ObjectStore, WriteResult } from './port.js';

export interface TransferResult extends WriteResult {
  /** False when the bytes went through this process. */
  readonly serverSide: boolean;
}

/**
 * Brings an object to another store: server-side where both stores are of one service, else read and uploaded.
 * Errors as `copy`, `read` and `upload` of the port; `corrupt` when the source does not hold `source.size` bytes.
 */
export async function transfer(
  source: CopySource,
  target: { readonly store: ObjectStore; readonly key: string },
  options: CallOptions = {},
): Promise<TransferResult> {
  if (source.store.service === target.store.service) {
    return { ...(await target.store.copy(source, target.key, options)), serverSide: true };
  }
  const body = await source.store.read(source.key, options);
  return { ...(await target.store.upload(target.key, body, source.size, options)), serverSide: false };
}
