import { concretePath, nameBelow, rootOf } from '../iceberg/paths.js';
import { type InventoryFile, readInventory } from '../repository/inventory.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { RootManifest } from '../repository/root.js';
import { groups, leftJoin } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { CallOptions, ObjectInfo, StoreResolver } from '../storage/port.js';
import { missing, wrongLength } from './copy.js';
import { type FilePlan, type NewFile, placedKey } from './files.js';

/** A live file; `k` is its name below the table's location. */
interface LiveFile extends Keyed {
  readonly path: string;
  readonly size: number;
  /** Absent for a file that the base recorded already. */
  readonly fresh?: NewFile;
}

export interface ReferenceContext {
  readonly place: RepositoryPlace;
  readonly source: StoreResolver;
  readonly location: string;
  readonly table: string;
  readonly scratch: string;
  readonly call: CallOptions;
}

/**
 * In `reference` mode: proves by one LIST of the source that every live file exists with its length, those that an earlier backup recorded too, and records the new ones
 * without a key. `held`: manifests whose inventory the base holds; `plan`: what the others name.
 */
export async function referenceFiles(plan: FilePlan, held: readonly RootManifest[], context: ReferenceContext): Promise<void> {
  const { location, table, scratch, call } = context;
  const nameOf = (path: string) => nameBelow(concretePath(path, location), location);
  const live = new Sorter<LiveFile>(scratch, 'referenced');
  for await (const { files } of readInventory(context.place, held, call)) {
    for (const { path, size } of files) await live.add({ k: nameOf(path), path, size });
  }
  for await (const { file } of plan.placed.sorted()) await live.add({ k: nameOf(file.path), path: file.path, size: file.size });
  for await (const fresh of plan.fresh.sorted()) await live.add({ k: fresh.k, path: fresh.path, size: fresh.size, fresh });
  const once = (async function* () {
    for await (const group of groups(live.sorted())) yield group.find(({ fresh }) => fresh) ?? (group[0] as LiveFile);
  })();
  for await (const { left, right } of leftJoin(once, listSource(context))) {
    const { path, size, fresh } = left;
    if (!right) throw missing(concretePath(path, location), table);
    if (right.size !== size) throw wrongLength(concretePath(path, location), table, size, right.size);
    const file: InventoryFile = { path, key: null, size, snapshot: fresh?.snapshot ?? null, sum: null, etag: right.etag ?? null };
    for (const n of fresh?.ns ?? []) await plan.placed.add({ k: placedKey(n, path), n, file });
  }
  await live.dispose();
}

/** Objects of the table, `key` being the name below its location. */
async function* listSource({ source, location, call }: ReferenceContext): AsyncGenerator<ObjectInfo> {
  const { store, key: root } = source.resolve(`${rootOf(location)}/`);
  for await (const page of store.list(root, call))
    for (const object of page.objects) yield { ...object, key: object.key.slice(root.length) };
}
