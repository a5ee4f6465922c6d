import type { Readable } from 'node:stream';
import { byteCompare } from '../../src/storage/location.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { CallOptions, CopySource, WriteResult } from '../../src/storage/port.js';
import type { ObjectVersion, ObjectVersions, VersionId } from '../../src/storage/versions.js';

type Entries = NonNullable<ReturnType<MemoryService['buckets']['get']>>;
type Entry = NonNullable<ReturnType<Entries['get']>>;

interface Kept {
  readonly id: string;
  readonly modified: number;
  /** undefined: a delete marker */
  readonly entry: Entry | undefined;
}

/** A memory store as a bucket with versioning and object lock; test/storage/s3/versions.test.ts holds it against MinIO. */
export class VersionedStore extends MemoryStore {
  readonly versions: ObjectVersions;
  /** Oldest first. */
  readonly #history = new Map<string, Kept[]>();
  readonly #entries: Entries;
  readonly #now: () => number;
  /** Until when (ms) all that is written now is locked; 0 = not. */
  lockUntil = 0;
  readonly #locks = new Map<string, number>();
  #made = 0;

  constructor(name: string, clock: () => number) {
    const service = new MemoryService();
    super(name, { clock, service });
    this.#now = clock;
    this.#entries = service.buckets.get(this.uri) as Entries;
    this.versions = {
      kept: async () => true,
      list: (prefix) => this.#list(prefix),
      get: async (at) => this.#find(at)?.entry?.bytes ?? Buffer.alloc(0),
      delete: async (versions) => this.#remove(versions),
      lockable: async () => true,
      lockedUntil: async (key, version) => this.#locks.get(version ?? this.#history.get(key)?.at(-1)?.id ?? ''),
    };
  }

  override async create(key: string, bytes: Uint8Array, options?: CallOptions): Promise<WriteResult> {
    const result = await super.create(key, bytes, options);
    this.#keep(key);
    return result;
  }

  override async upload(key: string, body: Readable, size: number, options?: CallOptions): Promise<WriteResult> {
    const result = await super.upload(key, body, size, options);
    this.#keep(key);
    return result;
  }

  override async copy(source: CopySource, key: string, options?: CallOptions): Promise<WriteResult> {
    const result = await super.copy(source, key, options);
    this.#keep(key);
    return result;
  }

  /** Replaces an object, as somebody may who has its key. */
  overwrite(key: string, bytes: string): void {
    this.#entries.set(key, { bytes: Buffer.from(bytes), modified: this.#now(), etag: `etag-${this.#made}` });
    this.#keep(key);
  }

  /** Locks what a key shows; ms. */
  lock(key: string, until: number): void {
    this.#locks.set(this.#history.get(key)?.at(-1)?.id ?? '', until);
  }

  override async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    await super.delete(keys, options);
    for (const key of keys) this.#push(key, { id: `v${++this.#made}`, modified: this.#now(), entry: undefined });
  }

  #keep(key: string): void {
    const entry = this.#entries.get(key) as Entry;
    const id = `v${++this.#made}`;
    if (this.lockUntil > 0) this.#locks.set(id, this.lockUntil);
    this.#push(key, { id, modified: entry.modified, entry });
  }

  #push(key: string, kept: Kept): void {
    this.#history.set(key, [...(this.#history.get(key) ?? []), kept]);
  }

  #find({ key, version }: VersionId): Kept | undefined {
    return this.#history.get(key)?.find(({ id }) => id === version);
  }

  async *#list(prefix: string): AsyncGenerator<ObjectVersion> {
    for (const key of [...this.#history.keys()].filter((one) => one.startsWith(prefix)).sort(byteCompare)) {
      const newestFirst = (this.#history.get(key) ?? []).toReversed();
      for (const [n, { id, modified, entry }] of newestFirst.entries())
        yield { key, version: id, size: entry?.bytes.length ?? 0, modified, latest: n === 0, marker: entry === undefined };
    }
  }

  #remove(versions: readonly VersionId[]): readonly VersionId[] {
    const locked: VersionId[] = [];
    for (const at of versions) {
      if ((this.#locks.get(at.version) ?? 0) > this.#now()) {
        locked.push(at);
        continue;
      }
      const left = (this.#history.get(at.key) ?? []).filter(({ id }) => id !== at.version);
      if (left.length > 0) this.#history.set(at.key, left);
      else this.#history.delete(at.key);
      const top = left.at(-1)?.entry;
      if (top) this.#entries.set(at.key, top);
      else this.#entries.delete(at.key);
    }
    return locked;
  }
}
