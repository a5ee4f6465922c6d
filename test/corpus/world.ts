/** Stores in memory, a repository, and a catalog that knows what it is told: all that the use cases need, without a service. */
import { tmpdir } from 'node:os';
import { backup } from '../../src/backup/backup.js';
import type { BackupResult } from '../../src/backup/options.js';
import {
  type Catalog,
  type CatalogEntry,
  formatIdent,
  type Preflight,
  type Registration,
  type TableIdent,
  type TablePlace,
} from '../../src/catalog/port.js';
import { BcnError } from '../../src/errors.js';
import type { RepositoryPlace } from '../../src/repository/place.js';
import type { RestoreOptions, RestoreResult } from '../../src/restore/options.js';
import { restore } from '../../src/restore/restore.js';
import { MeteredStore } from '../../src/storage/decorators/meter.js';
import { parseLocation } from '../../src/storage/location.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import { overlaps } from '../../src/storage/overlap.js';
import { Stores } from '../../src/storage/resolver.js';
import { verifyAs } from '../support/verify.js';
import { type CorpusTable, loadTable, uriOf } from './corpus.js';
import { type WalkedTable, walkTable } from './walk.js';

export const ident = (name: string): TableIdent => ({ namespace: ['db'], name });

/** A catalog in a Map. It checks nothing: the rules of real catalogs are tested elsewhere. */
export class MapCatalog implements Catalog {
  readonly type = 'hive';
  readonly identity = 'map:corpus';
  readonly tables = new Map<string, { readonly metadata: string; readonly location?: string }>();

  normalise(name: TableIdent): TableIdent {
    return name;
  }

  async load(name: TableIdent): Promise<CatalogEntry> {
    const found = this.tables.get(formatIdent(name));
    if (!found) throw new BcnError('table-not-found', `no table ${formatIdent(name)}`);
    return { ident: name, metadataLocation: found.metadata, raw: { type: 'hive' } };
  }

  async *list() {
    for (const [name, { location }] of this.tables)
      yield { name: name.slice(name.indexOf('.') + 1), ...(location && { location }) };
  }

  async findAt(place: string): Promise<TablePlace | undefined> {
    for (const [name, { location }] of this.tables) {
      if (location !== undefined && overlaps(location, place))
        return { ident: ident(name.slice(name.indexOf('.') + 1)), location };
    }
    return undefined;
  }

  defaultLocation(): undefined {}

  metadataFileName(version: number, uuid: string, gzip: boolean): string {
    return `${String(version).padStart(5, '0')}-${uuid}${gzip ? '.gz' : ''}.metadata.json`;
  }

  async preflight(): Promise<Preflight> {
    return { namespaceMissing: false };
  }

  async createNamespace(): Promise<'already'> {
    return 'already';
  }

  async dropNamespace(): Promise<'kept'> {
    return 'kept';
  }

  async rehearse(): Promise<undefined> {}

  async endRehearsal(): Promise<undefined> {}

  async register({ ident: name, metadataLocation, metadata }: Registration): Promise<'registered'> {
    this.tables.set(formatIdent(name), { metadata: metadataLocation, location: metadata.location });
    return 'registered';
  }

  async close(): Promise<void> {}
}

export class World {
  readonly service = new MemoryService();
  readonly catalog = new MapCatalog();
  readonly meter = new MeteredStore(new MemoryStore('backups', { service: this.service }));
  readonly place: RepositoryPlace;
  readonly stores = new Stores({ s3: (bucket) => new MemoryStore(bucket, { service: this.service }) });
  readonly warnings: string[] = [];
  readonly #report = { progress: () => {}, info: () => {}, warn: (message: string) => this.warnings.push(message) };

  /** @param place a repository of another world, whose service is then another one */
  constructor(place?: RepositoryPlace) {
    this.place = place ?? { store: this.meter, prefix: 'repo/' };
  }

  /** A world with one table of the corpus in it, as `db.<name>`, in its last state or an earlier one. */
  static async with(table: CorpusTable, state = table.metadata): Promise<World> {
    const world = new World();
    await loadTable(table, world.service);
    world.point(table, state);
    return world;
  }

  /** Lets the catalog name another metadata file of the table. */
  point(table: CorpusTable, state: string): void {
    this.catalog.tables.set(`db.${table.name}`, { metadata: uriOf(table, state), location: table.location });
  }

  backup(table: string, name: string, mode: 'copy' | 'reference' = 'copy'): Promise<BackupResult> {
    const deps = { catalog: this.catalog, source: this.stores, repository: this.place, report: this.#report };
    const options = { tables: [ident(table)] as const, name, mode, jobs: 4, dryRun: false, tmpDir: tmpdir() };
    return backup(deps, options);
  }

  verify(name: string) {
    return verifyAs({ repository: this.place, source: this.stores, report: this.#report }, { name });
  }

  restore(backupName: string, table: string, targetLocation: string, more: Partial<RestoreOptions> = {}): Promise<RestoreResult> {
    const deps = {
      catalog: this.catalog,
      repository: this.place,
      target: this.stores,
      source: this.stores,
      report: this.#report,
    };
    return restore(deps, {
      backupName,
      target: ident(table),
      targetLocation,
      warehouseBucket: 'warehouse',
      keepUuid: false,
      jobs: 4,
      dryRun: false,
      tmpDir: tmpdir(),
      ...more,
    });
  }

  /** The table of the corpus as it lies there, read by nothing of src/. */
  walk(table: CorpusTable, state = table.metadata): Promise<WalkedTable> {
    return walkTable(uriOf(table, state), (uri) => this.object(uri), table.orcRows);
  }

  /** A restored table. */
  walkRestored({ metadataLocation }: RestoreResult): Promise<WalkedTable> {
    return walkTable(metadataLocation as string, (uri) => this.object(uri));
  }

  /** Takes away everything but the backups. */
  clearSources(): void {
    for (const [bucket, objects] of this.service.buckets) if (bucket !== 'memory://backups') objects.clear();
  }

  /** An object by its URI, or undefined. */
  object(uri: string): Buffer | undefined {
    const { bucket, key } = parseLocation(uri);
    return this.service.buckets.get(`memory://${bucket}`)?.get(key)?.bytes;
  }

  /** Every object of a bucket. */
  keys(bucket: string): readonly string[] {
    return [...(this.service.buckets.get(`memory://${bucket}`)?.keys() ?? [])].sort();
  }
}

/** Locations in another bucket, of another name, longer than, shorter than and exactly as long as the source's, in bytes. */
export function targetLocations(location: string): Readonly<Record<'longer' | 'shorter' | 'equal', string>> {
  const root = location.replace(/\/+$/, '');
  const scheme = root.slice(0, root.indexOf('://'));
  const start = `${scheme}://elsewhere/`;
  const length = Buffer.byteLength(root);
  return {
    longer: `${start}${'a long $& way/'.repeat(6)}restored é😀`,
    shorter: `${scheme}://b/t`,
    equal: start + 'x'.repeat(length - start.length),
  };
}
