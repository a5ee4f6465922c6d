import type { VerifyOptions, VerifyResult } from '../verify/options.js';

export type RepairOptions = Omit<VerifyOptions, 'record'>;

export interface RepairResult {
  /** The check after the repair; the one before it, when nothing was damaged. */
  readonly after: VerifyResult;
  /** Problems before it. */
  readonly before: number;
  /** What was brought again from the source. */
  readonly brought: Brought;
}

export interface Brought {
  readonly metadata: number;
  readonly files: number;
  /** bytes of content */
  readonly bytes: number;
}
