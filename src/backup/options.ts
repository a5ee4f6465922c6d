import type { Catalog, TableIdent } from '../catalog/port.js';
import type { Plan } from '../plan.js';
import type { Reporter } from '../report.js';
import type { FailedTable } from '../repository/commit.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Selection } from '../repository/runs.js';
import type { BackupSummary } from '../repository/summary.js';
import type { StoreResolver } from '../storage/port.js';

export interface BackupDeps {
  readonly catalog: Catalog;
  /** Reads the tables' files. */
  readonly source: StoreResolver;
  readonly repository: RepositoryPlace;
  readonly report: Reporter;
}

export interface BackupOptions {
  /** One or more tables, or those of a namespace. */
  readonly tables: readonly [TableIdent, ...TableIdent[]] | Selection;
  /** The new backup's, or a template for it: `nightly-{utc}`. */
  readonly name: string;
  readonly mode: 'copy' | 'reference';
  /** Copies under way at once. */
  readonly jobs: number;
  readonly dryRun: boolean;
  /** Reuse nothing of earlier backups: the way out when one of them lost a file, which every backup that reuses it lacks too. */
  readonly fresh?: boolean;
  /** Back up a table that lacks live content files, too: it is marked incomplete, and lists them. */
  readonly allowMissing?: boolean;
  /** Folder for spill files; one of its own is made below it and removed. */
  readonly tmpDir: string;
  readonly signal?: AbortSignal;
}

export interface BackupResult {
  /** `planned` after --dry-run; `already` when this run had been committed before. */
  readonly outcome: 'planned' | 'created' | 'already';
  /** What the backup is called. */
  readonly name: string;
  /** One for each table that is, or would be, in the backup; none when the outcome is `already`. */
  readonly plans: readonly Plan[];
  /** Absent after --dry-run. */
  readonly backup?: BackupSummary;
  /** Tables of several that could not be backed up. */
  readonly failed: readonly FailedTable[];
  /** Entries of the namespace that are no Iceberg tables, as `database.name`. */
  readonly skipped: readonly string[];
}
