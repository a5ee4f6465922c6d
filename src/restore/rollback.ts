import type { Catalog, TableIdent } from '../catalog/port.js';
import { isCode } from '../errors.js';
import type { Reporter } from '../report.js';
import type { Root } from '../repository/root.js';
import { leftJoin } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { listPlaces, objectUri } from '../storage/list-places.js';
import { findLocation } from '../storage/location.js';
import { overlaps } from '../storage/overlap.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import type { Claim } from './claim.js';
import type { ContentPlan } from './content.js';
import {
  announceAbort,
  isRecord,
  probeDelete,
  readFlags,
  removeRecord,
  whereAllowed,
  whoseClaim,
  withdrawAbort,
} from './flags.js';
import type { TargetLayout } from './layout.js';
import { claimIn, ownOthers, releaseOthers } from './others.js';
import { tableAt, tableExists } from './prepare.js';
import { originalName } from './put.js';
import { warnOfLeftover } from './ready.js';
import type { ConcreteMetadata } from './write.js';

export interface RollbackContext {
  readonly catalog: Catalog;
  readonly report: Reporter;
  readonly target: TableIdent;
  readonly layout: TargetLayout;
  readonly root: Root;
  readonly claim: Claim;
  /** The metadata as it will be; the claim names its file. */
  readonly concrete: ConcreteMetadata;
  readonly claimAt: ResolvedObject;
  readonly scratch: string;
  /** The target was not empty when this process claimed it: an object of a wrong length may be somebody else's. */
  readonly resuming: boolean;
  readonly call: CallOptions;
}

const BATCH = 1000;

/** Where the table of the restore's name lies, if there is one: elsewhere only when neither its location nor its metadata file touches the target. */
async function namesake({ catalog, target, layout, call }: RollbackContext): Promise<'none' | 'here' | 'elsewhere'> {
  if (!(await tableExists(catalog, target, call))) return 'none';
  const places: (string | undefined)[] = [];
  try {
    places.push((await catalog.load(target, call)).metadataLocation);
  } catch (error) {
    // A table of another format has no metadata file; one that went meanwhile is asked for again by the caller.
    if (!isCode(error, 'unsupported')) return 'here';
  }
  let listed = false;
  for await (const { name, location } of catalog.list(target.namespace, call)) {
    if (name !== target.name) continue;
    places.push(location);
    listed = true;
  }
  const apart = (place: string | undefined) => place !== undefined && !!findLocation(place) && !overlaps(place, layout.location);
  return listed && places.every(apart) ? 'elsewhere' : 'here';
}

/**
 * Removes what a restore wrote: objects of its plan under its own claim, and nothing else; only when the catalog has no table of that name (or one that surely lies elsewhere),
 * none at that place whatever its name, nobody may be registering one, and no other restore has claimed the place since. What a rehearsal left in the catalog goes, too. Returns the number of objects, or why nothing was removed.
 */
export async function rollBack(plan: ContentPlan, context: RollbackContext): Promise<number | 'exists' | 'busy'> {
  const { claimAt, catalog } = context;
  if ((await namesake(context)) === 'here') return exists(context);
  // Who may not delete could not take the announcement back either, and no restore would register beside it.
  const copies = await ownOthers(context, context.call);
  for (const at of [claimAt, ...copies.map((place) => claimIn(place, context))]) {
    const refusal = await probeDelete(at, context.call);
    if (refusal) throw refusal;
  }
  if (!(await announceAbort(claimAt, context.call))) return 'busy';
  const whose = await whoseClaim(claimAt, context.claim, context.call);
  const { registering } = await readFlags(claimAt, context.call);
  // A lost create_table may have made the table after all, or another process has finished it; and it may have been renamed.
  const named = await namesake(context);
  const doubtful = registering.length > 0 || whose === 'none';
  const made = doubtful && (await tableAt(catalog, context.layout.location, context.call));
  const near = named === 'elsewhere' && (await catalog.findAt(context.layout.location, context.call));
  if (made || near || whose === 'another' || named === 'here') {
    await withdrawAbort(claimAt, context.call);
    return exists(context);
  }
  warnOfLeftover(context, await catalog.endRehearsal(context.target, context.call));
  const removed = await removeObjects(plan, context);
  const { others } = context.layout;
  // An abort beside a restore that goes on: what that one writes after it lies under no claim.
  const unclaimed = whose === 'none' ? others.filter((place) => !copies.includes(place)) : [];
  for (const place of unclaimed) {
    const object = objectUri(place);
    context.report.warn(`what this restore wrote below ${object} may still be there: its claim is gone`, { object });
  }
  await releaseOthers(context, context.call);
  await removeRecord(claimAt, context.call);
  return removed;
}

/** Where another process has finished, and its claim is gone, copies of it are left by this one. */
async function exists(context: RollbackContext): Promise<'exists'> {
  const { claimAt, claim, call } = context;
  if ((await whoseClaim(claimAt, claim, call)) === 'none') await whereAllowed(releaseOthers(context, call));
  return 'exists';
}

/** Removes the objects of a plan, whatever attempt wrote them. */
async function removeObjects(plan: ContentPlan, context: RollbackContext): Promise<number> {
  const { layout, resuming, call } = context;
  const places = [layout.root, ...(await ownOthers(context, call))];
  const claims = new Set(layout.others.map((place) => objectUri(claimIn(place, context))));
  const isRecordOf = (k: string) => isRecord(k.slice(objectUri(layout.root).length)) || claims.has(k);
  let removed = 0;
  let batch: string[] = [];
  const flush = async () => {
    for (const { store, key } of places) {
      const start = objectUri({ store, key });
      const keys = batch.filter((k) => k.startsWith(start)).map((k) => k.slice(store.uri.length + 1));
      if (keys.length > 0) await store.delete(keys, call);
      removed += keys.length;
    }
    batch = [];
  };
  const remove = async (k: string) => {
    if (isRecordOf(k)) return;
    batch.push(k);
    if (batch.length === BATCH) await flush();
  };
  for await (const { left, right } of leftJoin(plan.expected.sorted(), listPlaces(places, call))) {
    if (right && (!resuming || right.size === left.size)) await remove(left.k);
  }
  // Before the next LIST, so that nothing is counted twice.
  await flush();
  for await (const k of writtenObjects(plan, places, context)) await remove(k);
  await flush();
  for (const { store, key } of places) await store.abortUploads(key, call);
  return removed;
}

/** The objects that lie where this restore writes what it makes anew, also those that had to take another name. */
async function* writtenObjects(
  plan: ContentPlan,
  places: readonly ResolvedObject[],
  { layout, root, claim, concrete, scratch, call }: RollbackContext,
): AsyncGenerator<string> {
  const metadata = new Set([...root.manifests, ...root.lists].map(({ path }) => layout.at(path).k));
  metadata.add(layout.spot(concrete.uri.slice(0, concrete.uri.lastIndexOf('/') + 1) + claim.metadata_file).k);
  const others = new Sorter<Keyed & { readonly found: string }>(scratch, 'found');
  for await (const { key } of listPlaces(places, call)) {
    const original = originalName(key);
    if (metadata.has(key) || metadata.has(original)) yield key;
    else for (const k of new Set([key, original])) await others.add({ k, found: key });
  }
  for await (const { left, right } of leftJoin(others.sorted(), keys(plan.rewritten))) if (right) yield left.found;
  await others.dispose();
}

async function* keys(sorter: Sorter<Keyed>): AsyncGenerator<{ readonly key: string }> {
  for await (const { k } of sorter.sorted()) yield { key: k };
}
