import type {
  Catalog,
  CatalogEntry,
  ListedEntry,
  Preflight,
  PreflightOptions,
  Registration,
  TableIdent,
  TablePlace,
} from '../../src/catalog/port.js';
import { formatIdent } from '../../src/catalog/port.js';
import { BcnError } from '../../src/errors.js';
import { findLocation } from '../../src/storage/location.js';
import { overlaps } from '../../src/storage/overlap.js';
import type { Faults } from './faults.js';

interface Entry {
  readonly metadataLocation: string;
  readonly location: string;
  /** The entry is a rehearsal's. */
  readonly rehearsal?: true;
}

/** A catalog's tables, `database.table` → entry; shared by all processes. */
export class CatalogState extends Map<string, Entry> {
  /** Those that are there; undefined: all that anybody names. */
  namespaces: Set<string> | undefined;
  /** Names of what is no Iceberg table. */
  readonly views = new Set<string>();
  /** Why a registration is refused, also when it is rehearsed. */
  refusal: BcnError | undefined;
}

/** A catalog in memory that behaves as Hive does, a rehearsal being two requests of a process, too; `faults` = the process that uses it. */
export class MemoryCatalog implements Catalog {
  readonly type = 'hive';
  readonly identity: string;
  readonly #tables: CatalogState;
  readonly #faults: Faults;

  constructor(tables: CatalogState, faults: Faults, identity = 'hive:memory') {
    this.#tables = tables;
    this.#faults = faults;
    this.identity = identity;
  }

  normalise(ident: TableIdent): TableIdent {
    return { namespace: ident.namespace.map((level) => level.toLowerCase()), name: ident.name.toLowerCase() };
  }

  async load(ident: TableIdent): Promise<CatalogEntry> {
    const table = formatIdent(ident);
    return this.#faults.run('load', table, async () => {
      if (!this.#has(ident.namespace)) throw missing(ident.namespace);
      if (this.#tables.views.has(table)) throw new BcnError('unsupported', `"${table}" is a view`, { table, hint: 'None.' });
      const entry = this.#tables.get(table);
      if (!entry) throw new BcnError('table-not-found', `Table "${table}" not found`, { table, hint: 'See the others.' });
      return { ident, metadataLocation: entry.metadataLocation, raw: { type: 'hive', of: table } };
    });
  }

  async *list(namespace: readonly string[]): AsyncIterable<ListedEntry> {
    if (!this.#has(namespace)) throw missing(namespace);
    const prefix = `${namespace.join('.')}.`;
    for (const [table, { location, rehearsal }] of this.#tables) {
      if (table.startsWith(prefix) && !rehearsal) yield { name: table.slice(prefix.length), location };
    }
  }

  async findAt(location: string): Promise<TablePlace | undefined> {
    return this.#faults.run('load', location, async () => {
      const found = [...this.#tables].find(
        ([, entry]) => !entry.rehearsal && findLocation(entry.location) && overlaps(entry.location, location),
      );
      const table = found?.[0].split('.');
      return (
        found && table && { ident: { namespace: table.slice(0, -1), name: table.at(-1) ?? '' }, location: found[1].location }
      );
    });
  }

  defaultLocation(): string | undefined {
    return undefined;
  }

  metadataFileName(version: number, uuid: string, gzip: boolean): string {
    return `${String(version).padStart(5, '0')}-${uuid}${gzip ? '.gz' : ''}.metadata.json`;
  }

  async preflight({ ident }: Registration, { createNamespace = false }: PreflightOptions = {}): Promise<Preflight> {
    if (!this.#has(ident.namespace) && !createNamespace) throw missing(ident.namespace);
    if (this.#tables.has(formatIdent(ident))) throw this.#exists(ident);
    return { namespaceMissing: !this.#has(ident.namespace) };
  }

  async createNamespace(namespace: readonly string[]): Promise<'created' | 'already'> {
    return this.#faults.run('createNamespace', namespace.join('.'), async () => {
      if (this.#has(namespace)) return 'already';
      this.#tables.namespaces?.add(namespace.join('.'));
      return 'created';
    });
  }

  async dropNamespace(namespace: readonly string[]): Promise<'dropped' | 'kept'> {
    return this.#faults.run('dropNamespace', namespace.join('.'), async () => {
      if ([...this.#tables.keys()].some((table) => table.startsWith(`${namespace.join('.')}.`))) return 'kept';
      this.#tables.namespaces?.delete(namespace.join('.'));
      return 'dropped';
    });
  }

  async rehearse({ ident, metadataLocation, metadata }: Registration): Promise<undefined> {
    const name = rehearsalOf(ident);
    await this.#faults.run('rehearse', name, async () => {
      if (!this.#has(ident.namespace)) throw missing(ident.namespace);
      if (this.#tables.refusal) throw this.#tables.refusal;
      this.#tables.set(name, { metadataLocation, location: metadata.location, rehearsal: true });
    });
    await this.#drop(name);
  }

  async endRehearsal(ident: TableIdent): Promise<undefined> {
    const name = rehearsalOf(ident);
    const there = await this.#faults.run('load', name, async () => this.#tables.has(name));
    if (there) await this.#drop(name);
  }

  async register({ ident, metadataLocation, metadata }: Registration): Promise<'registered' | 'already'> {
    const table = formatIdent(ident);
    return this.#faults.run('register', table, async () => {
      if (!this.#has(ident.namespace)) throw missing(ident.namespace);
      if (this.#tables.refusal) throw this.#tables.refusal;
      const entry = this.#tables.get(table);
      if (entry?.metadataLocation === metadataLocation) return 'already';
      if (entry) throw this.#exists(ident);
      this.#tables.set(table, { metadataLocation, location: metadata.location });
      return 'registered';
    });
  }

  #drop(name: string): Promise<void> {
    return this.#faults.run('endRehearsal', name, async () => void this.#tables.delete(name));
  }

  #has(namespace: readonly string[]): boolean {
    return this.#tables.namespaces?.has(namespace.join('.')) ?? true;
  }

  async close(): Promise<void> {}

  #exists(ident: TableIdent): BcnError {
    const table = formatIdent(ident);
    return new BcnError('table-exists', `Table "${table}" exists`, {
      table,
      object: table,
      hint: 'Choose another --target-table.',
    });
  }
}

function rehearsalOf(ident: TableIdent): string {
  return formatIdent({ namespace: ident.namespace, name: `rehearsal_of_${ident.name}` });
}

function missing(namespace: readonly string[]): BcnError {
  return new BcnError('namespace-not-found', `Namespace "${namespace.join('.')}" not found`, { hint: 'Have it made.' });
}
