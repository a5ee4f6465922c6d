import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { BackupSummary } from '../repository/summary.js';
import type { StoreResolver } from '../storage/port.js';

export interface VerifyDeps {
  readonly repository: RepositoryPlace;
  /** For `reference` backups: where the content files are. */
  readonly source: StoreResolver;
  readonly report: Reporter;
}

export interface VerifyOptions {
  readonly name: string;
  /** Read every content file and compare checksums where the backup has them. */
  readonly readData: boolean;
  readonly jobs: number;
  readonly tmpDir: string;
  readonly signal?: AbortSignal;
}

export interface VerifyResult {
  readonly backup: BackupSummary;
  readonly checked: {
    readonly metadata: number;
    readonly files: number;
    /** bytes of content files read (with readData) */
    readonly bytesRead: number;
    /** Content files that carry no checksum yet: checked by length only. */
    readonly withoutChecksum: number;
    /** Live files that the source lacked when the backup was made, as it says itself; not counted in `files`. */
    readonly missing: { readonly files: number; readonly bytes: number };
  };
  /** Empty = the backup will restore, but for files that it says are missing. */
  readonly problems: readonly Problem[];
}

export interface Problem {
  /** URI */
  readonly object: string;
  readonly message: string;
}
