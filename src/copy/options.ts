import type { BcnError } from '../errors.js';
import type { Amount } from '../plan.js';
import type { Reporter } from '../report.js';
import type { ListFilter } from '../repository/list.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { BackupSummary } from '../repository/summary.js';

export interface CopyDeps {
  /** The repository that is copied; it is only read. */
  readonly from: RepositoryPlace;
  /** The one that gets the copies. */
  readonly to: RepositoryPlace;
  readonly report: Reporter;
}

export interface CopyOptions {
  /** Names, selectors, `latest`; none = all that fit `filter`. */
  readonly names: readonly string[];
  /** Which of all; its `table` also says of which table `latest` is. */
  readonly filter: ListFilter;
  /** Copies of objects under way at once. */
  readonly jobs: number;
  readonly dryRun: boolean;
  /** Folder for spill files; one of its own is made below it and removed. */
  readonly tmpDir: string;
  readonly signal?: AbortSignal;
  /** Told of each backup when it is over. */
  readonly each?: (copied: CopiedBackup) => void;
}

/**
 * What became of one backup. `already`: the destination had it; `deleted`: it had it, and somebody deleted it there, so that among all it is left out; `planned`: --dry-run; `failed`: it is not
 * copied, and others are.
 */
export interface CopiedBackup extends Pick<BackupSummary, 'name' | 'selector' | 'id' | 'when' | 'mode'> {
  /** `database.table` */
  readonly tables: readonly string[];
  readonly outcome: 'copied' | 'already' | 'deleted' | 'planned' | 'failed';
  /** The backup in the destination; absent when there is none (yet). */
  readonly copy?: Pick<BackupSummary, 'selector' | 'id'>;
  /** Content files of all its tables, and those of them that the destination did not hold; absent unless it was copied or planned. */
  readonly data?: CopiedData;
  /** Only of a failed one. */
  readonly error?: BcnError;
}

export interface CopiedData {
  readonly total: Amount;
  readonly new: Amount;
}

export interface CopyResult {
  readonly backups: readonly CopiedBackup[];
  /** Records of the source that cannot be read. */
  readonly damaged: number;
  /** The store copies between the two; else every byte goes through this machine. */
  readonly serverSide: boolean;
}
