import type { Readable } from 'node:stream';
import type { ObjectVersions } from './versions.js';

/**
 * The object-store port: what bcn needs of a store, and no more. One instance = one bucket (or one local root) of one service.
 *
 * Contract, proven by test/conformance/storage.ts for every adapter:
 * - Keys are opaque strings of 1 to 1,024 UTF-8 bytes, never normalised, never URL-decoded. A key that the store cannot hold, or would take for
 *   another one (`a//b` for `a/b`), is refused as `name-conflict` before anything is written; specs/05-stores.md says which store holds what.
 * - `create` never replaces an object that was there when it began; that of two at once on one key only one succeeds is what
 *   `probeCreate` finds out. `upload` and `copy` are only ever given keys that this run owns, where replacing an
 *   object by the same bytes is harmless; an adapter makes the object visible all at once, never in part.
 * - After a write, `get` and `list` see it (S3 has promised this since 2020).
 * - Errors are BcnErrors: `object-not-found`, `bucket-not-found`, `object-exists` (create), `name-conflict` (the store cannot hold this
 *   key beside another), `object-archived`, `source-changed` (a copy's source changed between two requests), `storage-auth`,
 *   `storage-unavailable` (after the adapter's own retries), `interrupted` (the signal was aborted). `object` is always set.
 * - `date` in an answer is the store's clock in ms since the epoch; bcn never compares it with the client's clock.
 */
export interface ObjectStore {
  /** Prefix of the URIs of its objects: `s3://bucket`, `file://`, `memory://name`; URI = uri + '/' + key. */
  readonly uri: string;
  /** Stores of an equal service copy between each other server-side. Names endpoint and identity, holds no secret. */
  readonly service: string;
  /** Names the service alone, without who uses it: what records and comparisons of places use; holds no secret. */
  readonly endpoint: string;
  /** What the store keeps beside its objects; absent where there is nothing of the kind (folders, memory). */
  readonly versions?: ObjectVersions;
  /** The whole object. For metadata only; content files are streamed or copied. */
  get(key: string, options?: CallOptions): Promise<StoredBytes>;
  /**
   * The object, or a range of it, as a stream of bytes. Fails before the first byte with the errors above, or destroys the stream later.
   * A range gives those of its bytes that the object has: fewer when it goes over the end, `corrupt` ("has fewer bytes than …") when it begins
   * at the end or behind it; `unexpected` when it is none (a caller's bug). No checksum covers it.
   */
  read(key: string, options?: ReadOptions): Promise<Readable>;
  /** Create the object if the key is free, else throw `object-exists`. A retried request may report its own success as `object-exists`. */
  create(key: string, bytes: Uint8Array, options?: CallOptions): Promise<WriteResult>;
  /**
   * Whether `create` is a compare-and-swap: of several at once on one key, one succeeds, and its bytes stay. Local folders (link(2)) and memory are so by construction; a
   * service of S3 is measured, with objects below `prefix` that are removed as far as this identity may. False is safe to believe, true is as sure as a measurement.
   */
  probeCreate(prefix: string, options?: CallOptions): Promise<boolean>;
  /** Write a stream of `size` bytes. Throws `corrupt` and writes nothing when the stream holds another number of bytes. */
  upload(key: string, body: Readable, size: number, options?: CallOptions): Promise<WriteResult>;
  /** Server-side copy from a store with an equal `service`. */
  copy(source: CopySource, key: string, options?: CallOptions): Promise<WriteResult>;
  /** Pages of the objects whose key starts with `prefix`, in UTF-8 byte order. Empty pages do not end the listing. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage>;
  /** Delete objects; a missing one is no error. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;
  /** Abort unfinished multipart uploads whose key starts with `prefix` (some stores list them for an exact key only). */
  abortUploads(prefix: string, options?: CallOptions): Promise<number>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Bytes [start, end): safe integers, `0 <= start < end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ReadOptions extends CallOptions {
  /** Only these bytes; default: all. */
  readonly range?: ByteRange;
}

export interface ListOptions extends CallOptions {
  /** Only keys after this one. */
  readonly startAfter?: string;
  /** Fold keys that share a prefix up to the next '/' into `prefixes`. */
  readonly delimiter?: '/';
}

export interface ObjectInfo {
  readonly key: string;
  /** bytes */
  readonly size: number;
  /** Opaque; never compared between two objects. */
  readonly etag?: string;
  /** Store time of the last write, ms. */
  readonly modified?: number;
}

export interface ListPage {
  readonly objects: readonly ObjectInfo[];
  /** With a delimiter: the folded prefixes, each with its trailing '/'. */
  readonly prefixes: readonly string[];
  readonly date: number;
}

export interface StoredBytes extends ObjectInfo {
  readonly bytes: Buffer;
  readonly date: number;
}

export interface CopySource {
  readonly store: ObjectStore;
  readonly key: string;
  /** Length in bytes that the metadata gives; chooses between a single copy and a multipart copy. */
  readonly size: number;
}

export interface WriteResult {
  readonly etag?: string;
  /** Absent where the store gave none. */
  readonly sum?: Checksum;
  readonly date: number;
}

/** A checksum as a store or bcn computed it. `composite` = checksum of the parts' checksums, parts of `partSize` bytes (S3), without its `-<parts>` ending. */
export interface Checksum {
  readonly alg: 'sha256' | 'crc32' | 'crc32c' | 'crc64nvme';
  /** base64 */
  readonly value: string;
  readonly kind: 'full' | 'composite';
  readonly partSize?: number;
}

/** Finds the store and key of a URI or path as Iceberg metadata spells it. */
export interface StoreResolver {
  /** Throws `config` for a scheme that no adapter serves. */
  resolve(uri: string): ResolvedObject;
}

export interface ResolvedObject {
  readonly store: ObjectStore;
  /** Without a leading '/'; may be empty for the root of a store. */
  readonly key: string;
}
