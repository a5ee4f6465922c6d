import type { Readable } from 'node:stream';
import { BcnError } from '../../src/errors.js';
import type {
  CallOptions,
  CopySource,
  ListOptions,
  ListPage,
  ObjectStore,
  ReadOptions,
  StoredBytes,
  WriteResult,
} from '../../src/storage/port.js';
import type { ObjectVersions } from '../../src/storage/versions.js';

/**
 * What befalls a process from its request number `at` on:
 * `crash`: it dies (kill -9), `outage`: nothing answers any more, `once`: one request fails, `conflict`: a create that was done is answered with 412, its own success.
 * `before`: the request is not done; `after`: it is, and its answer is lost.
 */
export type FaultKind =
  | 'crash-before'
  | 'crash-after'
  | 'outage-before'
  | 'outage-after'
  | 'once-before'
  | 'once-after'
  | 'conflict-after';

/** Not a BcnError: no code may handle it. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** All requests of one process, to stores and catalog, counted from 0. */
export class Faults {
  ops = 0;
  /** `bytes`: that a get, or a read of a range, brought in. */
  readonly log: { readonly op: string; readonly key: string; readonly done: boolean; readonly bytes?: number }[] = [];
  readonly #kind: FaultKind | undefined;
  readonly #at: number;
  readonly #pause: ((op: number) => Promise<void> | undefined) | undefined;

  constructor(kind?: FaultKind, at = 0, pause?: (op: number) => Promise<void> | undefined) {
    this.#kind = kind;
    this.#at = at;
    this.#pause = pause;
  }

  done(...ops: readonly string[]): string[] {
    return this.log.filter(({ op, done }) => done && ops.includes(op)).map(({ key }) => key);
  }

  async run<T>(op: string, key: string, call: () => Promise<T>, bytes?: (result: T) => number): Promise<T> {
    const number = this.ops++;
    await this.#pause?.(number);
    const [kind, moment] = (this.#kind?.split('-') ?? []) as [string?, string?];
    const hit = kind !== undefined && (number === this.#at || (number > this.#at && (kind === 'crash' || kind === 'outage')));
    const reaches = !hit || (number === this.#at && moment === 'after');
    if (!reaches) {
      this.log[number] = { op, key, done: false };
      throw failure(kind as string, op, key);
    }
    const entry: { op: string; key: string; done: boolean; bytes?: number } = { op, key, done: false };
    // Before the call, so that the place in the log is the number of the request.
    this.log[number] = entry;
    const result = await call();
    entry.done = true;
    if (bytes) entry.bytes = bytes(result);
    // Answers of requests that were under way when the process died reach nobody.
    if (kind === 'crash' && this.ops > this.#at && number < this.#at) throw failure(kind, op, key);
    if (!hit || (kind === 'conflict' && op !== 'create')) return result;
    throw failure(kind, op, key);
  }
}

/** Requests of the catalog but `register`. */
const CATALOG = new Set(['load', 'rehearse', 'endRehearsal', 'createNamespace', 'dropNamespace']);

function failure(kind: string, op: string, key: string): Error {
  if (kind === 'crash') return new Killed(`${op} ${key}`);
  if (kind === 'conflict') return new BcnError('object-exists', `${key} exists already`, { object: key, hint: 'Read it.' });
  const code = op === 'register' ? 'commit-unknown' : CATALOG.has(op) ? 'catalog-unavailable' : 'storage-unavailable';
  return new BcnError(code, `injected: ${op} ${key}`, { object: key, hint: 'Run again.' });
}

/** A store as one process sees it. */
export class ProcessStore implements ObjectStore {
  readonly uri: string;
  readonly service: string;
  readonly endpoint: string;
  readonly versions?: ObjectVersions;
  readonly #store: ObjectStore;
  readonly #faults: Faults;

  constructor(store: ObjectStore, faults: Faults) {
    this.#store = store;
    this.#faults = faults;
    this.uri = store.uri;
    this.service = store.service;
    this.endpoint = store.endpoint;
    if (store.versions) this.versions = this.#seen(store.versions);
  }

  #seen(versions: ObjectVersions): ObjectVersions {
    return {
      kept: (options) => this.#run('kept', '', () => versions.kept(options)),
      list: (prefix, options) => versions.list(prefix, options),
      get: (at, options) => this.#run('getVersion', at.key, () => versions.get(at, options)),
      delete: (all, options) =>
        this.#run('deleteVersions', all.map(({ key }) => key).join(' '), () => versions.delete(all, options)),
      lockable: (options) => this.#run('lockable', '', () => versions.lockable(options)),
      lockedUntil: (key, version, options) => this.#run('lockedUntil', key, () => versions.lockedUntil(key, version, options)),
    };
  }

  #run<T>(op: string, key: string, call: () => Promise<T>, bytes?: (result: T) => number): Promise<T> {
    return this.#faults.run(op, `${this.uri}/${key}`, call, bytes);
  }

  get(key: string, options?: CallOptions): Promise<StoredBytes> {
    return this.#run(
      'get',
      key,
      () => this.#store.get(key, options),
      ({ bytes }) => bytes.length,
    );
  }
  read(key: string, options?: ReadOptions): Promise<Readable> {
    const { range } = options ?? {};
    const bytes = range && (() => range.end - range.start);
    return this.#run('read', key, () => this.#store.read(key, options), bytes);
  }
  create(key: string, bytes: Uint8Array, options?: CallOptions): Promise<WriteResult> {
    return this.#run('create', key, () => this.#store.create(key, bytes, options));
  }
  probeCreate(prefix: string, options?: CallOptions): Promise<boolean> {
    return this.#run('probeCreate', prefix, () => this.#store.probeCreate(prefix, options));
  }
  async upload(key: string, body: Readable, size: number, options?: CallOptions): Promise<WriteResult> {
    try {
      return await this.#run('upload', key, () => this.#store.upload(key, body, size, options));
    } finally {
      body.destroy();
    }
  }
  copy(source: CopySource, key: string, options?: CallOptions): Promise<WriteResult> {
    return this.#run('copy', key, () => this.#store.copy(source, key, options));
  }
  async *list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    const pages = this.#store.list(prefix, options)[Symbol.asyncIterator]();
    let next = await this.#run('list', prefix, () => pages.next());
    while (!next.done) {
      yield next.value;
      // That there is no further page is no request of its own.
      const page = await pages.next();
      next = page.done ? page : await this.#run('list', prefix, async () => page);
    }
  }
  delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    return this.#run('delete', keys.join(' '), () => this.#store.delete(keys, options));
  }
  abortUploads(prefix: string, options?: CallOptions): Promise<number> {
    return this.#run('abortUploads', prefix, () => this.#store.abortUploads(prefix, options));
  }
}
