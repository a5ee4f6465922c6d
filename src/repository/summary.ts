import type { FailedTable, Origin } from './commit.js';

/** A backup as `list`, `show` and `backup` report it. int64 ids are strings. */
export interface BackupSummary {
  readonly name: string;
  /** The name, or where backups lie by run `name@run…`: what names exactly this one. */
  readonly selector: string;
  readonly id: string;
  readonly run: string;
  /** ISO 8601, the store's clock. */
  readonly when: string;
  readonly mode: 'copy' | 'reference';
  /** The version of bcn that made it. */
  readonly bcn: string;
  /** Some of the tables that were asked for are missing. */
  readonly partial: boolean;
  /** What it is a copy of, when it is one. */
  readonly origin?: Origin;
  readonly failed: readonly FailedTable[];
  /** A table lacks live files, since its source lacked them. */
  readonly incomplete: boolean;
  readonly tables: readonly TableSummary[];
}

/** Between which moments the tables of a backup were pinned, ISO 8601, and how far these are apart, ms; undefined where none is recorded. */
export function pinnedBetween({ tables }: Pick<BackupSummary, 'tables'>) {
  const times = tables.flatMap(({ pinned }) => pinned ?? []).sort();
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined ? undefined : { first, last, apart: Date.parse(last) - Date.parse(first) };
}

export interface TableSummary {
  /** `database.table` */
  readonly table: string;
  /** Identity of the catalog it came from. */
  readonly catalog: string;
  readonly uuid: string | null;
  readonly location: string;
  readonly metadataLocation: string;
  /** ISO 8601, store time at which that was the table's metadata; null = not recorded. */
  readonly pinned: string | null;
  readonly formatVersion: number;
  readonly snapshots: number;
  readonly refs: readonly { readonly name: string; readonly type: string; readonly snapshotId: string }[];
  readonly currentSnapshotId: string | null;
  readonly manifests: number;
  /** Content files of all retained snapshots; `new` = copied by this backup. */
  readonly files: { readonly total: number; readonly new: number };
  readonly bytes: { readonly total: number; readonly new: number };
  /** Live files that the source lacked, not counted above; null = none. */
  readonly missing: { readonly files: number; readonly bytes: number } | null;
}
