import type { Readable } from 'node:stream';
import { pipeline, Transform } from 'node:stream';
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

export type StoreMethod = 'get' | 'read' | 'create' | 'probeCreate' | 'upload' | 'copy' | 'list' | 'delete' | 'abortUploads';

/** What went through a metered store, counted at the port: a retry or a part inside the adapter is not seen. */
export interface StoreUsage {
  /** Calls by method, failed ones included; for `list` the pages. */
  readonly calls: Readonly<Record<StoreMethod, number>>;
  readonly requests: {
    readonly get: number;
    readonly put: number;
    readonly copy: number;
    readonly list: number;
    readonly delete: number;
  };
  /** Bytes that left or entered this process (`get`, `put`), and bytes that the service copied itself (`copy`). */
  readonly bytes: { readonly get: number; readonly put: number; readonly copy: number };
  /** Objects named in listings and in deletes. */
  readonly objects: { readonly list: number; readonly delete: number };
}

/** Counts calls and bytes of a store. `uri` and `service` are the store's own, so copies from and to it stay server-side. */
export class MeteredStore implements ObjectStore {
  readonly uri: string;
  readonly service: string;
  readonly endpoint: string;
  readonly #store: ObjectStore;
  readonly #calls: Record<StoreMethod, number> = {
    get: 0,
    read: 0,
    create: 0,
    probeCreate: 0,
    upload: 0,
    copy: 0,
    list: 0,
    delete: 0,
    abortUploads: 0,
  };
  readonly #bytes = { get: 0, put: 0, copy: 0 };
  readonly #objects = { list: 0, delete: 0 };

  constructor(store: ObjectStore) {
    this.#store = store;
    this.uri = store.uri;
    this.service = store.service;
    this.endpoint = store.endpoint;
  }

  /** The counts until now. */
  usage(): StoreUsage {
    const c = this.#calls;
    const requests = {
      get: c.get + c.read,
      put: c.create + c.upload,
      copy: c.copy,
      list: c.list,
      delete: c.delete + c.abortUploads,
    };
    return { calls: { ...c }, requests, bytes: { ...this.#bytes }, objects: { ...this.#objects } };
  }

  async get(key: string, options?: CallOptions): Promise<StoredBytes> {
    this.#calls.get++;
    const stored = await this.#store.get(key, options);
    this.#bytes.get += stored.bytes.length;
    return stored;
  }

  async read(key: string, options?: ReadOptions): Promise<Readable> {
    this.#calls.read++;
    return this.#count(await this.#store.read(key, options), 'get');
  }

  async create(key: string, bytes: Uint8Array, options?: CallOptions): Promise<WriteResult> {
    this.#calls.create++;
    const result = await this.#store.create(key, bytes, options);
    this.#bytes.put += bytes.length;
    return result;
  }

  /** One call, whatever the adapter sends for it; the objects are its own. */
  async probeCreate(prefix: string, options?: CallOptions): Promise<boolean> {
    this.#calls.probeCreate++;
    return this.#store.probeCreate(prefix, options);
  }

  async upload(key: string, body: Readable, size: number, options?: CallOptions): Promise<WriteResult> {
    this.#calls.upload++;
    try {
      return await this.#store.upload(key, this.#count(body, 'put'), size, options);
    } finally {
      body.destroy();
    }
  }

  async copy(source: CopySource, key: string, options?: CallOptions): Promise<WriteResult> {
    this.#calls.copy++;
    const result = await this.#store.copy(source, key, options);
    this.#bytes.copy += source.size;
    return result;
  }

  async *list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    const pages = this.#store.list(prefix, options)[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#calls.list++;
        const next = await pages.next();
        if (next.done) {
          this.#calls.list--;
          return;
        }
        this.#objects.list += next.value.objects.length;
        yield next.value;
      }
    } finally {
      await pages.return?.();
    }
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    this.#calls.delete++;
    this.#objects.delete += keys.length;
    return this.#store.delete(keys, options);
  }

  async abortUploads(prefix: string, options?: CallOptions): Promise<number> {
    this.#calls.abortUploads++;
    return this.#store.abortUploads(prefix, options);
  }

  #count(body: Readable, kind: 'get' | 'put'): Readable {
    const bytes = this.#bytes;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes[kind] += chunk.length;
        done(null, chunk);
      },
    });
    // An error or an early end on either side reaches the other; the reader of the counter sees it as its own.
    return pipeline(body, counter, () => {});
  }
}
