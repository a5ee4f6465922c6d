import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Policy } from './policy.js';

export interface ForgetDeps {
  readonly repository: RepositoryPlace;
  readonly report: Reporter;
}

export interface ForgetOptions {
  /** At least one policy. */
  readonly policy: Policy;
  /** Whether each table's backups are judged by themselves, or all together. */
  readonly groupBy: 'table' | 'none';
  /** Only backups of this table, `database.table`. */
  readonly table?: string;
  /** Also the last good backup of a table may go. */
  readonly allowLast: boolean;
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
}

export interface ForgetResult {
  readonly outcome: 'planned' | 'forgotten';
  /** Oldest first. */
  readonly backups: readonly ForgottenOrKept[];
  /** Records that cannot be read: not judged, and kept. */
  readonly unreadable: number;
}

export interface ForgottenOrKept {
  readonly name: string;
  readonly selector: string;
  readonly id: string;
  /** ISO 8601, store time. */
  readonly when: string;
  /** `database.table` */
  readonly tables: readonly string[];
  readonly kept: boolean;
  /** Why it is kept, with the table where it is one of several. */
  readonly reasons: readonly string[];
}
