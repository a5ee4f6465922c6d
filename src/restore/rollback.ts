import type { Catalog, TableIdent } from '../catalog/port.js';
import { isCode } from '../errors.js';
import { abstractPath } from '../iceberg/paths.js';
import type { Reporter } from '../report.js';
import type { Root } from '../repository/root.js';
import { leftJoin } from '../spill/join.js';
import type { Sorter } from '../spill/sorter.js';
import { findLocation } from '../storage/location.js';
import { overlaps } from '../storage/overlap.js';
import type { CallOptions, ObjectInfo, ResolvedObject } from '../storage/port.js';
import type { Claim } from './claim.js';
import { listTarget, type TargetFile } from './files.js';
import { announceAbort, isRecord, probeDelete, readFlags, removeRecord, whoseClaim, withdrawAbort } from './flags.js';
import type { TargetLayout } from './layout.js';
import { tableAt, tableExists } from './prepare.js';
import { warnOfLeftover } from './ready.js';
import { type ConcreteMetadata, originalName } from './write.js';

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
export async function rollBack(expected: Sorter<TargetFile>, context: RollbackContext): Promise<number | 'exists' | 'busy'> {
  const { claimAt, catalog } = context;
  if ((await namesake(context)) === 'here') return 'exists';
  // Who may not delete could not take the announcement back either, and no restore would register beside it.
  const refusal = await probeDelete(claimAt, context.call);
  if (refusal) throw refusal;
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
    return 'exists';
  }
  const { layout, root, claim, concrete, resuming, call } = context;
  warnOfLeftover(context, await catalog.endRehearsal(context.target, call));
  const metadataFile = abstractPath(
    concrete.uri.slice(0, concrete.uri.lastIndexOf('/') + 1) + claim.metadata_file,
    layout.location,
  );
  const metadata = new Set([...root.manifests, ...root.lists].map(({ path }) => path));
  const isOurs = ({ key }: ObjectInfo) => {
    const abstract = abstractPath(`${layout.location}/${key.slice(layout.root.key.length)}`, layout.location);
    return metadata.has(abstract) || metadata.has(originalName(abstract)) || abstract === metadataFile;
  };
  let removed = 0;
  let batch: string[] = [];
  const flush = async () => {
    if (batch.length === 0) return;
    await layout.root.store.delete(batch, call);
    removed += batch.length;
    batch = [];
  };
  const remove = async (key: string) => {
    if (isRecord(key.slice(layout.root.key.length))) return;
    batch.push(key);
    if (batch.length === BATCH) await flush();
  };
  for await (const { left, right } of leftJoin(expected.sorted(), listTarget(layout, call))) {
    if (right && (!resuming || right.size === left.size)) await remove(left.k);
  }
  // Before the next LIST, so that nothing is counted twice.
  await flush();
  for await (const object of listTarget(layout, call)) if (isOurs(object)) await remove(object.key);
  await layout.root.store.abortUploads(layout.root.key, call);
  await flush();
  await removeRecord(claimAt, call);
  return removed;
}
