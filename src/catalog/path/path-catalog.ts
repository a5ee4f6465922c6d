import { BcnError, isCode } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { createOnce } from '../../storage/create-once.js';
import type { CallOptions, ObjectStore, StoreResolver } from '../../storage/port.js';
import {
  type Catalog,
  type CatalogEntry,
  formatIdent,
  type ListedEntry,
  type Preflight,
  type Registration,
  type TableIdent,
  type TablePlace,
} from '../port.js';
import { foldersTo, hasObject, tableFolders } from './find.js';
import { checkPart, isFolderName } from './names.js';
import { type CurrentVersion, currentVersion, HINT_FILE, versionOf } from './versions.js';

interface PathCatalogOptions {
  /** URI of the folder that holds the namespaces' folders; a trailing slash is ignored. */
  readonly warehouse: string;
  readonly stores: StoreResolver;
}

/**
 * Tables in folders, as Iceberg's Hadoop catalog keeps them: `<warehouse>/<namespace…>/<table>/metadata/v<N>.metadata.json` and
 * `version-hint.text`. A namespace is there when something lies in it, so a restore may begin one. Throws `config` for a warehouse without a store.
 */
export function createPathCatalog(options: PathCatalogOptions): Catalog {
  return new PathCatalog(options);
}

/** A table's folder: as URI, and as key in its store (ending in `/`). */
interface Folder {
  readonly uri: string;
  readonly store: ObjectStore;
  readonly key: string;
}

class PathCatalog implements Catalog {
  readonly type = 'path';
  readonly identity: string;
  readonly #warehouse: string;
  readonly #stores: StoreResolver;

