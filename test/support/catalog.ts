import type { Catalog, CatalogEntry, ListedEntry, Registration, TableIdent } from '../../src/catalog/port.js';
import { formatIdent } from '../../src/catalog/port.js';
import { BcnError } from '../../src/errors.js';
import { overlaps } from '../../src/storage/overlap.js';
import type { Faults } from './faults.js';

/** A catalog's tables, `database.table` → entry; shared by all processes. */
export type CatalogState = Map<string, { readonly metadataLocation: string; readonly location: string }>;

/** A catalog in memory that behaves as Hive does; `faults` = the process that uses it. */
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
      const entry = this.#tables.get(table);
      if (!entry) throw new BcnError('table-not-found', `Table "${table}" not found`, { table, hint: 'See the others.' });
      return { ident, metadataLocation: entry.metadataLocation, raw: { type: 'hive', of: table } };
    });
  }

  async *list(namespace: readonly string[]): AsyncIterable<ListedEntry> {
    const prefix = `${namespace.join('.')}.`;
    for (const [table, { location }] of this.#tables) {
      if (table.startsWith(prefix)) yield { name: table.slice(prefix.length), location };
    }
  }

  async findAt(location: string): Promise<TableIdent | undefined> {
    return this.#faults.run('load', location, async () => {
      const table = [...this.#tables].find(([, entry]) => overlaps(entry.location, location))?.[0].split('.');
      return table && { namespace: table.slice(0, -1), name: table.at(-1) ?? '' };
    });
  }

  defaultLocation(): string | undefined {
    return undefined;
  }

  metadataFileName(version: number, uuid: string, gzip: boolean): string {
    return `${String(version).padStart(5, '0')}-${uuid}${gzip ? '.gz' : ''}.metadata.json`;
  }

  async preflight({ ident }: Registration): Promise<void> {
    if (this.#tables.has(formatIdent(ident))) throw this.#exists(ident);
  }

  async register({ ident, metadataLocation, metadata }: Registration): Promise<'registered' | 'already'> {
    const table = formatIdent(ident);
    return this.#faults.run('register', table, async () => {
      const entry = this.#tables.get(table);
      if (entry?.metadataLocation === metadataLocation) return 'already';
      if (entry) throw this.#exists(ident);
      this.#tables.set(table, { metadataLocation, location: metadata.location });
      return 'registered';
    });
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
