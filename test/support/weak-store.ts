import { Readable } from 'node:stream';
import { findObject } from '../../src/storage/find-object.js';
import { objectExists } from '../../src/storage/guard.js';
import type {
  CallOptions,
  CopySource,
  ListOptions,
  ListPage,
  ObjectStore,
  ReadOptions,
  WriteResult,
} from '../../src/storage/port.js';

/** `late`: a create looks at the key, then takes in the body, then writes, as versitygw does; `blind`: it does not look at all. */
export type Weakness = 'late' | 'blind';

/** A store whose `create` is no compare-and-swap. `gap` passes between the look of a create and its write. */
export class WeakStore implements ObjectStore {
  readonly uri: string;
  readonly service: string;
  readonly endpoint: string;
  readonly #store: ObjectStore;
  readonly #weakness: Weakness;
  readonly #gap: (key: string) => Promise<void>;

  constructor(store: ObjectStore, weakness: Weakness, gap: (key: string) => Promise<void>) {
    this.#store = store;
    this.#weakness = weakness;
    this.#gap = gap;
    this.uri = store.uri;
    this.service = store.service;
    this.endpoint = store.endpoint;
  }

  async create(key: string, bytes: Uint8Array, options?: CallOptions): Promise<WriteResult> {
    if (this.#weakness === 'late' && (await findObject(this.#store, key))) throw objectExists(`${this.uri}/${key}`);
    await this.#gap(key);
    return this.#store.upload(key, Readable.from([Buffer.from(bytes)]), bytes.length, options);
  }

  async probeCreate(): Promise<boolean> {
    return false;
  }

  get(key: string, options?: CallOptions) {
    return this.#store.get(key, options);
  }
  read(key: string, options?: ReadOptions) {
    return this.#store.read(key, options);
  }
  upload(key: string, body: Readable, size: number, options?: CallOptions) {
    return this.#store.upload(key, body, size, options);
  }
  copy(source: CopySource, key: string, options?: CallOptions) {
    return this.#store.copy(source, key, options);
  }
  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    return this.#store.list(prefix, options);
  }
  delete(keys: readonly string[], options?: CallOptions) {
    return this.#store.delete(keys, options);
  }
  abortUploads(prefix: string, options?: CallOptions) {
    return this.#store.abortUploads(prefix, options);
  }
}
