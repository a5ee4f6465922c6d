import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endRun, Run } from '../backup/run.js';
import type { CommittedTable, StoredObject } from '../repository/commit.js';
import { newAttemptId } from '../repository/keys.js';
import { openRepository } from '../repository/record.js';
import { withScratch } from '../spill/scratch.js';
import type { Owner } from '../verify/findings.js';
import type { VerifyDeps } from '../verify/options.js';
import type { Target } from '../verify/targets.js';
import { type Check, checkIn } from '../verify/verify.js';
import { ContentMender } from './content.js';
import { type Damaged, readDamaged } from './damaged.js';
import { MetadataMender } from './metadata.js';
import type { RepairOptions, RepairResult } from './options.js';
import { publish } from './publish.js';
import { rebuildRoot } from './rebuild.js';
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
    const brought = await mend(deps, first, damaged, await folder('anew'));
    // What stays damaged was told already, if the first check found it.
    const { onProblem: _, ...quiet } = options;
    const names = options.names === 'all' ? ('all' as const) : first.targets.map(({ selector }) => selector);
    const after = await checkIn(deps, { ...quiet, names, read: 'none', record: true }, await folder('after'), damaged.content);
    return { after: after.result, before: first.result.problems, brought };
  });
}

async function mend(deps: VerifyDeps, check: Check, damaged: Damaged, scratch: string) {
  const { options, call } = check.context;
  const { repository: place, report } = deps;
  const brought = { metadata: 0, files: 0, bytes: 0 };
  const hurt = check.tables.filter(({ owners }) => owners.some(({ target }) => target.problems > 0));
  const rootless = rootlessTables(check);
  if (hurt.length + rootless.length === 0) return brought;
  const backups = check.targets.filter(({ problems }) => problems > 0);
  const run = new Run({ repository: place, report }, await openRepository(place, call), NAME, undefined, call);
  try {
    const tables = backups.map(({ selector }) => selector);
    await run.begin({ name: NAME, mode: 'copy', catalog: 'repair', tables, repairs: true }, {});
    const context: MendContext = { deps, run, attempt: newAttemptId(), damaged, jobs: options.jobs, brought, call };
    const [content, metadata] = [new ContentMender(context), new MetadataMender(context)];
    const roots: Mended[] = [];
    for (const [n, table] of hurt.entries()) {
      const root = await mendRoot(table, n, content, metadata, context);
      if (root) roots.push({ owners: table.owners, root });
    }
    for (const [n, owners] of rootless.entries()) {
      const [{ target, table }] = owners as readonly [Owner];
      const own = join(scratch, String(n));
      await mkdir(own);
      const root = await rebuildRoot(target, target.backup.tables[table] as CommittedTable, own, context);
      if (root) roots.push({ owners, root });
    }
    for (const target of backups) await publish(target, rootsOf(target, roots), check.record, context);
    return brought;
  } finally {
    run.stop();
    if (run.begun) await endRun(place, run.id, call);
  }
}

/** A ROOT that stands in the place of that of these tables. */
interface Mended {
  readonly owners: readonly Owner[];
  readonly root: StoredObject;
}

function rootsOf(target: Target, roots: readonly Mended[]): (StoredObject | null)[] {
  const found: (StoredObject | null)[] = [...target.roots];
  for (const { owners, root } of roots) for (const owner of owners) if (owner.target === target) found[owner.table] = root;
  return found;
}

/** The tables whose ROOT could not be read, those of one ROOT together. */
function rootlessTables({ targets, tables }: Check): readonly (readonly Owner[])[] {
  const rooted = new Set(tables.flatMap(({ owners }) => owners.map(({ target, table }) => target.backup.tables[table])));
  const found = new Map<string, Owner[]>();
  for (const target of targets) {
    for (const [n, table] of target.backup.tables.entries()) {
      if (rooted.has(table)) continue;
      const id = `${target.backup.mode} ${table.root.key}`;
      found.set(id, [...(found.get(id) ?? []), { target, table: n }]);
    }
  }
  return [...found.values()];
}
