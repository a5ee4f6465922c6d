import type { Readable } from 'node:stream';
import { BcnError } from '../../errors.js';
import { checkRange, keyProblem, notFound, throwIfAborted, unwritableKey } from '../guard.js';
import type {
  CallOptions,
  CopySource,
  ListOptions,
  ListPage,
  ObjectStore,
  ReadOptions,
  StoredBytes,
  WriteResult,
} from '../port.js';
import type { ObjectVersions } from '../versions.js';
import { S3Connection } from './client.js';
import { endpointId, type S3Config } from './config.js';
import { type CopyRequest, copyObject } from './copy.js';
import { createObject } from './create.js';
import { type S3Request, s3Error } from './errors.js';
import { failureOf, isImpossibleKey, isS3Code } from './failure.js';
import { listObjects } from './list.js';
import { isOdd, LiteralKeys } from './literal.js';
import { probeConditionalPut } from './probe.js';
import { getObject, readObject } from './read.js';
import { abortUploads, deleteObjects } from './remove.js';
import { uploadStream } from './upload.js';
import { S3Versions } from './versions.js';

/** The stores of one S3 service share their connections and what is known of the service. */
export interface S3Service {
  readonly service: string;
  bucket(name: string): ObjectStore;
}

/** Opens nothing yet: the SDK is loaded and the first connection made by the first call of a store. */
export function createS3Service(config: S3Config): S3Service {
  const connection = new S3Connection(config);
  return { service: connection.service, bucket: (name) => new S3Store(connection, name) };
}

/** The store of one bucket. For several buckets of one service, `createS3Service` shares more. */
export function createS3Store(config: S3Config, bucket: string): ObjectStore {
  return createS3Service(config).bucket(bucket);
}

class S3Store implements ObjectStore {
  readonly uri: string;
  readonly service: string;
  readonly endpoint: string;
  readonly versions: ObjectVersions;
  readonly #connection: S3Connection;
  readonly #bucket: string;
  readonly #literal: LiteralKeys;

  constructor(connection: S3Connection, bucket: string) {
    this.#connection = connection;
    this.#bucket = bucket;
    this.#literal = new LiteralKeys(connection, bucket);
    this.uri = `s3://${bucket}`;
    this.service = connection.service;
    this.endpoint = endpointId(connection.config);
    this.versions = new S3Versions(connection, bucket);
  }

  get(key: string, options: CallOptions = {}): Promise<StoredBytes> {
    return this.#guard({ action: 'read', key, ...options }, () => getObject(this.#connection, this.#at(key, options)));
  }

  read(key: string, { range, signal }: ReadOptions = {}): Promise<Readable> {
    return this.#guard({ action: 'read', key, signal }, async () => {
      checkRange(range, this.#object(key));
      return readObject(this.#connection, { ...this.#at(key, { signal }), range });
    });
  }

  create(key: string, bytes: Uint8Array, options: CallOptions = {}): Promise<WriteResult> {
    return this.#guard({ action: 'create', key, ...options }, () =>
      createObject(this.#connection, this.#at(key, options), bytes),
    );
  }

  probeCreate(prefix: string, options: CallOptions = {}): Promise<boolean> {
    return this.#guard({ action: 'create', key: prefix, ...options }, () =>
      probeConditionalPut(this.#connection, { bucket: this.#bucket, prefix, signal: options.signal }),
    );
  }

  async upload(key: string, body: Readable, size: number, options: CallOptions = {}): Promise<WriteResult> {
    try {
      return await this.#guard({ action: 'write', key, ...options }, () =>
        uploadStream(this.#connection, { ...this.#at(key, options), size }, body),
      );
    } finally {
      body.destroy();
    }
  }

  copy(source: CopySource, key: string, options: CallOptions = {}): Promise<WriteResult> {
    const from = `${source.store.uri}/${source.key}`;
    return this.#guard({ action: 'copy', key, source: from, ...options }, async () => {
      if (source.store.service !== this.service) {
        throw new BcnError('unexpected', `${from} cannot be copied server-side into ${this.uri}.`, { object: from });
      }
      if (keyProblem(source.key)) throw notFound(from);
      const sourceBucket = source.store.uri.slice('s3://'.length);
      const request = { ...this.#at(key, options), sourceBucket, sourceKey: source.key, source: from, size: source.size };
      try {
        return await copyObject(this.#connection, request);
      } catch (error) {
        // S3 does not say which of the two keys cannot be, nor which of the two buckets is missing.
        if (isImpossibleKey(failureOf(error).code) || isOdd(source.key)) await this.#assertReadable(request, options);
        if (!isS3Code(error, 'NoSuchBucket') || !(await this.#bucketExists(options))) throw error;
        throw s3Error(error, { action: 'copy', object: from, bucket: sourceBucket }, this.#connection.config);
      }
    });
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    const pages = listObjects(this.#connection, this.#bucket, prefix, options);
    for (;;) {
      const next = await this.#guard({ action: 'list', key: prefix, signal: options.signal }, () => pages.next());
      if (next.done) return;
      yield next.value;
    }
  }

  delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    // No object has a key that cannot be, so it is gone already.
    const possible = keys.filter((key) => keyProblem(key) === undefined);
    return this.#guard({ action: 'delete', key: '', ...options }, async () => {
      const keys = await this.#literal.deletable(possible, options.signal);
      await deleteObjects(this.#connection, this.#bucket, keys, options.signal);
    });
  }

  abortUploads(prefix: string, options: CallOptions = {}): Promise<number> {
    return this.#guard({ action: 'delete', key: prefix, ...options }, () =>
      abortUploads(this.#connection, this.#bucket, prefix, options.signal),
    );
  }

  #at(key: string, options: CallOptions) {
    return { bucket: this.#bucket, key, object: this.#object(key), signal: options.signal };
  }

  #object(key: string): string {
    return `${this.uri}/${key}`;
  }

  /** Throws what a read of a copy's source says. */
  async #assertReadable({ sourceBucket: bucket, sourceKey: key, source }: CopyRequest, options: CallOptions): Promise<void> {
    try {
      (await readObject(this.#connection, { bucket, key, object: source, signal: options.signal })).destroy();
    } catch (error) {
      throw s3Error(error, { action: 'read', object: source, bucket, ...options }, this.#connection.config);
    }
  }

  async #bucketExists({ signal }: CallOptions): Promise<boolean> {
    const head = this.#connection.send(
      ({ sdk, client, options }) => client.send(new sdk.HeadBucketCommand({ Bucket: this.#bucket }), options),
      { signal },
    );
    return head.then(
      () => true,
      (error: unknown) => failureOf(error).status !== 404,
    );
  }

  async #guard<T>(request: Omit<S3Request, 'object' | 'bucket'> & { readonly key: string }, run: () => Promise<T>): Promise<T> {
    const { key, action, signal } = request;
    const object = this.#object(key);
    throwIfAborted(signal, object);
    const problem = keyProblem(key);
    if (problem && action !== 'list' && action !== 'delete')
      throw action === 'read' ? notFound(object) : unwritableKey(object, problem);
    try {
      const odd = WRITES.has(action) ? await this.#literal.problem(key, signal) : undefined;
      if (odd) throw unwritableKey(object, odd);
      return await run();
    } catch (error) {
      throw s3Error(error, { ...request, object, bucket: this.#bucket }, this.#connection.config);
    }
  }
}

const WRITES: ReadonlySet<string> = new Set(['create', 'write', 'copy']);
