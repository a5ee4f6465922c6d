import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';

export interface DeleteDeps {
  readonly repository: RepositoryPlace;
  readonly report: Reporter;
}

export interface DeleteOptions {
  /** Names or selectors. */
  readonly names: readonly string[];
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
}

/** What became of one backup. `already`: it was so before. */
export interface DeleteResult {
  readonly name: string;
  readonly selector: string;
  readonly id: string;
  /** `database.table` */
  readonly tables: readonly string[];
  /** ISO 8601, store time: when it was made. */
  readonly when: string;
  readonly outcome: 'deleted' | 'undeleted' | 'already' | 'planned';
}
