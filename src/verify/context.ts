import type { Commit, CommittedTable } from '../repository/commit.js';
import type { Root } from '../repository/root.js';
import type { CallOptions } from '../storage/port.js';
import type { Findings, Owner } from './findings.js';
import type { VerifyDeps, VerifyOptions } from './options.js';

/** What the checks share. */
export interface CheckContext {
  readonly deps: VerifyDeps;
  readonly options: VerifyOptions;
  readonly findings: Findings;
  /** Keys of content files that are read whatever the options say. */
  readonly suspects: ReadonlySet<string>;
  readonly scratch: string;
  readonly call: CallOptions;
}

/** A ROOT and the tables of backups that rest on it: several, when a table did not change between them. */
export interface RootedTable {
  readonly root: Root;
  readonly table: CommittedTable;
  readonly mode: Commit['mode'];
  readonly owners: Owner[];
}
