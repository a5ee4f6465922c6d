import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { BcnError } from '../../errors.js';
import {
  checkRange,
  keyProblem,
  notFound,
  objectExists,
  stopOnAbort,
  throwIfAborted,
  tooShort,
  unwritableKey,
  wrongLength,
} from '../guard.js';
import { byteCompare } from '../location.js';
import type {
  CallOptions,
  CopySource,
  ListOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  StoredBytes,
  WriteResult,
} from '../port.js';

interface Entry {
  readonly bytes: Buffer;
  readonly modified: number;
  readonly etag: string;
}

/** Memory stores that copy between each other "server-side". */
export class MemoryService {
  readonly id: string = `memory:${randomUUID()}`;
  readonly endpoint: string = this.id;
  readonly buckets = new Map<string, Map<string, Entry>>();
}

export interface MemoryOptions {
  /** The store's clock, ms since the epoch. */
  readonly clock?: () => number;
  /** Shared by the stores that copy between each other; two stores of one name and service hold the same objects. */
  readonly service?: MemoryService;
  /** Objects and prefixes on one page of a listing. */
  readonly pageSize?: number;
}

/** The reference of the port: everything in this process's memory. Holds every key that the port allows. */
export class MemoryStore implements ObjectStore {
  readonly uri: string;
  readonly service: string;
  readonly endpoint: string;
  readonly #clock: () => number;
  readonly #service: MemoryService;
  readonly #pageSize: number;
  readonly #objects: Map<string, Entry>;

  constructor(name: string, options: MemoryOptions = {}) {
    this.uri = `memory://${name}`;
    this.#clock = options.clock ?? Date.now;
    this.#service = options.service ?? new MemoryService();
    this.#pageSize = options.pageSize ?? 1000;
    this.service = this.#service.id;
    this.endpoint = this.#service.endpoint;
    const known = this.#service.buckets.get(this.uri);
    this.#objects = known ?? new Map();
    if (!known) this.#service.buckets.set(this.uri, this.#objects);
  }

  async get(key: string, options: CallOptions = {}): Promise<StoredBytes> {
    throwIfAborted(options.signal, this.#object(key));
    const entry = this.#entry(key);
    const { etag, modified } = entry;
    return { key, size: entry.bytes.length, etag, modified, bytes: Buffer.from(entry.bytes), date: this.#clock() };
  }

  async read(key: string, options: ReadOptions = {}): Promise<Readable> {
    const { signal, range } = options;
    const object = this.#object(key);
    throwIfAborted(signal, object);
    checkRange(range, object);
    const whole = this.#entry(key).bytes;
    if (range && range.start >= whole.length) throw tooShort(object, range.start + 1);
    const bytes = Buffer.from(whole.subarray(range?.start, range?.end));
    const chunks = function* () {
      for (let at = 0; at < bytes.length; at += 65536) {
        throwIfAborted(signal, object);
        yield bytes.subarray(at, at + 65536);
      }
    };
    return Readable.from(chunks(), { objectMode: false });
  }

  async create(key: string, bytes: Uint8Array, options: CallOptions = {}): Promise<WriteResult> {
    this.#checkWrite(key, options);
    if (this.#objects.has(key)) throw objectExists(this.#object(key));
    return this.#put(key, Buffer.from(bytes));
  }

  /** By construction: no other code runs between the look and the write. */
  async probeCreate(prefix: string, options: CallOptions = {}): Promise<boolean> {
    throwIfAborted(options.signal, this.#object(prefix));
    return true;
  }

  async upload(key: string, body: Readable, size: number, options: CallOptions = {}): Promise<WriteResult> {
    const release = stopOnAbort(body, options.signal, this.#object(key));
    try {
      this.#checkWrite(key, options);
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of body) {
        length += (chunk as Buffer).length;
        if (length > size) throw wrongLength(this.#object(key), size, 'more');
        chunks.push(chunk as Buffer);
      }
      throwIfAborted(options.signal, this.#object(key));
      if (length !== size) throw wrongLength(this.#object(key), size, `${length}`);
      return this.#put(key, Buffer.concat(chunks));
    } finally {
      release();
      body.destroy();
    }
  }

  async copy(source: CopySource, key: string, options: CallOptions = {}): Promise<WriteResult> {
    this.#checkWrite(key, options);
    const from = `${source.store.uri}/${source.key}`;
    if (source.store.service !== this.service) {
      throw new BcnError('unexpected', `${from} cannot be copied server-side into ${this.uri}.`, { object: from });
    }
    const entry = this.#service.buckets.get(source.store.uri)?.get(source.key);
    if (!entry) throw notFound(from);
    return this.#put(key, entry.bytes);
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    const { startAfter, delimiter } = options;
    const keys = [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix) && (startAfter === undefined || byteCompare(key, startAfter) > 0))
      .sort(byteCompare);
    let objects: ObjectInfo[] = [];
    let prefixes: string[] = [];
    let last = '';
    for (const key of keys) {
      const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      const fold = cut === -1 ? undefined : key.slice(0, cut + 1);
      if (fold !== undefined && fold === last) continue;
      if (objects.length + prefixes.length === this.#pageSize) {
        throwIfAborted(options.signal, this.#object(prefix));
        yield { objects, prefixes, date: this.#clock() };
        objects = [];
        prefixes = [];
      }
      const entry = this.#objects.get(key);
      if (fold !== undefined) prefixes.push(fold);
      else if (entry) objects.push({ key, size: entry.bytes.length, etag: entry.etag, modified: entry.modified });
      last = fold ?? '';
    }
    throwIfAborted(options.signal, this.#object(prefix));
    yield { objects, prefixes, date: this.#clock() };
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal, this.uri);
    for (const key of keys) this.#objects.delete(key);
  }

  async abortUploads(prefix: string, options: CallOptions = {}): Promise<number> {
    throwIfAborted(options.signal, this.#object(prefix));
    return 0;
  }

  #put(key: string, bytes: Buffer): WriteResult {
    const sum = createHash('sha256').update(bytes).digest('base64');
    const date = this.#clock();
    this.#objects.set(key, { bytes, modified: date, etag: randomUUID() });
    const { etag } = this.#entry(key);
    return { etag, sum: { alg: 'sha256', value: sum, kind: 'full' }, date };
  }

  #entry(key: string): Entry {
    const entry = this.#objects.get(key);
    if (!entry) throw notFound(this.#object(key));
    return entry;
  }

  #checkWrite(key: string, options: CallOptions): void {
    throwIfAborted(options.signal, this.#object(key));
    const problem = keyProblem(key);
    if (problem) throw unwritableKey(this.#object(key), problem);
  }

  #object(key: string): string {
    return `${this.uri}/${key}`;
  }
}
