import { formatIdent, type TableIdent } from '../catalog/port.js';
import { BcnError } from '../errors.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import { foreignClaim } from './claim.js';
import { assertNoOuterClaim, isRecord } from './flags.js';
import type { Prepared } from './prepare.js';

/** Throws `target-not-empty` when anything but this restore's own claim lies at the target location, or a claim above it. `claimed`: see `assertEmptyPlace`. */
export async function assertEmpty({ target, layout, claimAt }: Prepared, call: CallOptions, claimed = false): Promise<void> {
  await assertNoOuterClaim(layout.root, call);
  await assertEmptyPlace(layout.root, claimAt.key, target, call, claimed);
}

/**
 * The same for one place: `own` is the key of this restore's claim in it. With `claimed` the claim stands, so what lies beside it is of another process with the same command,
 * which has joined and tries something out.
 */
export async function assertEmptyPlace(
  { store, key: root }: ResolvedObject,
  own: string,
  target: TableIdent,
  call: CallOptions,
  claimed = false,
): Promise<void> {
  const beside = own.slice(0, -'json'.length);
  // Claims first: they say more than the files they stand for.
  for (const prefix of [`${root}metadata/.bcn-restore-`, root]) {
    for await (const page of store.list(prefix, call)) {
      for (const { key, size } of page.objects) {
        // Hadoop's file systems leave zero-byte markers for folders.
        if ((key.endsWith('/') && size === 0) || key === own || (claimed && key.startsWith(beside))) continue;
        if (isRecord(key.slice(root.length))) throw foreignClaim({ store, key });
        const object = `${store.uri}/${key}`;
        throw new BcnError('target-not-empty', `The target location ${store.uri}/${root} is not empty: it holds ${object}`, {
          object,
          table: formatIdent(target),
          hint: 'Existing objects are never overwritten: choose another --target-location, or another target of --map.',
        });
      }
    }
  }
}