  constructor({ warehouse, stores }: PathCatalogOptions) {
    this.#warehouse = warehouse.replace(/\/+$/, '');
    this.#stores = stores;
    this.identity = `path:${this.#warehouse}`;
    stores.resolve(this.#warehouse);
  }

  normalise(ident: TableIdent): TableIdent {
    for (const part of [...ident.namespace, ident.name]) checkPart(part, ident);
    if (ident.namespace.length === 0) {
      throw new BcnError('usage', `"${ident.name}" has no namespace`, { hint: 'Give one: it is the folder above the table.' });
    }
    return ident;
  }

  defaultLocation(ident: TableIdent): string {
    return this.#uri([...ident.namespace, ident.name]);
  }

  metadataFileName(version: number, _uuid: string, gzip: boolean): string {
    return `v${version}${gzip ? '.gz' : ''}.metadata.json`;
  }

  async load(ident: TableIdent, options: CallOptions = {}): Promise<CatalogEntry> {
    const folder = this.#folder(this.normalise(ident));
    const current = await this.#current(folder, ident, options);
    if (current === undefined) throw await this.#missing(ident, options);
    return {
      ident,
      metadataLocation: `${folder.uri}/metadata/${current.file}`,
      raw: { type: 'path', ...(current.hint === undefined ? {} : { hint: current.hint }) },
    };
  }

  async *list(namespace: readonly string[], options: CallOptions = {}): AsyncIterable<ListedEntry> {
    this.normalise({ namespace, name: 'any' });
    const names = await this.#children(namespace, options);
    if (names.length === 0) throw await this.#missing({ namespace, name: '' }, options);
    for (const name of names) {
      const folder = this.#folder({ namespace, name });
      if (await hasObject(folder.store, `${folder.key}metadata/`, options)) yield { name, location: folder.uri };
    }
  }

  /**
   * Looks at the folder that the location names and at those above it, and only when no table is there lists what lies below: at
   * worst all objects of a namespace. A place outside the warehouse is nobody's. A folder whose hint leads nowhere counts.
   */
  async findAt(location: string, options: CallOptions = {}): Promise<TablePlace | undefined> {
    const names = foldersTo(location, this.#warehouse);
    if (names === undefined) return undefined;
    for (let length = names.length; length >= 2; length--) {
      const ident = await this.#tableIn(names.slice(0, length), options);
      if (ident !== undefined) return this.#placeOf(ident);
    }
    if (!names.every(isFolderName)) return undefined;
    const { store, key } = this.#place(this.#uri(names));
    for await (const below of tableFolders(store, key, options)) {
      const ident = await this.#tableIn([...names, ...below], options);
      if (ident !== undefined) return this.#placeOf(ident);
    }
    return undefined;
  }

  /** The table in the folder that these names lead to, if they can be a table's and there is one. */
  async #tableIn(names: readonly string[], options: CallOptions): Promise<TableIdent | undefined> {
    if (names.length < 2 || !names.every(isFolderName)) return undefined;
    const ident = { namespace: names.slice(0, -1), name: names.at(-1) ?? '' };
    try {
      return (await this.#current(this.#folder(ident), ident, options)) && ident;
    } catch (error) {
      if (isCode(error, 'corrupt')) return ident;
      throw error;
    }
  }

  /**
   * A table that already names `metadataLocation` passes: it is what a restore that was interrupted after its register finds. A
   * namespace is never missing: its folder comes into being with what is written into it.
   */
  async preflight(registration: Registration, options: CallOptions = {}): Promise<Preflight> {
    const folder = this.#check(registration);
    const current = await this.#current(folder, registration.ident, options);
    if (current !== undefined) this.#refuseOther(folder, current, registration);
    return { namespaceMissing: false };
  }

  async createNamespace(): Promise<'already'> {
    return 'already';
  }

  async dropNamespace(): Promise<'kept'> {
    return 'kept';
  }

  /**
   * Nothing is left to be asked: a table here is its files, registered with one more of them in the folder where a restore's claim has
   * just been written, under the same permissions; what the catalog itself refuses, preflight has refused.
   */
  async rehearse(): Promise<undefined> {}

  async endRehearsal(): Promise<undefined> {}

  async register(registration: Registration, options: CallOptions = {}): Promise<'registered' | 'already'> {
    const { ident, metadataLocation } = registration;
    const folder = this.#check(registration);
    const { key } = this.#stores.resolve(metadataLocation);
    const file = key.slice(`${folder.key}metadata/`.length);
    const current = await this.#current(folder, ident, options);
    if (current?.file !== file) {
      if (current !== undefined) this.#refuseOther(folder, current, registration);
      throw new BcnError('object-not-found', `The metadata file to register is not there: ${metadataLocation}`, {
        object: metadataLocation,
        table: formatIdent(ident),
        hint: 'A table is registered after its files are written; run the restore again.',
      });
    }
    if (current.hint !== undefined) return 'already';
    const hint = Buffer.from(String(versionOf(file)));
    try {
      return (await createOnce(folder.store, `${folder.key}metadata/${HINT_FILE}`, hint, options)).outcome === 'created'
        ? 'registered'
        : 'already';
    } catch (error) {
      throw settle(error, registration);
    }
  }

  async close(): Promise<void> {}

  /** What registration asks of names and places. Throws `usage` or `unsupported`. */
  #check({ ident, metadataLocation, metadata }: Registration): Folder {
    const folder = this.#folder(this.normalise(ident));
    const table = formatIdent(ident);
    const hint = `Leave the location to the catalog: ${folder.uri}`;
    if (!this.#same(metadata.location, folder)) {
      throw new BcnError('unsupported', `The path catalog keeps "${table}" in ${folder.uri}, not in ${metadata.location}`, {
        table,
        hint,
      });
    }
    const place = this.#stores.resolve(metadataLocation);
    const prefix = `${folder.key}metadata/`;
    if (
      place.store.uri !== folder.store.uri ||
      !place.key.startsWith(prefix) ||
      versionOf(place.key.slice(prefix.length)) === undefined
    ) {
      throw new BcnError('unsupported', `A path catalog cannot register "${table}" with the metadata file ${metadataLocation}`, {
        table,
        object: metadataLocation,
        hint: `It has to be ${folder.uri}/metadata/v<N>.metadata.json.`,
      });
    }
    if (metadata.properties.has('write.metadata.path')) {
      throw new BcnError('unsupported', `"${table}" has the property write.metadata.path, which tables in folders cannot have`, {
        table,
        hint: 'Restore it into a Hive catalog, or remove the property from the source and back it up again.',
      });
    }
    return folder;
  }

  #refuseOther(folder: Folder, current: CurrentVersion, { ident, metadataLocation }: Registration): void {
    const { key } = this.#stores.resolve(metadataLocation);
    if (key === `${folder.key}metadata/${current.file}`) return;
    throw new BcnError('table-exists', `A table lies in ${folder.uri} already (metadata/${current.file})`, {
      table: formatIdent(ident),
      object: folder.uri,
      hint: 'Nothing was replaced. Choose another name (--target-table NAME), or remove that folder first.',
    });
  }

