import { tmpdir } from 'node:os';
import type { Problem, VerifyDeps, VerifyOptions } from '../../src/verify/options.js';
import { verify } from '../../src/verify/verify.js';

/** As tests ask for it: one backup by default, all of its data, nothing recorded. */
export interface VerifyWish extends Partial<VerifyOptions> {
  readonly name?: string;
  readonly readData?: boolean;
}

/** Verifies and gathers the problems; `backup` is the first one. */
export async function verifyAs(deps: VerifyDeps, { name = 'b', readData = true, ...rest }: VerifyWish = {}) {
  const problems: Problem[] = [];
  const onProblem = (one: Problem) => void problems.push(one);
  const usual = { names: [name], read: readData ? ('all' as const) : ('none' as const), record: false };
  const result = await verify(deps, { ...usual, jobs: 4, tmpDir: tmpdir(), onProblem, ...rest });
  return { ...result, problems, backup: result.backups[0]?.backup };
}
