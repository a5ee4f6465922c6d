import { type BcnError, isCode } from '../errors.js';
import type { Commit, CommittedTable } from '../repository/commit.js';
import type { Root } from '../repository/root.js';
import type { CallOptions } from '../storage/port.js';
import type { Problem, VerifyDeps, VerifyOptions } from './options.js';

/** What the checks of one table share. */
export interface CheckContext {
  readonly deps: VerifyDeps;
  readonly options: VerifyOptions;
  readonly table: CommittedTable;
  readonly commit: Commit;
  readonly root: Root;
  readonly scratch: string;
  readonly call: CallOptions;
  readonly problem: (problem: Problem) => void;
}

/** A finding, when the error is one; anything else kept verify from looking and is thrown. */
export function asProblem(error: unknown): Problem {
  if (!isCode(error, 'corrupt', 'unsupported', 'object-not-found')) throw error;
  const { message, object } = error as BcnError;
  return { object: object ?? '', message };
}
