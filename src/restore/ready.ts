import { formatIdent, type Leftover } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import type { PlaceNames } from './content.js';
import { assertStands, probeDelete, removeRecord, tryingAt, UNDELETABLE } from './flags.js';
import type { RestoreDeps } from './options.js';
import { claimIn, releaseOthers } from './others.js';
import { type Prepared, plannedRegistration } from './prepare.js';

type Deps = Pick<RestoreDeps, 'catalog' | 'report'>;

/**
 * Asks what only a write can ask, between the claim and the first copy: whether the target holds such names and lets go of what is written, and whether the catalog takes the
 * entry, in a namespace that may have to be made first. What it writes is gone afterwards, but for that namespace; a namespace goes again when the catalog then refuses.
 */
export async function makeReady(
  deps: Deps,
  prepared: Prepared,
  { names, createNamespace }: { readonly names: readonly PlaceNames[]; readonly createNamespace: boolean },
  call: CallOptions,
): Promise<void> {
  const { catalog } = deps;
  const { target } = prepared;
  try {
    for (const one of names) await one.names.tryOut(tryingAt(claimIn(one.place, prepared)), call);
  } catch (error) {
    // Who finishes meanwhile removes what is tried out, too.
    if (isCode(error, 'name-conflict')) await assertStands(prepared.claimAt, prepared.claim, call);
    throw error;
  }
  await warnOfUndeletable(deps, prepared, call);
  const created = createNamespace && (await catalog.createNamespace(target.namespace, call)) === 'created';
  try {
    warnOfLeftover(deps, await catalog.rehearse(plannedRegistration(prepared), call));
  } catch (error) {
    // One that came into being for a refusal; an attempt that may yet succeed goes on with it.
    if (created && isRefusal(error)) await dropNamespace(deps, target.namespace, call);
    throw error;
  }
}

/** Whether an error says no, rather than not now. */
export function isRefusal(error: unknown): error is BcnError {
  return error instanceof BcnError && !error.retryable && error.code !== 'interrupted';
}

/** Removes the restore's records when the table is there, which nothing may spoil any more. */
export async function cleanUp(deps: Deps, prepared: Prepared, call: CallOptions): Promise<void> {
  const { target, claimAt } = prepared;
  // A rehearsal whose answer was lost may have left its entry late.
  warnOfLeftover(deps, await deps.catalog.endRehearsal(target, call).catch(ignore));
  for (const remove of [() => releaseOthers(prepared, call), () => removeRecord(claimAt, call)]) {
    try {
      await remove();
    } catch (error) {
      if (!isCode(error, ...UNDELETABLE)) throw error;
      const object = error.object ?? `${claimAt.store.uri}/${claimAt.key}`;
      deps.report.warn(`${formatIdent(target)} is restored; the record of it at ${object} stays, since it may not be deleted`, {
        object,
      });
    }
  }
}

async function warnOfUndeletable({ report }: Deps, { claimAt, layout }: Prepared, call: CallOptions): Promise<void> {
  const refusal = await probeDelete(claimAt, call);
  if (!refusal) return;
  const what = `objects below ${layout.location} may be written, but not deleted: ${refusal.message}`;
  report.warn(`${what}. The restore goes on; its record stays there, and if it fails what it wrote stays, too`, {
    object: refusal.object,
  });
}

/** Tells of an entry that a rehearsal left, or that kept it from being done. */
export function warnOfLeftover({ report }: Pick<Deps, 'report'>, left: Leftover | undefined): void {
  if (!left) return;
  const name = formatIdent(left.ident);
  report.warn(
    left.rehearsal
      ? `the catalog keeps ${name}, by which bcn tried whether it takes the table: ${left.reason}. It is no table: drop it`
      : `bcn could not try whether the catalog takes the table: there is a table ${name}, and ${left.reason}. The restore goes on`,
  );
}

async function dropNamespace({ catalog, report }: Deps, namespace: readonly string[], call: CallOptions): Promise<void> {
  const dropped = await catalog.dropNamespace(namespace, call).catch(ignore);
  if (dropped !== 'dropped') report.warn(`the database ${namespace.join('.')}, which was made for this restore, is still there`);
}

/** What is not worth an error of its own. */
function ignore(error: unknown): undefined {
  if (!(error instanceof BcnError) || error.code === 'interrupted') throw error;
}
