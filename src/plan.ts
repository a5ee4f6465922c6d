/** What a command will do, computed before the first write, printed by `--dry-run`. Counts and bytes are exact; requests are those still to come (the plan has read the metadata), an upper bound without retries and without the probe of a new repository and what follows from it. */
export interface Plan {
  readonly command: 'backup' | 'restore';
  /** `database.table` */
  readonly table: string;
  /** Location of the table (backup) or URI of the backup (restore). */
  readonly from: string;
  /** URI of the backup (backup) or target location (restore). */
  readonly to: string;
  readonly mode: 'copy' | 'reference';
  /** A namespace that is missing and will be made (restore). */
  readonly createsNamespace?: string;
  readonly snapshots: number;
  /** Content files of all retained snapshots, each once. */
  readonly data: {
    readonly total: Amount;
    /** Held already: by an earlier backup, or by the interrupted run that is continued. */
    readonly reused: Amount;
    /** Copied by the object store itself. */
    readonly serverSide: Amount;
    /** Streamed through this machine. */
    readonly streamed: Amount;
  };
  /** Delete files that are read and written anew with other paths, sizes as before (restore); absent when there are none. */
  readonly rewritten?: Amount;
  /** Live files that the source lacks (backup; only those that the plan looks for), or that the backup lacks (restore); counted nowhere else, absent when there are none. */
  readonly missing?: Amount;
  /** metadata.json, manifest lists, manifests that will be written. */
  readonly metadata: Amount;
  readonly requests: Readonly<Record<'get' | 'put' | 'copy' | 'list', number>>;
  /** Places of the source table and where they go, where there is more than its location (restore). */
  readonly roots?: readonly PlannedPlace[];
  /** Changes beyond mapping paths (restore). */
  readonly edits: readonly PlannedEdit[];
}

/** A place of the source table, without slashes at the end. */
export interface PlannedPlace {
  readonly source: string;
  readonly target: string;
  /** What made it one. */
  readonly why: string;
  /** Paths that go there, as far as they were counted. */
  readonly files: number;
}

export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

export interface PlannedEdit {
  /** Field in metadata.json or catalog. */
  readonly field: string;
  readonly from?: string;
  readonly to: string;
}
