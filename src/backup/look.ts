import { type CatalogEntry, formatIdent, type TableIdent } from '../catalog/port.js';
import { type BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { Told } from '../repository/clock.js';
import { type Base, type Bases, damageOf } from '../repository/hints.js';
import type { CallOptions } from '../storage/port.js';
import type { BackupDeps, BackupOptions } from './options.js';
import type { Selected } from './select.js';

/** A table and its newest backup, as far as they can be known without reading a file of the table. */
export interface TableLook {
  /** `database.table` */
  readonly table: string;
  readonly entry: CatalogEntry;
  /** ISO 8601, store time right before the catalog was asked for it: a table that changes meanwhile is of a later moment, never of an earlier one. */
  readonly at: string;
  /** By its name alone: whether it is the same table, its metadata says. */
  readonly base: Base | undefined;
}

export interface Looked {
  readonly looks: readonly TableLook[];
  /** `database.name` of what is no Iceberg table. */
  readonly skipped: readonly string[];
  readonly failures: readonly { readonly table: string; readonly error: BcnError }[];
}

const PARALLEL = 8;

/** Asks the catalog, and the repository's hints, about each table. `bases` undefined: nothing is reused. `now`: the store's time. */
export async function lookAtTables(
  { catalog }: BackupDeps,
  { idents, named }: Selected,
  bases: Bases | undefined,
  now: Told,
  call: CallOptions,
): Promise<Looked> {
  const looks: TableLook[] = [];
  const skipped: string[] = [];
  const failures: { table: string; error: BcnError }[] = [];
  const look = async (ident: TableIdent) => {
    const table = formatIdent(ident);
    try {
      const at = new Date(now.now).toISOString();
      const entry = await catalog.load(ident, call);
      return { table, entry, at, base: await bases?.byName({ catalog: catalog.identity, table }) };
    } catch (error) {
      if (idents.length === 1 || !isOfTable(error)) throw error;
      return { table, error };
    }
  };
  for await (const found of parallel(idents, look, PARALLEL)) {
    if (found.error === undefined) looks.push(found);
    else if (!named && isCode(found.error, 'unsupported')) skipped.push(found.table);
    // Dropped since the namespace was listed.
    else if (named || !isCode(found.error, 'table-not-found')) failures.push(found);
  }
  return { looks, skipped, failures };
}

/** Errors that are about one table, so that others can be backed up all the same. */
export function isOfTable(error: unknown): error is BcnError {
  return isCode(
    error,
    ...(['unsupported', 'corrupt', 'source-changed', 'table-not-found', 'object-not-found', 'bucket-not-found'] as const),
    ...(['object-archived', 'storage-auth', 'config', 'usage'] as const),
  );
}

/** Whether the newest backup of a table is of its very metadata, and nothing needs to be read. */
export function isUnchanged({ entry, base }: TableLook, { source }: BackupDeps, { mode }: BackupOptions): boolean {
  // A `reference` backup proves each time that its source has every file.
  if (mode !== 'copy' || base?.table.metadata_location !== entry.metadataLocation || damageOf(base)) return false;
  // What was missing may be there by now; else that is to be said again.
  if (base.table.missing) return false;
  return source.resolve(base.table.location).store.endpoint === base.table.source;
}
