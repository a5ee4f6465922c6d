/** Places of a restore outside its target location (`--map`): each holds a copy of the claim, under the same name, for as long as the claim stands. */
import { BcnError, isCode } from '../errors.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import { type Claim, confirmClaim, foreignClaim, readClaim, takeClaim } from './claim.js';
import { assertEmptyPlace } from './empty.js';
import { assertNoOuterClaim, recordKeys, whereAllowed } from './flags.js';
import type { Prepared } from './prepare.js';

type Claimed = Pick<Prepared, 'layout' | 'claimAt'>;

/** Where a claim lies in a place of the layout. */
export function claimIn({ store, key }: ResolvedObject, { layout, claimAt }: Claimed): ResolvedObject {
  return { store, key: key + claimAt.key.slice(layout.root.key.length) };
}

/** Throws `target-not-empty` when another place is claimed by somebody else, or holds objects without our claim. */
export async function assertOthersFree(prepared: Prepared, call: CallOptions): Promise<void> {
  for (const place of prepared.layout.others) {
    const at = claimIn(place, prepared);
    const found = await readClaim(at, call);
    if (found && found.plan !== prepared.claim.plan) throw foreignClaim(at);
    if (found) continue;
    await assertNoOuterClaim(place, call);
    await assertEmptyPlace(place, at.key, prepared.target, call);
  }
}

/**
 * Claims the other places under the claim of the location, and looks once more that nobody wrote there, or claimed what is around, meanwhile, and that the claim stands. Where
 * it does not, the copies made here are taken back: one says that what lies in its place is ours.
 */
export async function claimOthers(prepared: Prepared, claim: Claim, call: CallOptions): Promise<void> {
  const copies: ResolvedObject[] = [];
  try {
    for (const place of prepared.layout.others) {
      const at = claimIn(place, prepared);
      const { made } = await takeClaim(at, claim, call);
      if (!made) continue;
      copies.push(at);
      await assertNoOuterClaim(place, call);
      await assertEmptyPlace(place, at.key, prepared.target, call, true);
      await confirmClaim(at, claim, call);
    }
    // Another process with the same command may have finished since.
    if (copies.length > 0) await confirmClaim(prepared.claimAt, claim, call);
  } catch (error) {
    if (error instanceof BcnError && !error.retryable && error.code !== 'interrupted')
      for (const at of copies) if (await isOurs(at, claim, call)) await whereAllowed(removeCopy(at, call));
    throw error;
  }
}

/** The other places that are ours. One that somebody else has claimed is not even looked into. */
export async function ownOthers(
  claimed: Claimed & { readonly claim: Claim },
  call: CallOptions,
): Promise<readonly ResolvedObject[]> {
  const own: ResolvedObject[] = [];
  for (const place of claimed.layout.others) if (await isOurs(claimIn(place, claimed), claimed.claim, call)) own.push(place);
  return own;
}

/** A copy of any process with this very command: the claim of the location decides which of them goes on. */
async function isOurs(at: ResolvedObject, claim: Claim, call: CallOptions): Promise<boolean> {
  try {
    return (await readClaim(at, call))?.plan === claim.plan;
  } catch (error) {
    if (isCode(error, 'target-not-empty')) return false;
    throw error;
  }
}

/** Removes the copies of the claim; before the claim itself, which says that they are ours. */
export async function releaseOthers(claimed: Claimed & { readonly claim: Claim }, call: CallOptions): Promise<void> {
  for (const place of await ownOthers(claimed, call)) await removeCopy(claimIn(place, claimed), call);
}

/** The copy goes last: what a process left that died while it tried something beside it could not be told from somebody else's. */
async function removeCopy(at: ResolvedObject, call: CallOptions): Promise<void> {
  const beside = (await recordKeys(at, call)).filter((key) => key !== at.key);
  if (beside.length > 0) await at.store.delete(beside, call);
  await at.store.delete([at.key], call);
}
