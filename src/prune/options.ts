import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';

export interface PruneDeps {
  readonly repository: RepositoryPlace;
  readonly report: Reporter;
}

export interface PruneOptions {
  readonly dryRun: boolean;
  /** Also remove, for ever, what a bucket with versioning keeps of what is gone. */
  readonly versions?: boolean;
  /** Folder for spill files. */
  readonly tmpDir: string;
  /** Instead of the repository's, ms: for tests. */
  readonly grace?: number;
  readonly signal?: AbortSignal;
}

export interface Amount {
  objects: number;
  bytes: number;
}

/** Why objects are removed. */
export const REMOVED = ['deleted', 'unfinished', 'leftovers', 'records', 'versions'] as const;
/** Why objects below runs/ are kept. */
export const KEPT = ['backups', 'grace', 'young', 'foreign'] as const;

export interface PruneResult {
  readonly outcome: 'planned' | 'pruned';
  /** Backups whose record was removed (with `dryRun`: would be), by selector. */
  readonly backups: readonly string[];
  /**
   * `deleted`: only deleted backups needed it. `unfinished`: of a run that was given up. `leftovers`: of a run that made a backup, but not part of one.
   * `records`: COMMITs, events, hints and marks. `versions`: noncurrent versions and delete markers of keys that nothing needs.
   */
  readonly removed: Readonly<Record<(typeof REMOVED)[number], Amount>>;
  /** `backups`: undeleted ones need it. `grace`: only backups deleted less than the grace ago, or held by a reader, do. `young`: of a run that may be alive. `foreign`: not bcn's. */
  readonly kept: Readonly<Record<(typeof KEPT)[number], Amount>>;
  /** Under a retention lock: asked for and not removed. */
  readonly locked: Amount;
  /** The first of them, URI. */
  readonly lockedObject?: string;
  /** When the last of them is free, ms; absent when the store does not tell. */
  readonly lockedUntil?: number;
  /** What was removed is still there as noncurrent versions; undefined when nothing was, or this identity may not ask. */
  readonly versioned?: boolean;
  /** Unfinished uploads that were aborted. */
  readonly uploads: number;
}
