import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endRun, Run } from '../backup/run.js';
import type { StoredObject } from '../repository/commit.js';
import { newAttemptId } from '../repository/keys.js';
import { openRepository } from '../repository/record.js';
import { withScratch } from '../spill/scratch.js';
import type { RootedTable } from '../verify/context.js';
import type { VerifyDeps } from '../verify/options.js';
import type { Target } from '../verify/targets.js';
import { type Check, checkIn } from '../verify/verify.js';
import { ContentMender } from './content.js';
import { type Damaged, readDamaged } from './damaged.js';
import { MetadataMender } from './metadata.js';
import type { RepairOptions, RepairResult } from './options.js';
import { publish } from './publish.js';
import { type MendContext, mendRoot } from './root.js';

/** Runs of repairs share a name of their own, so that no backup goes on with one. */
const NAME = 'verify --repair';

/**
 * Checks backups, brings what is damaged from the source again, under new keys, and checks them once more (format, "Verify and repair"). What the source has no more stays damaged.
 * Needs keys that may write to the repository: throws `storage-auth`. Other errors as `verify`.
 */
export async function repairBackups(deps: VerifyDeps, options: RepairOptions): Promise<RepairResult> {
  return withScratch(options.tmpDir, async (scratch) => {
    const folder = async (name: string) => {
      await mkdir(join(scratch, name));
      return join(scratch, name);
    };
    const first = await checkIn(deps, { ...options, record: true }, await folder('before'));
    const nothing = { metadata: 0, files: 0, bytes: 0 };
    if (first.result.problems === 0) return { after: first.result, before: 0, brought: nothing };
    const damaged = await readDamaged(first.context.findings);
    const brought = await mend(deps, first, damaged);
    // What stays damaged was told already, if the first check found it.
    const { onProblem: _, ...quiet } = options;
    const names = options.names === 'all' ? ('all' as const) : [...new Set(first.targets.map(({ selector }) => selector))];
    const after = await checkIn(deps, { ...quiet, names, read: 'none', record: true }, await folder('after'), damaged.content);
    return { after: after.result, before: first.result.problems, brought };
  });
}

async function mend(deps: VerifyDeps, check: Check, damaged: Damaged) {
  const { options, call } = check.context;
  const { repository: place, report } = deps;
  const run = new Run({ repository: place, report }, await openRepository(place, call), NAME, undefined, call);
  const brought = { metadata: 0, files: 0, bytes: 0 };
  const hurt = check.tables.filter(({ owners }) => owners.some(({ target }) => target.problems > 0));
  if (hurt.length === 0) return brought;
  const backups = [...new Set(hurt.flatMap(({ owners }) => owners.map(({ target }) => target)))];
  try {
    const tables = backups.map(({ selector }) => selector);
    await run.begin({ name: NAME, mode: 'copy', catalog: 'repair', tables, repairs: true }, {});
    const context: MendContext = { deps, run, attempt: newAttemptId(), damaged, jobs: options.jobs, brought, call };
    const [content, metadata] = [new ContentMender(context), new MetadataMender(context)];
    const roots = new Map<RootedTable, StoredObject>();
    for (const [n, table] of hurt.entries()) {
      const root = await mendRoot(table, n, content, metadata, context);
      if (root) roots.set(table, root);
    }
    for (const target of backups) await publish(target, rootsOf(target, roots), check.record, context);
    return brought;
  } finally {
    run.stop();
    if (run.begun) await endRun(place, run.id, call);
  }
}

function rootsOf(target: Target, roots: ReadonlyMap<RootedTable, StoredObject>): (StoredObject | null)[] {
  const found: (StoredObject | null)[] = [...target.roots];
  for (const [{ owners }, root] of roots) for (const owner of owners) if (owner.target === target) found[owner.table] = root;
  return found;
}
