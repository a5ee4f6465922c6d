import type { CallOptions, ObjectStore } from './port.js';

/** No file below this size is ever uploaded in parts (S3: 5 MiB). */
const SMALLEST_PART = 5 * 1024 * 1024;

/** Aborts what a crash may have left of an upload of this key. By its exact key, since some stores (MinIO) list unfinished uploads for nothing else. */
export async function abortLeftovers(store: ObjectStore, key: string, size: number, options: CallOptions = {}): Promise<void> {
  if (size >= SMALLEST_PART) await store.abortUploads(key, options);
}
