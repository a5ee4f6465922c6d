import { copyFiles } from '../backup/copy.js';
import { writeMeta } from '../backup/meta.js';
import { readPinned } from '../backup/pinned.js';
import { planTable } from '../backup/plan.js';
import { BcnError, isCode } from '../errors.js';
import type { CommittedTable, StoredObject } from '../repository/commit.js';
import { newAttemptId } from '../repository/keys.js';
import type { Target } from '../verify/targets.js';
import { isSource, type MendContext } from './root.js';

/**
 * Makes the ROOT of a table whose own is lost anew, and all that it names: from the very metadata that the backup is of, while the source has it and everything below it. What the lost ROOT named in
 * the repository is not known, so all of it is copied. Returns undefined, with a warning, when the source has not all of it.
 */
export async function rebuildRoot(
  { backup: { mode, name } }: Target,
  table: CommittedTable,
  scratch: string,
  context: MendContext,
): Promise<StoredObject | undefined> {
  const { deps, run, jobs, brought, call } = context;
  const { repository: place, source, report } = deps;
  const ident = table.identifier.join('.');
  if (!isSource(table, context)) return undefined;
  try {
    const pinned = await readPinned(source, table.metadata_location, ident, call);
    const { location, tableUuid = null } = pinned.metadata;
    if (tableUuid !== table.uuid)
      throw new BcnError('corrupt', `${table.metadata_location} is of another table by now`, { object: table.metadata_location });
    const options = { name, mode, allowMissing: table.missing !== undefined };
    const head = { deps, options, table: ident, run: run.id, record: run.record };
    const plan = await planTable(pinned, { ...head, scratch, call, continued: true, base: undefined });
    if (plan.kind === 'unchanged') return undefined;
    const { tree, files } = plan;
    const copy = { place, source, run: run.id, location, table: ident, jobs, continued: true, report, call };
    if (mode === 'copy') await copyFiles(files, copy);
    const { stored, date } = await writeMeta(pinned, tree, files, { place, run: run.id, attempt: newAttemptId(), report, call });
    run.lease.touch(date);
    brought.metadata += 2 + tree.lists.length + tree.manifests.length;
    brought.files += mode === 'copy' ? files.copied.objects : 0;
    brought.bytes += mode === 'copy' ? files.copied.bytes : 0;
    return stored;
  } catch (error) {
    if (!isCode(error, 'corrupt', 'unsupported', 'object-not-found', 'bucket-not-found', 'object-archived')) throw error;
    report.warn(`${ident} cannot be read from its source as it was, so its root is not made anew: ${error.message}`, {
      object: error.object,
    });
    return undefined;
  }
}
