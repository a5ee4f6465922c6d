import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { backup } from '../../src/backup/backup.js';
import type { BackupOptions, BackupResult } from '../../src/backup/options.js';
import { deleteBackups } from '../../src/delete/delete.js';
import type { DeleteOptions, DeleteResult } from '../../src/delete/options.js';
import { undeleteBackups } from '../../src/delete/undelete.js';
import { BcnError, type ErrorCode } from '../../src/errors.js';
import { forget } from '../../src/forget/forget.js';
import type { ForgetOptions, ForgetResult } from '../../src/forget/options.js';
import type { Plan } from '../../src/plan.js';
import type { PruneOptions, PruneResult } from '../../src/prune/options.js';
import { prune } from '../../src/prune/prune.js';
import type { RepairOptions, RepairResult } from '../../src/repair/options.js';
import { repairBackups } from '../../src/repair/repair.js';
import type { Reporter } from '../../src/report.js';
import { hinted, markHints } from '../../src/repository/hints.js';
import { findCommit, findNamesakes } from '../../src/repository/load.js';
import type { RepositoryPlace } from '../../src/repository/place.js';
import { abortRestore } from '../../src/restore/abort.js';
import { type RestoreManyOptions, type RestoreManyResult, restoreMany } from '../../src/restore/many.js';
import type { RestoreOptions, RestoreResult } from '../../src/restore/options.js';
import { restore } from '../../src/restore/restore.js';
import { FileStore } from '../../src/storage/file/file-store.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { ObjectStore, StoreResolver } from '../../src/storage/port.js';
import { Stores } from '../../src/storage/resolver.js';
import { CatalogState, MemoryCatalog } from './catalog.js';
import { Faults, ProcessStore } from './faults.js';
import { type TableOptions, TableWriter } from './table.js';
import { type VerifyWish, verifyAs } from './verify.js';
import { type Weakness, WeakStore } from './weak-store.js';

export interface WorldOptions {
  /** `memory`: three buckets of one service; `apart`: of three services, so that bytes are streamed; `file`: folders. */
  readonly kind?: 'memory' | 'apart' | 'file';
  /** No store has true conditional writes (memory only). */
  readonly weak?: Weakness;
  /** Stores of the caller's own instead. */
  readonly places?: Places;
}

/** `uri` = prefix of all URIs of the role, without a trailing slash. */
export type Places = { readonly [role in keyof Service]: { readonly uri: string; readonly store: ObjectStore } };

type Service = { readonly [bucket in 'src' | 'repo' | 'wh']: MemoryService };
export const IDENT = { namespace: ['db'], name: 't' };
export const TARGET = { namespace: ['db'], name: 'r' };

/** A source, a repository, a target and a catalog; every command is a process of its own, with faults of its own. */
export class World {
  readonly tables = new CatalogState();
  /** The stores' clock, ms. Each look at it takes one. */
  now = Date.UTC(2026, 0, 10);
  readonly notes: string[] = [];
  readonly #service: Service | undefined;
  readonly #files: FileStore | undefined;
  readonly places: Places | undefined;
  /** Prefix of all URIs of a role, without a trailing slash. */
  readonly #base: (role: keyof Service) => string;
  tmpDir = tmpdir();
  /** A repository elsewhere than in this world. */
  repository: RepositoryPlace | undefined;
  /** How weak the stores' conditional writes are, and what passes between the look of one and its write. */
  weak: Weakness | undefined;
  gap: (key: string) => Promise<void> = () => new Promise((resolve) => setImmediate(resolve));

  private constructor(service: Service | undefined, folder: string | undefined, places?: Places) {
    this.#service = service;
    this.places = places;
    this.#files = folder === undefined ? undefined : new FileStore();
    this.#base = (role) => places?.[role].uri ?? (folder === undefined ? `memory://${role}` : `file://${folder}/${role}`);
  }

