import { createHash, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ObjectStore } from '../../src/storage/port.js';
import { entry, LIST_V1, LIST_V2, listEntry, manifestSchema, V1_FIELDS, V2_FIELDS } from '../iceberg/avro/manifests.js';
import { file, type Value } from '../iceberg/avro/support.js';
import { type Document, stringify } from './json.js';

export interface TableOptions {
  readonly formatVersion?: 1 | 2 | 3;
  /** metadata.json is gzipped. */
  readonly gzip?: boolean;
  /** null: a v1 table without one. */
  readonly uuid?: string | null;
  readonly properties?: Readonly<Record<string, string>>;
  /** Columns of the schema; default: `id`, a long. */
  readonly fields?: readonly object[];
  readonly codec?: 'null' | 'deflate';
  /** v1 snapshots list their manifests in place. */
  readonly embedded?: boolean;
}

/** A content file as a manifest names it. */
interface DataFile {
  readonly path: string;
  readonly size: number;
  /** The snapshot that added it. */
  readonly snapshot: bigint;
}

interface Manifest {
  readonly path: string;
  readonly length: number;
  readonly snapshot: bigint;
  readonly live: readonly DataFile[];
}

interface Snapshot {
  readonly id: bigint;
  readonly parent: bigint | undefined;
  readonly time: number;
  readonly list: string | undefined;
  readonly manifests: readonly Manifest[];
}

/** Snapshot ids beyond 2^53: whoever rounds one, loses. */
const FIRST_ID = 9_007_199_254_740_993n;

/** Writes a valid Iceberg table into any store and evolves it, as an engine would: immutable files, a new metadata.json for each change. */
export class TableWriter {
  readonly store: ObjectStore;
  location: string;
  readonly uuid: string | null;
  snapshots: Snapshot[] = [];
  refs: Record<string, { readonly 'snapshot-id': bigint; readonly type: string }> = {};
  metadataLocation = '';
  readonly #options: TableOptions;
  #root: string;
  readonly #log: string[] = [];
  #version = -1;
  #lastId = FIRST_ID;
  #files = 0;

  constructor(store: ObjectStore, location: string, options: TableOptions = {}) {
    this.store = store;
    this.location = location;
    this.#options = options;
    this.uuid = options.uuid === undefined ? randomUUID() : options.uuid;
    this.#root = location.slice(store.uri.length + 1).replace(/\/+$/, '');
  }

  get current(): Snapshot | undefined {
    return this.snapshots.find(({ id }) => id === this.refs.main?.['snapshot-id']);
  }

  /** A snapshot that adds files; each gets a manifest entry with status ADDED. Names default to unique ones. */
  async append(contents: readonly (string | Buffer)[] | Readonly<Record<string, string | Buffer>>): Promise<Snapshot> {
    const named = Array.isArray(contents)
      ? contents.map((bytes) => [`f-${this.#files++}.parquet`, bytes] as const)
      : Object.entries(contents);
    const id = this.#nextId();
    const added: DataFile[] = [];
    for (const [name, content] of named) added.push(await this.#writeData(name, Buffer.from(content as string), id));
    const manifest = await this.#writeManifest(
      id,
      added.map((data) => ({ status: 1, data })),
    );
    return this.#commit(id, [...(this.current?.manifests ?? []), manifest]);
  }