  async #current(folder: Folder, ident: TableIdent, options: CallOptions): Promise<CurrentVersion | undefined> {
    try {
      return await currentVersion(folder.store, `${folder.key}metadata/`, options);
    } catch (error) {
      throw error instanceof BcnError ? error.withContext({ table: formatIdent(ident) }) : error;
    }
  }

  async #missing({ namespace, name }: TableIdent, options: CallOptions): Promise<BcnError> {
    const tables = await this.#children(namespace, options);
    const wanted = tables.length > 0 ? name : (namespace.at(-1) ?? '');
    const names = tables.length > 0 ? tables : await this.#children(namespace.slice(0, -1), options);
    const what = tables.length > 0 ? 'tables' : 'namespaces';
    const near = nearest(wanted, names);
    const seen =
      names.length > 0 ? `There: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}.` : `There are no ${what}.`;
    const hint = near.length > 0 ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?` : seen;
    if (tables.length === 0) {
      return new BcnError('namespace-not-found', `Namespace "${namespace.join('.')}" not found in ${this.#warehouse}`, { hint });
    }
    const table = formatIdent({ namespace, name });
    return new BcnError('table-not-found', `Table "${table}" not found in ${this.#warehouse}`, { hint, table });
  }

  /** Names of the folders in a namespace's folder. */
  async #children(namespace: readonly string[], options: CallOptions): Promise<readonly string[]> {
    const { store, key } = this.#place(this.#uri(namespace));
    const names: string[] = [];
    for await (const { prefixes } of store.list(key, { ...options, delimiter: '/' })) {
      for (const prefix of prefixes) names.push(prefix.slice(key.length, -1));
    }
    return names;
  }

  #same(location: string, folder: Folder): boolean {
    const place = this.#place(location.replace(/\/+$/, ''));
    return place.store.uri === folder.store.uri && place.key === folder.key;
  }

  #placeOf(ident: TableIdent): TablePlace {
    return { ident, location: this.defaultLocation(ident) };
  }

  #folder(ident: TableIdent): Folder {
    const uri = this.#uri([...ident.namespace, ident.name]);
    return { uri, ...this.#place(uri) };
  }

  #uri(parts: readonly string[]): string {
    return [this.#warehouse, ...parts].join('/');
  }

  /** A folder's store and key, the key ending in `/` unless it is the store's root. */
  #place(uri: string): { readonly store: ObjectStore; readonly key: string } {
    const { store, key } = this.#stores.resolve(uri);
    return { store, key: key === '' ? '' : `${key}/` };
  }
}

/** Another writer was first, or nobody knows. */
function settle(error: unknown, { ident, metadataLocation }: Registration): unknown {
  if (!(error instanceof BcnError)) return error;
  const table = formatIdent(ident);
  if (error.code === 'object-exists') {
    return new BcnError('table-exists', `"${table}" was registered by somebody else meanwhile`, {
      table,
      object: error.object,
      hint: 'Nothing was replaced. Choose another name (--target-table NAME).',
      cause: error,
    });
  }
  if (error.code !== 'storage-unavailable') return error.withContext({ table });
  return new BcnError('commit-unknown', `Whether "${table}" is registered is not known: ${error.message}`, {
    table,
    object: metadataLocation,
    hint: 'Nothing was deleted. Run the same command again: it finds out, and finishes what is missing.',
    retryable: true,
    cause: error,
  });
}
