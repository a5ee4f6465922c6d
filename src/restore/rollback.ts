import type { Catalog, TableIdent } from '../catalog/port.js';
import { abstractPath } from '../iceberg/paths.js';
import type { Root } from '../repository/root.js';
import { leftJoin } from '../spill/join.js';
import type { Sorter } from '../spill/sorter.js';
import type { CallOptions, ObjectInfo } from '../storage/port.js';
import type { Claim } from './claim.js';
import { listTarget, type TargetFile } from './files.js';
import type { TargetLayout } from './layout.js';
import { tableExists } from './prepare.js';
import { type ConcreteMetadata, originalName } from './write.js';

export interface RollbackContext {
  readonly catalog: Catalog;
  readonly target: TableIdent;
  readonly layout: TargetLayout;
  readonly root: Root;
  readonly claim: Claim;
  /** The metadata as it will be; the claim names its file. */
  readonly concrete: ConcreteMetadata;
  /** Key of the claim; removed last. */
  readonly claimKey: string;
  /** The target was not empty when this process claimed it: an object of a wrong length may be somebody else's. */
  readonly resuming: boolean;
  readonly call: CallOptions;
}

const BATCH = 1000;

/**
 * Removes what a restore wrote: objects of its plan under its own claim, and nothing else; only when the catalog has no table of that name, since it may be read through
 * it. Returns the number of objects, or undefined when the table exists and nothing was removed.
 */
export async function rollBack(expected: Sorter<TargetFile>, context: RollbackContext): Promise<number | undefined> {
  if (await tableExists(context.catalog, context.target, context.call)) return undefined;
  const { layout, root, claim, concrete, resuming, call } = context;
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
    if (key === context.claimKey) return;
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
  await layout.root.store.delete([context.claimKey], call);
  return removed;
}