  /** A snapshot that removes files: their manifests are written again with EXISTING and DELETED entries; and adds others. */
  async overwrite(remove: (path: string) => boolean, contents: readonly (string | Buffer)[] = []): Promise<Snapshot> {
    const id = this.#nextId();
    const manifests: Manifest[] = [];
    for (const manifest of this.current?.manifests ?? []) {
      if (!manifest.live.some(({ path }) => remove(path))) manifests.push(manifest);
      else
        manifests.push(
          await this.#writeManifest(
            id,
            manifest.live.map((data) => ({ status: remove(data.path) ? 2 : 0, data })),
          ),
        );
    }
    const added: DataFile[] = [];
    for (const content of contents)
      added.push(await this.#writeData(`f-${this.#files++}.parquet`, Buffer.from(content as string), id));
    if (added.length > 0)
      manifests.push(
        await this.#writeManifest(
          id,
          added.map((data) => ({ status: 1, data })),
        ),
      );
    return this.#commit(id, manifests);
  }

  /** Live files of the first `most` manifests, of all by default, in one new manifest of EXISTING entries (rewrite_manifests, or the merging of an append). */
  async rewriteManifests(most = Number.POSITIVE_INFINITY): Promise<Snapshot> {
    const id = this.#nextId();
    const manifests = this.current?.manifests ?? [];
    const live = manifests.slice(0, most).flatMap((manifest) => manifest.live);
    return this.#commit(id, [
      ...manifests.slice(most),
      await this.#writeManifest(
        id,
        live.map((data) => ({ status: 0, data })),
      ),
    ]);
  }

  /** ALTER TABLE … SET LOCATION: what is written from now on goes there, what is there stays where it is. */
  async setLocation(location: string): Promise<void> {
    this.location = location;
    this.#root = location.slice(this.store.uri.length + 1).replace(/\/+$/, '');
    await this.writeMetadata();
  }

  /** Sets main back to an earlier snapshot; the later ones stay. */
  async rollback(to: bigint): Promise<void> {
    this.refs = { ...this.refs, main: { 'snapshot-id': to, type: 'branch' } };
    await this.writeMetadata();
  }

  /** Drops all snapshots but the newest `keep` and the current one, and what only they named, from the store too. */
  async expire(keep = 1): Promise<void> {
    const before = await this.objects();
    const { current } = this;
    this.snapshots = this.snapshots.filter((one, i, { length }) => i >= length - keep || one === current);
    this.refs = { main: this.refs.main as { 'snapshot-id': bigint; type: string } };
    await this.writeMetadata();
    const after = this.objectsNow();
    const dead = before.filter((uri) => !after.has(uri) && !uri.includes('.metadata.json'));
    await this.store.delete(dead.map((uri) => this.key(uri)));
  }

  /** A new metadata.json of the table as it is. */
  async writeMetadata(change: (document: Record<string, unknown>) => void = () => {}): Promise<string> {
    if (this.metadataLocation !== '') this.#log.push(this.metadataLocation);
    const { gzip } = this.#options;
    const name = `${String(++this.#version).padStart(5, '0')}-${randomUUID()}${gzip ? '.gz' : ''}.metadata.json`;
    const document = this.#document();
    change(document);
    const text = stringify(document as Document);
    this.metadataLocation = `${this.#metadataFolder()}/${name}`;
    await this.put(this.metadataLocation, gzip ? gzipSync(text) : Buffer.from(text));
    return this.metadataLocation;
  }

  /** Live content files of all retained snapshots, each once: path → size. */
  live(): Map<string, number> {
    return new Map(
      this.snapshots.flatMap(({ manifests }) =>
        manifests.flatMap(({ live }) => live.map(({ path, size }) => [path, size] as const)),
      ),
    );
  }

  /** URIs of all that the retained snapshots name. */
  objectsNow(): Set<string> {
    const lists = this.snapshots.flatMap(({ list }) => (list === undefined ? [] : [list]));
    const manifests = this.snapshots.flatMap((snapshot) => snapshot.manifests.map(({ path }) => path));
    return new Set([...lists, ...manifests, ...this.live().keys()]);
  }

  /** URIs of all objects below the location. */
  async objects(): Promise<string[]> {
    const uris: string[] = [];
    for await (const page of this.store.list(`${this.#root}/`))
      for (const { key } of page.objects) uris.push(`${this.store.uri}/${key}`);
    return uris;
  }

  key(uri: string): string {
    return uri.slice(this.store.uri.length + 1);
  }

  async put(uri: string, bytes: Buffer): Promise<void> {
    await this.store.create(this.key(uri), bytes);
  }

  #metadataFolder(): string {
    return this.#options.properties?.['write.metadata.path'] ?? `${this.location.replace(/\/+$/, '')}/metadata`;
  }

  #nextId(): bigint {
    // Never one that an expired snapshot had, nor one that another writer of the table gave.
    for (const { id } of this.snapshots) if (id > this.#lastId) this.#lastId = id;
    this.#lastId += 7n;
    return this.#lastId;
  }

  async #writeData(name: string, bytes: Buffer, snapshot: bigint): Promise<DataFile> {
    const path = `${this.location.replace(/\/+$/, '')}/data/${name}`;
    await this.put(path, bytes);
    return { path, size: bytes.length, snapshot };
  }

  async #writeManifest(id: bigint, entries: readonly { readonly status: number; readonly data: DataFile }[]): Promise<Manifest> {
    const v1 = this.#options.formatVersion === 1;
    const records = entries.map(({ status, data }) => {
      // As Java writes them: ids of added entries are left to be inherited in v2.
      const snapshot_id = status === 1 && !v1 ? null : status === 2 ? id : data.snapshot;
      return entry(
        { file_path: data.path, file_size_in_bytes: data.size, record_count: 1 },
        { status, snapshot_id, sequence_number: status === 1 ? null : 1 },
      );
    });
    const bytes = file({
      schema: manifestSchema(v1 ? V1_FIELDS : V2_FIELDS, v1),
      blocks: records.length === 0 ? [] : [records],
      codec: this.#options.codec ?? 'deflate',
      meta: { schema: '{}', 'partition-spec': '[]', 'format-version': String(this.#options.formatVersion ?? 2) },
    });
    const path = `${this.#metadataFolder()}/${randomUUID()}-m0.avro`;
    await this.put(path, bytes);
    return {
      path,
      length: bytes.length,
      snapshot: id,
      live: entries.filter(({ status }) => status !== 2).map(({ data }) => data),
    };
  }

  async #commit(id: bigint, manifests: readonly Manifest[]): Promise<Snapshot> {
    const { embedded, formatVersion, codec } = this.#options;
    let list: string | undefined;
    if (!embedded) {
      list = `${this.#metadataFolder()}/snap-${id}-1-${randomUUID()}.avro`;
      const records: Value[] = manifests.map(({ path, length, snapshot, live }) =>
        listEntry({
          manifest_path: path,
          manifest_length: length,
          added_snapshot_id: snapshot,
          ...counts('added', live.length),
          ...counts('existing', 0),
        }),
      );
      const blocks = records.length === 0 ? [] : [records];
      await this.put(list, file({ schema: formatVersion === 1 ? LIST_V1 : LIST_V2, blocks, codec: codec ?? 'deflate' }));
    }
    const time = Date.UTC(2026, 0, 1) + this.snapshots.length * 60_000 + this.#version;
    const snapshot: Snapshot = { id, parent: this.current?.id, time, list, manifests };
    this.snapshots.push(snapshot);
    this.refs = { ...this.refs, main: { 'snapshot-id': id, type: 'branch' } };
    await this.writeMetadata();
    return snapshot;
  }

  #document(): Record<string, unknown> {
    const { formatVersion = 2, properties = {}, embedded } = this.#options;
    const { fields = [{ id: 1, name: 'id', required: false, type: 'long' }] } = this.#options;
    const schema = { type: 'struct', 'schema-id': 0, fields };
    return {
      'format-version': formatVersion,
      ...(this.uuid === null ? {} : { 'table-uuid': this.uuid }),
      location: this.location,
      ...(formatVersion > 1 ? { 'last-sequence-number': this.snapshots.length } : {}),
      'last-updated-ms': Date.UTC(2026, 0, 1) + this.#version,
      'last-column-id': 1,
      ...(formatVersion === 1 ? { schema, 'partition-spec': [] } : {}),
      'current-schema-id': 0,
      schemas: [schema],
      'default-spec-id': 0,
      'partition-specs': [{ 'spec-id': 0, fields: [] }],
      'last-partition-id': 999,
      'default-sort-order-id': 0,
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      ...(formatVersion === 3 ? { 'next-row-id': 42 } : {}),
      properties: { 'owner.note': 'ünïcode', ...properties },
      'current-snapshot-id': this.refs.main?.['snapshot-id'] ?? -1,
      refs: this.refs,
      snapshots: this.snapshots.map(({ id, parent, time, list, manifests }) => ({
        ...(formatVersion > 1 ? { 'sequence-number': 1 } : {}),
        'snapshot-id': id,
        ...(parent === undefined ? {} : { 'parent-snapshot-id': parent }),
        'timestamp-ms': time,
        summary: { operation: 'append', 'added-records': '1' },
        ...(embedded ? { manifests: manifests.map(({ path }) => path) } : { 'manifest-list': list }),
        'schema-id': 0,
      })),
      'snapshot-log': this.snapshots.map(({ id, time }) => ({ 'timestamp-ms': time, 'snapshot-id': id })),
      'metadata-log': this.#log.map((path, i) => ({ 'timestamp-ms': Date.UTC(2026, 0, 1) + i, 'metadata-file': path })),
      'unknown-field': { kept: [1.5, 'x'] },
    };
  }
}

/** Each file of this writer has one row. */
function counts(status: 'added' | 'existing', files: number) {
  return { [`${status}_files_count`]: files, [`${status}_rows_count`]: files };
}

/** Bytes that differ for each seed. */
export function someBytes(seed: string, length = 200): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; parts.length * 32 < length; i++) parts.push(createHash('sha256').update(`${seed}/${i}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}
