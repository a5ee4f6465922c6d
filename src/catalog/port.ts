import type { TableMetadata } from '../iceberg/metadata.js';
import type { CallOptions } from '../storage/port.js';

/** A table's name: the namespace's levels, then the table. Hive has one level. */
export interface TableIdent {
  readonly namespace: readonly string[];
  readonly name: string;
}

/**
 * The catalog port: what bcn needs of a catalog. Contract, proven by test/conformance/catalog.ts for every adapter:
 * - No call hangs: each ends within the adapter's deadline, as an answer or a BcnError (`catalog-unavailable`).
 * - Missing things are `namespace-not-found` / `table-not-found` with the nearest names in `hint`.
 * - `register` is the only write. It never replaces an entry of somebody else; an outcome it cannot know is re-read, and only
 *   when that fails too it is `commit-unknown` (law 11).
 */
export interface Catalog {
  /** As in `--catalog-type`. */
  readonly type: 'hive' | 'path';
  /**
   * Names this catalog in records: type and address, no secret. The order of several servers and the case of their names do not
   * count; beyond that the address is taken as spelled, so that an alias or an IP of the same server is another catalog.
   */
  readonly identity: string;
  /** The name as this catalog stores it (Hive lower-cases). Throws `usage` for a name it cannot hold. */
  normalise(ident: TableIdent): TableIdent;
  /** The entry of an Iceberg table. `unsupported` when it is a view or no Iceberg table. */
  load(ident: TableIdent, options?: CallOptions): Promise<CatalogEntry>;
  /** All entries of a namespace, Iceberg or not, with their locations where they have one. */
  list(namespace: readonly string[], options?: CallOptions): AsyncIterable<ListedEntry>;
  /**
   * The table, of any namespace, whose location equals, contains or lies inside this one (`overlaps` of storage/overlap.ts), or
   * undefined; one at the very location comes before others. Tables that `load` refuses count too. Costs a scan of the catalog:
   * for the rare cases where a name is not enough, as after a rename. Throws `config` for a location of an unknown scheme; entries
   * with such are passed over.
   */
  findAt(location: string, options?: CallOptions): Promise<TableIdent | undefined>;
  /** Where a table lives when nobody says: undefined when the catalog leaves it to the caller. */
  defaultLocation(ident: TableIdent): string | undefined;
  /** Name of the metadata file that `register` will be given: version number and uuid come from the plan. */
  metadataFileName(version: number, uuid: string, gzip: boolean): string;
  /**
   * All that can be known before the first byte is copied: namespace exists, no entry of that name (`table-exists`), types and names
   * that the catalog can hold (`unsupported`). Writes nothing.
   */
  preflight(registration: Registration, options?: CallOptions): Promise<void>;
  /** Create the entry. `already` = it exists and names the same metadata file. Else `table-exists`. */
  register(registration: Registration, options?: CallOptions): Promise<'registered' | 'already'>;
  close(): Promise<void>;
}

export interface CatalogEntry {
  readonly ident: TableIdent;
  readonly metadataLocation: string;
  readonly raw: RawEntry;
}

export interface ListedEntry {
  readonly name: string;
  readonly location?: string;
}

/**
 * A catalog's entry, losslessly, as JSON. Hive: `table` and `database` are the Thrift structs (TBinaryProtocol) in base64, `summary` is for
 * people. Path: `hint` is the version hint file's text.
 */
export interface RawEntry {
  readonly type: 'hive' | 'path';
  readonly [field: string]: unknown;
}

export interface Registration {
  readonly ident: TableIdent;
  /** URI of the metadata file that the entry will name. */
  readonly metadataLocation: string;
  /** The metadata as it will be (in preflight: as planned). */
  readonly metadata: TableMetadata;
  /** The source's entry, from which owner and storage handler are carried over. */
  readonly carried?: RawEntry;
}

/** `database.table` */
export function formatIdent(ident: TableIdent): string {
  return [...ident.namespace, ident.name].join('.');
}
