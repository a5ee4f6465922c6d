/** Places of a restore outside its target location (`--map`): each holds a copy of the claim, under the same name, for as long as the claim stands. */
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import { type Claim, foreignClaim, readClaim, takeClaim } from './claim.js';
import { assertEmptyPlace } from './empty.js';
import { assertNoOuterClaim, whereAllowed, whoseClaim } from './flags.js';
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

/** Claims the other places under the claim of the location, and looks once more that nobody wrote there meanwhile. */
export async function claimOthers(prepared: Prepared, claim: Claim, call: CallOptions): Promise<void> {
  for (const place of prepared.layout.others) {
    const at = claimIn(place, prepared);
    const found = await readClaim(at, call);
    await takeClaim(at, claim, call);
    if (!found) await assertEmptyPlace(place, at.key, prepared.target, call);
  }
}

/** The other places that are ours. One that somebody else has claimed is not even looked into. */
export async function ownOthers(
  claimed: Claimed & { readonly claim: Claim },
  call: CallOptions,
): Promise<readonly ResolvedObject[]> {
  const own: ResolvedObject[] = [];
  for (const place of claimed.layout.others) {
    const whose = await whoseClaim(claimIn(place, claimed), claimed.claim, call);
    if (whose === 'ours') own.push(place);
  }
  return own;
}

/** Removes the copies of the claim; before the claim itself, which says that they are ours. */
export async function releaseOthers(claimed: Claimed & { readonly claim: Claim }, call: CallOptions): Promise<void> {
  for (const place of await ownOthers(claimed, call)) {
    const { store, key } = claimIn(place, claimed);
    await whereAllowed(store.delete([key], call));
  }
}
