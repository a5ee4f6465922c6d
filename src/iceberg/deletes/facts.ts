import type { DeleteFormat } from './format.js';

/** Reserved field ids (Iceberg specification, "Reserved Field IDs"). */
export const FILE_PATH = 2147483546;
export const POS = 2147483545;

/** What is true of a position-delete file that was written again. The first four are what a manifest says of it (`RewrittenFile`). */
export interface DeleteFacts {
  /** Bytes (104). */
  readonly size: number;
  /** Set where the new file has another format than the old one (101); its name should change with it. */
  readonly format?: string;
  /** Bytes of each column, by field id (108); null where the format has no columns. */
  readonly columnSizes: ReadonlyMap<number, number> | null;
  /** Where row groups start (132), ascending; null where the format has none. */
  readonly splitOffsets: readonly number[] | null;
  /** Rows (103): as many as before. */
  readonly recordCount: number;
  /** Smallest and largest path by UTF-8 bytes (125, 128), in full; undefined without rows. Equal: the deletes of one data file. */
  readonly paths: { readonly lower: string; readonly upper: string } | undefined;
  /** The format of the old file. */
  readonly source: DeleteFormat;
  /** Columns beyond path and position that the new file lacks: `row`, which is deprecated and which no reader wants. */
  readonly dropped: readonly string[];
}

/** How paths change. */
export interface DeletePaths {
  /**
   * The new path of a data file that rows name, perhaps one that the table does not have. Asked at least once for each path; must
   * answer the same each time. What it throws is passed on.
   */
  path(dataFile: string): string;
  /**
   * True when all paths change their beginnings alike, as under one root: their order is then kept, and need not be looked at
   * before the first row is written.
   */
  readonly keepsOrder?: boolean;
}
