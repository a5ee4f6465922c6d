import type { CallOptions } from './port.js';

/** One version of an object, as a bucket with versioning keeps it. */
export interface VersionId {
  readonly key: string;
  readonly version: string;
}

export interface ObjectVersion extends VersionId {
  /** bytes; 0 of a delete marker */
  readonly size: number;
  /** Store time of its write, ms. */
  readonly modified?: number;
  /** It is what the key shows: an object, or with `marker` that there is none. */
  readonly latest: boolean;
  /** It hides what is below it. */
  readonly marker: boolean;
}

/**
 * What a bucket keeps beside its objects: versions that were deleted or replaced, and locks. Proven by test/storage/s3/versions.test.ts. Errors as those of the port; what an
 * identity may not do is `storage-auth`.
 */
export interface ObjectVersions {
  /** Whether the bucket keeps versions, or kept them once; undefined when this identity may not ask, or the service does not know. */
  kept(options?: CallOptions): Promise<boolean | undefined>;
  /** Versions and delete markers of the keys that start with `prefix`: keys in UTF-8 byte order, of each the latest first, the others by age as far as their times tell. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectVersion>;
  /** The bytes of one version. For records only. */
  get(at: VersionId, options?: CallOptions): Promise<Buffer>;
  /** Removes versions for ever; a missing one is no error. Returns those under a lock, which are still there. */
  delete(versions: readonly VersionId[], options?: CallOptions): Promise<readonly VersionId[]>;
  /** Whether objects of the bucket can be locked. */
  lockable(options?: CallOptions): Promise<boolean>;
  /** Until when (ms) an object, or one version of it, is under retention; undefined: it is not, or not any more there. A legal hold has no end and is not told. */
  lockedUntil(key: string, version: string | undefined, options?: CallOptions): Promise<number | undefined>;
}
