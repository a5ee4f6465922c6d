import type { TableMetadata } from '../iceberg/metadata.js';
import type { CallOptions } from '../storage/port.js';

/** A table's name: the namespace's levels, then the table. Hive has one level. */
export interface TableIdent {
  readonly namespace: readonly string[];
  readonly name: string;
}

/**
 * The catalog port: what bcn needs of a catalog. Contract, proven by test/conformance/catalog.ts for every adapter:
 * - No call hangs: each ends within the adapter's deadline, as an answer or a BcnError (`catalog-unavailable`; `catalog-unsupported`
 *   when the server wants what bcn does not speak: never `unsupported`, which says something of the table).
 * - Missing things are `namespace-not-found` / `table-not-found` with the nearest names in `hint`.
 * - `register` alone makes an entry that stays. It never replaces an entry of somebody else; an outcome it cannot know is re-read,
 *   and only when that fails too it is `commit-unknown` (law 11). `rehearse` makes one that goes again, `createNamespace` an empty
 *   namespace: a restore calls them before it copies anything.
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
  /** All entries of a namespace, Iceberg or not, with their locations where they have one; what a rehearsal left is none. */
  list(namespace: readonly string[], options?: CallOptions): AsyncIterable<ListedEntry>;
  /**
   * The table, of any namespace, whose location equals, contains or lies inside this one (`overlaps` of storage/overlap.ts), or
   * undefined; one at the very location comes before others. Tables that `load` refuses count too, what a rehearsal left does not.
   * Costs a scan of the catalog: for the rare cases where a name is not enough, as after a rename. Throws `config` for a location of
   * an unknown scheme; entries with such are passed over.
   */
  findAt(location: string, options?: CallOptions): Promise<TablePlace | undefined>;
  /** Where a table lives when nobody says: undefined when the catalog leaves it to the caller. */
  defaultLocation(ident: TableIdent): string | undefined;
  /** Name of the metadata file that `register` will be given: version number and uuid come from the plan. */
  metadataFileName(version: number, uuid: string, gzip: boolean): string;
  /**
   * All that can be known without writing: the namespace exists or will be made, there is no entry of that name (`table-exists`), and
   * names, types and lengths that no server of this kind holds (`unsupported`). Writes nothing.
   */
  preflight(registration: Registration, options?: PreflightOptions): Promise<Preflight>;
  /** Makes a namespace, empty, where the catalog chooses. `already` = it was there, or nobody can say who made it. */
  createNamespace(namespace: readonly string[], options?: CallOptions): Promise<'created' | 'already'>;
  /** Takes a namespace back that this process made, if it is still empty; deletes no file. `kept` = it holds something. */
  dropNamespace(namespace: readonly string[], options?: CallOptions): Promise<'dropped' | 'kept'>;
  /**
   * Asks what only a write can ask, before anything is copied: `register` of this very registration, of which nothing stays. Fails as
   * `register` would (but never with `commit-unknown`: `catalog-unavailable` when the outcome cannot be found out). Needs the
   * namespace. Any number at once, and after one that was killed. Returns what could not be removed again, which stands in nobody's way.
   */
  rehearse(registration: Registration, options?: CallOptions): Promise<Leftover | undefined>;
  /** Removes what a rehearsal of this table left, if anything. Returns what could not be removed. */
  endRehearsal(ident: TableIdent, options?: CallOptions): Promise<Leftover | undefined>;
  /** Create the entry. `already` = it exists and names the same metadata file. Else `table-exists`. */
  register(registration: Registration, options?: CallOptions): Promise<'registered' | 'already'>;
  close(): Promise<void>;
}

export interface CatalogEntry {
  readonly ident: TableIdent;
  readonly metadataLocation: string;
  readonly raw: RawEntry;
}

export interface TablePlace {
  readonly ident: TableIdent;
  /** As its entry spells it. */
  readonly location: string;
}

export interface PreflightOptions extends CallOptions {
  /** A namespace that is missing will be made. */
  readonly createNamespace?: boolean;
}

export interface Preflight {
  /** The namespace is missing, and has to be made with `createNamespace`. */
  readonly namespaceMissing: boolean;
}

/** An entry in the place of a rehearsal's that was not removed. */
export interface Leftover {
  readonly ident: TableIdent;
  /** It is a rehearsal's, which the catalog does not let go; else somebody's table, and nothing was rehearsed. */
  readonly rehearsal: boolean;
  /** The catalog's words. */
  readonly reason: string;
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
