import { tmpdir } from 'node:os';
import { backup } from '../../src/backup/backup.js';
import type { BackupOptions, BackupResult } from '../../src/backup/options.js';
import type { Reporter } from '../../src/report.js';
import type { Backup } from '../../src/repository/commit.js';
import { findCommit } from '../../src/repository/load.js';
import { abortRestore } from '../../src/restore/abort.js';
import { type MapOption, parseMap } from '../../src/restore/map-option.js';
import type { RestoreOptions, RestoreResult } from '../../src/restore/options.js';
import { restore } from '../../src/restore/restore.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import { Stores } from '../../src/storage/resolver.js';
import { CatalogState, MemoryCatalog } from './catalog.js';
import { Faults, ProcessStore } from './faults.js';
import type { FreeTable } from './free-table.js';
import { type VerifyWish, verifyAs } from './verify.js';

export const TARGET_LOCATION = 's3://wh/db/r';

/** Options of a restore; `maps` as they are given on the command line. */
export type Asked = Partial<Omit<RestoreOptions, 'maps'>> & { readonly maps?: readonly string[] };

/**
 * One service in memory that serves every bucket as `s3://`, `s3a://` and `s3n://`: for tables whose files lie in several places, or are spelt in several ways. Every command
 * is a process of its own, with faults of its own. The repository is `s3://repo`.
 */
export class SpeltWorld {
  readonly service = new MemoryService();
  readonly tables = new CatalogState();
  readonly notes: string[] = [];
  /** The stores' clock, ms. Each look at it takes one. */
  now = Date.UTC(2026, 0, 10);

  /** A world with the same objects and tables that goes its own way. */
  fork(): SpeltWorld {
    const world = new SpeltWorld();
    Object.assign(world.service, { id: this.service.id, endpoint: this.service.endpoint });
    for (const [bucket, objects] of this.service.buckets) world.service.buckets.set(bucket, new Map(objects));
    for (const [table, entry] of this.tables) world.tables.set(table, entry);
    world.now = this.now;
    return world;
  }

  stores(faults = new Faults()): Stores {
    const clock = () => this.now++;
    return new Stores({ s3: (bucket) => new ProcessStore(new MemoryStore(bucket, { clock, service: this.service }), faults) });
  }

  async put(uri: string, bytes: Buffer | string): Promise<void> {
    const { store, key } = this.stores().resolve(uri);
    await store.create(key, Buffer.from(bytes as string));
  }

  async remove(uri: string): Promise<void> {
    const { store, key } = this.stores().resolve(uri);
    await store.delete([key]);
  }

  /** The bytes of an object, or undefined. */
  read(uri: string): Buffer | undefined {
    const { store, key } = this.stores().resolve(uri);
    const { bytes } = this.service.buckets.get(store.uri)?.get(key) ?? {};
    return bytes && Buffer.from(bytes);
  }

  /** Every object of a bucket, by key. */
  dump(bucket: string, prefix = ''): Map<string, string> {
    const objects = this.service.buckets.get(`memory://${bucket}`) ?? new Map();
    const found = [...objects].filter(([key]) => key.startsWith(prefix));
    return new Map(found.sort().map(([key, { bytes }]) => [key, Buffer.from(bytes).toString('base64')]));
  }

  keys(bucket: string, prefix = ''): string[] {
    return [...this.dump(bucket, prefix).keys()];
  }

  publish(table: FreeTable, name = 'db.t'): void {
    this.tables.set(name, { metadataLocation: table.metadataLocation, location: table.location });
  }

  backup(options: Partial<BackupOptions> = {}, faults = new Faults()): Promise<BackupResult> {
    const tables = [{ namespace: ['db'], name: 't' }] as const;
    const full = { tables, name: 'b', mode: 'copy' as const, jobs: 4, dryRun: false, tmpDir: tmpdir(), ...options };
    return backup({ ...this.#deps(faults), repository: this.#place(faults) }, full);
  }

  restore(asked: Asked = {}, faults = new Faults()): Promise<RestoreResult> {
    return restore(this.#restoreDeps(faults), restoreOptions(asked));
  }

  abort(asked: Asked = {}, faults = new Faults()): Promise<{ readonly objects: number }> {
    return abortRestore(this.#restoreDeps(faults), restoreOptions(asked));
  }

  verify(wish: VerifyWish = {}) {
    return verifyAs({ ...this.#deps(new Faults()), repository: this.#place(new Faults()) }, wish);
  }

  /** The record of a backup. */
  async commitOf(name: string): Promise<Backup> {
    return (await findCommit(this.#place(new Faults()), name)) as Backup;
  }

  #place(faults: Faults) {
    return { store: this.stores(faults).resolve('s3://repo/').store, prefix: '' };
  }

  #deps(faults: Faults) {
    const report: Reporter = { progress: () => {}, warn: (note) => this.notes.push(note), info: (note) => this.notes.push(note) };
    return { catalog: new MemoryCatalog(this.tables, faults), source: this.stores(faults), report };
  }

  #restoreDeps(faults: Faults) {
    return { ...this.#deps(faults), repository: this.#place(faults), target: this.stores(faults) };
  }
}

function restoreOptions({ maps = [], ...options }: Asked): RestoreOptions {
  const parsed: readonly MapOption[] = maps.map(parseMap);
  return {
    backupName: 'b',
    target: { namespace: ['db'], name: 'r' },
    targetLocation: TARGET_LOCATION,
    warehouseBucket: 'wh',
    keepUuid: false,
    jobs: 4,
    dryRun: false,
    tmpDir: tmpdir(),
    ...options,
    maps: parsed,
  };
}
