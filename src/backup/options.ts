import type { Catalog, TableIdent } from '../catalog/port.js';
import type { Plan } from '../plan.js';
import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { BackupSummary } from '../repository/summary.js';
import type { StoreResolver } from '../storage/port.js';

export interface BackupDeps {
  readonly catalog: Catalog;
  /** Reads the table's files. */
  readonly source: StoreResolver;
  readonly repository: RepositoryPlace;
  readonly report: Reporter;
}

export interface BackupOptions {
  readonly ident: TableIdent;
  readonly name: string;
  readonly mode: 'copy' | 'reference';
  /** Copies under way at once. */
  readonly jobs: number;
  readonly dryRun: boolean;
  /** Reuse nothing of earlier backups: the way out when one of them lost a file, which every backup that reuses it lacks too. */
  readonly fresh?: boolean;
  /** Folder for spill files; one of its own is made below it and removed. */
  readonly tmpDir: string;
  readonly signal?: AbortSignal;
}

export interface BackupResult {
  /** `planned` after --dry-run; `already` when this run had been committed before. */
  readonly outcome: 'planned' | 'created' | 'already';
  /** Absent when the outcome is `already`. */
  readonly plan?: Plan;
  /** Absent after --dry-run. */
  readonly backup?: BackupSummary;
}
