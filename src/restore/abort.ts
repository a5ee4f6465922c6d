import { formatIdent } from '../catalog/port.js';
import { BcnError } from '../errors.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions } from '../storage/port.js';
import { planContent } from './content.js';
import { readFlags, removeRecord } from './flags.js';
import type { AbortResult, RestoreDeps, RestoreOptions } from './options.js';
import { findRegistered, prepare } from './prepare.js';
import { rollBack } from './rollback.js';

/**
 * Removes what an interrupted restore with these options left in the target. Throws `object-not-found` when there is none, `table-exists` when it had finished: a table
 * is dropped in its catalog, not here.
 */
export async function abortRestore(deps: RestoreDeps, options: RestoreOptions): Promise<AbortResult> {
  return withScratch(options.tmpDir, (scratch) => abort(deps, options, scratch));
}

async function abort(deps: RestoreDeps, options: RestoreOptions, scratch: string): Promise<AbortResult> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const prepared = await prepare(deps, options, scratch, call);
  const { commit, layout, target, claimAt, resuming } = prepared;
  const { location } = layout;
  const exists = () =>
    new BcnError('table-exists', `The restore had finished, or another table has its name: nothing at ${location} was removed`, {
      table: formatIdent(target),
      object: location,
      hint: `Look where the table lies. If it is this restore's and not wanted, drop it in its catalog; if it lies elsewhere, it is somebody else's: let it be, and delete by hand what no table reads below ${location}.`,
    });
  if ((await findRegistered(deps, prepared, call)) !== undefined) throw exists();
  if (!resuming) {
    const { aborting } = await readFlags(claimAt, call);
    // An earlier abort was killed between its last two requests.
    if (aborting) {
      await removeRecord(claimAt, call);
      return { location, objects: 0 };
    }
    throw new BcnError('object-not-found', `There is no interrupted restore of "${commit.name}" at ${location}`, {
      object: location,
      hint: 'Give the same options as the restore that was interrupted.',
    });
  }
  const { allowDamaged = false } = options;
  const plan = await planContent({ ...prepared, place: deps.repository, scratch, allowDamaged, call });
  const objects = await rollBack(plan, { ...prepared, catalog: deps.catalog, report: deps.report, scratch, call });
  if (objects === 'exists') throw exists();
  if (objects === 'busy') throw busy(location);
  return { location, objects };
}

function busy(location: string): BcnError {
  return new BcnError(
    'busy',
    `A restore to ${location} announced less than 15 minutes ago that it registers its table; nothing was removed`,
    {
      object: location,
      hint: 'Finish it by running the restore again, or abort it when the 15 minutes are over.',
    },
  );
}
