import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { BackupSummary } from '../repository/summary.js';
import type { StoreResolver } from '../storage/port.js';
import type { Subset } from './subset.js';

export interface VerifyDeps {
  readonly repository: RepositoryPlace;
  /** For `reference` backups: where the content files are. */
  readonly source: StoreResolver;
  readonly report: Reporter;
}

export interface VerifyOptions {
  /** Names, selectors or `latest`; `all` = every backup that is not deleted. */
  readonly names: readonly string[] | 'all';
  /** Which content files are read and compared with the checksums that the backup has. */
  readonly read: 'none' | 'all' | Subset;
  /** Create events that say what was found. */
  readonly record: boolean;
  readonly jobs: number;
  readonly tmpDir: string;
  /** Told of each as it is found. */
  readonly onProblem?: (problem: Problem) => void;
  readonly signal?: AbortSignal;
}

export interface VerifyResult {
  /** In the order of the names, or of their keys. */
  readonly backups: readonly VerifiedBackup[];
  /** Not checked, but damaged all the same: they need objects that were found damaged in one of `backups`. */
  readonly others: readonly Verdict[];
  /** What several backups share counts once. */
  readonly checked: Checked;
  /** 0 = every one of `backups` will restore, but for files that they say are missing. */
  readonly problems: number;
  /** `refused`: these keys may not create events. */
  readonly recorded: 'all' | 'refused' | 'not-asked';
}

export interface Checked {
  readonly metadata: number;
  readonly files: number;
  /** Content files that were read, whole. */
  readonly filesRead: number;
  /** bytes of them */
  readonly bytesRead: number;
  /** Content files that carry no checksum yet: checked by length only. */
  readonly withoutChecksum: number;
  /** Live files that the source lacked when a backup was made, as it says itself; not counted in `files`. */
  readonly missing: { readonly files: number; readonly bytes: number };
}

export interface Verdict {
  readonly name: string;
  readonly selector: string;
  readonly problems: number;
}

export interface VerifiedBackup extends Verdict {
  /** undefined: its record cannot be read. */
  readonly backup: BackupSummary | undefined;
}

export interface Problem {
  /** URI */
  readonly object: string;
  readonly message: string;
  /** Selectors of the backups that it damages. */
  readonly backups: readonly string[];
}