  static async open({ kind = 'memory', weak, places }: WorldOptions = {}): Promise<World> {
    if (places) return new World(undefined, undefined, places);
    if (kind === 'file') {
      const folder = await mkdtemp(join(tmpdir(), 'bcn-world-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      return new World(undefined, folder);
    }
    const one = new MemoryService();
    const service = () => (kind === 'apart' ? new MemoryService() : one);
    const world = new World({ src: service(), repo: service(), wh: service() }, undefined);
    world.weak = weak;
    return world;
  }

  /** A world with the same objects and tables that goes its own way (memory only). */
  fork(): World {
    const services = new Map<MemoryService, MemoryService>();
    const copy = (from: MemoryService): MemoryService => {
      const known = services.get(from);
      if (known) return known;
      const to = new MemoryService();
      // A backup records the service it read from.
      Object.assign(to, { id: from.id, endpoint: from.endpoint });
      for (const [bucket, objects] of from.buckets) to.buckets.set(bucket, new Map(objects));
      services.set(from, to);
      return to;
    };
    const { src, repo, wh } = this.#service as Service;
    const world = new World({ src: copy(src), repo: copy(repo), wh: copy(wh) }, undefined);
    for (const [table, entry] of this.tables) world.tables.set(table, entry);
    world.tables.namespaces = this.tables.namespaces && new Set(this.tables.namespaces);
    world.tables.refusal = this.tables.refusal;
    world.now = this.now;
    world.weak = this.weak;
    return world;
  }

  /** From now on the services are used with another key (`id`), or have another address. */
  changeServices(what: 'id' | 'endpoint'): void {
    for (const service of Object.values(this.#service as Service)) Object.assign(service, { [what]: new MemoryService().id });
  }

  uri(role: keyof Service, path = ''): string {
    return path === '' ? this.#base(role) : `${this.#base(role)}/${path}`;
  }

  /** The store of a role, as no process sees it: without faults. */
  store(role: keyof Service): ObjectStore {
    const clock = () => this.now++;
    if (this.places) return this.places[role].store;
    if (this.#files) return this.#files;
    const store = new MemoryStore(role, { clock, service: (this.#service as Service)[role] });
    return this.weak ? new WeakStore(store, this.weak, (key) => this.gap(`${store.uri}/${key}`)) : store;
  }

  place(faults = new Faults()): RepositoryPlace {
    if (this.repository) return { ...this.repository, store: new ProcessStore(this.repository.store, faults) };
    const { store, key } = this.#resolver(faults).resolve(`${this.uri('repo')}/`);
    return { store, prefix: key };
  }

  async table(options: TableOptions = {}, path = 'db/t'): Promise<TableWriter> {
    return new TableWriter(this.store('src'), this.uri('src', path), options);
  }

  /** Points the catalog's entry at the table as it is. */
  publish(table: Pick<TableWriter, 'metadataLocation' | 'location'>, name = 'db.t'): void {
    this.tables.set(name, { metadataLocation: table.metadataLocation, location: table.location });
  }

  /** `plan`: of the first table. */
  async backup(options: Partial<BackupOptions> = {}, faults = new Faults()): Promise<BackupResult & { readonly plan?: Plan }> {
    const usual = { tables: [IDENT] as const, name: 'b', mode: 'copy' as const, jobs: 4, dryRun: false, tmpDir: this.tmpDir };
    const result = await backup({ ...this.#deps(faults), repository: this.place(faults) }, { ...usual, ...options });
    const [plan] = result.plans;
    return { ...result, ...(plan && { plan }) };
  }

  restore(options: Partial<RestoreOptions> = {}, faults = new Faults()): Promise<RestoreResult> {
    return restore(this.#restoreDeps(faults), this.#restoreOptions(options));
  }

  restoreMany(options: Pick<RestoreManyOptions, 'tables' | 'namespace' | 'targetLocation'>): Promise<RestoreManyResult> {
    const { table: _, target: __, targetLocation: ___, ...rest } = this.#restoreOptions({});
    return restoreMany(this.#restoreDeps(new Faults()), { ...rest, ...options });
  }

  abort(options: Partial<RestoreOptions> = {}, faults = new Faults()): Promise<{ readonly objects: number }> {
    return abortRestore(this.#restoreDeps(faults), this.#restoreOptions(options));
  }

  verify(wish: VerifyWish = {}, faults = new Faults()) {
    return verifyAs({ ...this.#deps(faults), repository: this.place(faults) }, { tmpDir: this.tmpDir, ...wish });
  }

  async repair(options: Partial<RepairOptions> = {}, faults = new Faults()): Promise<RepairResult> {
    const usual = { names: ['b'], read: 'all' as const, jobs: 4, tmpDir: this.tmpDir };
    return repairBackups({ ...this.#deps(faults), repository: this.place(faults) }, { ...usual, ...options });
  }

  delete(name: string, options: Partial<DeleteOptions> = {}, faults = new Faults()): Promise<readonly DeleteResult[]> {
    return deleteBackups({ ...this.#deps(faults), repository: this.place(faults) }, { names: [name], dryRun: false, ...options });
  }

  undelete(name: string, options: Partial<DeleteOptions> = {}, faults = new Faults()): Promise<readonly DeleteResult[]> {
    return undeleteBackups(
      { ...this.#deps(faults), repository: this.place(faults) },
      { names: [name], dryRun: false, ...options },
    );
  }

  forget(options: Partial<ForgetOptions> = {}, faults = new Faults()): Promise<ForgetResult> {
    const full = { policy: { last: 1 }, groupBy: 'table' as const, allowLast: false, dryRun: false, ...options };
    return forget({ ...this.#deps(faults), repository: this.place(faults) }, full);
  }

  prune(options: Partial<PruneOptions> = {}, faults = new Faults()): Promise<PruneResult> {
    return prune({ ...this.#deps(faults), repository: this.place(faults) }, { dryRun: false, tmpDir: this.tmpDir, ...options });
  }

  /** The record of a backup, deleted or not; where backups lie by run, of the first of that name. */
  async commit(name = 'b') {
    return (await findCommit(this.place(), name)) ?? (await findNamesakes(this.place(), name, true))[0];
  }

  /** Something happened to a backup, as whoever says so would: a mark beside its hints, then the event. */
  async happen(name: string, event: string): Promise<void> {
    const backup = await this.commit(name);
    if (!backup) throw new Error(`no backup ${name}`);
    await markHints(this.place(), hinted(backup));
    await this.put(this.uri('repo', `events/${backup.id}/${event}`), '{}');
  }

  /** Every object below a URI: URI → bytes in base64. */
  async dump(role: keyof Service, path = ''): Promise<Map<string, string>> {
    const { store, key } = this.#resolver(new Faults()).resolve(`${this.uri(role)}/${path}`);
    const found = new Map<string, string>();
    for await (const page of store.list(key)) {
      for (const object of page.objects)
        found.set(`${store.uri}/${object.key}`, (await store.get(object.key)).bytes.toString('base64'));
    }
    return found;
  }

  async keys(role: keyof Service, path = ''): Promise<string[]> {
    const prefix = this.uri(role).length + 1;
    return [...(await this.dump(role, path)).keys()].map((uri) => uri.slice(prefix));
  }

  async get(uri: string): Promise<Buffer> {
    const { store, key } = this.#resolver(new Faults()).resolve(uri);
    return (await store.get(key)).bytes;
  }

  async remove(uri: string): Promise<void> {
    const { store, key } = this.#resolver(new Faults()).resolve(uri);
    await store.delete([key]);
  }

  /** Creates or replaces an object. */
  async put(uri: string, bytes: Buffer | string): Promise<void> {
    const { store, key } = this.#resolver(new Faults()).resolve(uri);
    await store.delete([key]);
    await store.create(key, Buffer.from(bytes as string));
  }

  #resolver(faults: Faults): StoreResolver {
    if (this.places) return placed(this.places, faults);
    const open = (bucket: string) => new ProcessStore(this.store(bucket as keyof Service), faults);
    return new Stores(this.#files ? { file: () => open('') } : { memory: open });
  }

  #deps(faults: Faults) {
    const report: Reporter = { progress: () => {}, warn: (note) => this.notes.push(note), info: (note) => this.notes.push(note) };
    return { catalog: new MemoryCatalog(this.tables, faults), source: this.#resolver(faults), report };
  }

  #restoreDeps(faults: Faults) {
    return { ...this.#deps(faults), repository: this.place(faults), target: this.#resolver(faults) };
  }

  #restoreOptions(options: Partial<RestoreOptions>): RestoreOptions {
    const targetLocation = this.uri('wh', 'db/r');
    return {
      backupName: 'b',
      target: TARGET,
      targetLocation,
      warehouseBucket: 'wh',
      keepUuid: false,
      jobs: 4,
      dryRun: false,
      tmpDir: this.tmpDir,
      ...options,
    };
  }
}

/** A place's store serves the URIs that begin with its own; a bucket that is two places is one store. */
function placed(places: Places, faults: Faults): StoreResolver {
  const resolve = (uri: string) => {
    const found = Object.values(places).find(({ uri: base }) => `${uri}/`.startsWith(`${base}/`));
    if (!found) throw new BcnError('config', `No store for ${uri}`, { object: uri, hint: 'Give the world one.' });
    return { store: new ProcessStore(found.store, faults), key: uri.slice(found.store.uri.length + 1) };
  };
  return { resolve };
}

/** What a promise fails with; it must be a BcnError that says what, which object, and what to do next. */
export async function failure(promise: Promise<unknown>, code?: ErrorCode): Promise<BcnError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BcnError)) throw error instanceof Error ? error : new Error(`nothing was thrown, expected ${code}`);
  if (code !== undefined && error.code !== code) throw error;
  return error;
}
