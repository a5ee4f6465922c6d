import type { LabWith } from './lab.js';
import { type Cell, post } from './post.js';

interface Committed {
  /** The file that was written. */
  readonly path: string;
  readonly snapshot_id: string;
  readonly sequence_number: string;
}

interface NewDeleteFile {
  /** `catalog.database.table`, as in all of these. */
  readonly table: string;
  readonly format?: 'parquet' | 'avro' | 'orc';
  /** Default: the current one of the table. */
  readonly spec_id?: number;
  /** Of text fields. */
  readonly partition?: Readonly<Record<string, string>>;
}

export interface NewPositionDeletes extends NewDeleteFile {
  readonly positions: readonly (readonly [path: string, position: number])[];
  readonly referenced_data_file?: string;
  /** Instead of its own: the field id under which the bounds of the paths are given, and these. */
  readonly path_bounds?: { readonly id: number; readonly lower: string; readonly upper: string };
}

/** A deletion vector that lies somewhere. */
export interface NewVector extends NewDeleteFile {
  readonly referenced_data_file: string;
  readonly vector: { readonly path: string; readonly offset: number; readonly length: number; readonly records: number };
}

export interface NewEqualityDeletes extends NewDeleteFile {
  readonly equal: {
    readonly columns: readonly string[];
    readonly where: readonly [column: string, value: Cell];
    readonly snapshot_id?: string;
  };
}

/** What writers other than Spark leave in a table, by Iceberg's own classes. See spark_java.py. */
export interface SparkJava {
  deleteFile(file: NewPositionDeletes | NewVector | NewEqualityDeletes): Promise<Committed>;
  /** Commits now a compaction that began at this snapshot. */
  rewrite(table: string, snapshotId: string): Promise<Committed>;
  /** Names Parquet files where they lie. */
  addFiles(table: string, files: readonly { readonly path: string; readonly records: number }[]): Promise<void>;
  /** The rows of a position delete file, read with the keys of the table's catalog. */
  positionRows(table: string, path: string): Promise<readonly (readonly [path: string, position: string])[]>;
}

export function sparkJava({ spark: { url } }: LabWith<'spark'>): SparkJava {
  return {
    deleteFile: (file) => post(url, '/delete-file', file),
    rewrite: (table, snapshot_id) => post(url, '/rewrite', { table, snapshot_id }),
    addFiles: (table, files) => post(url, '/add-files', { table, files }),
    async positionRows(table, path) {
      return (await post<{ readonly rows: readonly [string, string][] }>(url, '/position-rows', { table, path })).rows;
    },
  };
}
