import type { RewritableDeletes } from '../iceberg/delete-file.js';
import { concretePath } from '../iceberg/paths.js';
import type { Amount } from '../plan.js';
import type { Commit, CommittedTable } from '../repository/commit.js';
import type { InventoryFile } from '../repository/inventory.js';
import { readInventory } from '../repository/inventory.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Root } from '../repository/root.js';
import { groups, leftJoin, none } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { objectUri } from '../storage/list-places.js';
import { findLocation } from '../storage/location.js';
import type { CallOptions, Checksum, ResolvedObject } from '../storage/port.js';
import type { TargetLayout } from './layout.js';
import { Losses } from './losses.js';
import { meeting } from './meeting.js';
import { OddNames } from './names.js';

/** An object the restored table needs; `k` is its URI in the target. */
export interface TargetFile extends Keyed {
  readonly size: number;
  /** Where a content file comes from: a repository key, or in `reference` mode null = the source. Absent for metadata, which is written. */
  readonly from?: string | null;
  /** Abstract path. */
  readonly path: string;
  /** What the backup recorded, if the store gave a checksum. */
  readonly sum?: Checksum | null;
  /** A delete file whose paths change; `size` is that of the old one. */
  readonly deletes?: RewritableDeletes;
  /** Nobody has it: the source lacked it when it was backed up. */
  readonly missing?: true;
}

export interface ContentPlan {
  /** Content files that are copied, each once; what is written joins them. */
  readonly expected: Sorter<TargetFile>;
  /** Delete files that are written anew. */
  readonly rewritten: Sorter<TargetFile>;
  readonly total: Amount;
  /** There already, from an interrupted attempt. */
  readonly held: Amount;
  /** The part of `total` that is written anew. */
  readonly deletes: Amount;
  /** What each place of the target must be able to hold. */
  readonly names: readonly PlaceNames[];
  /** The first that is still to be copied, else to be written anew, if any is. */
  readonly first: TargetFile | undefined;
  /** What the backup says is missing; files that turn out to be damaged join them. */
  readonly losses: Losses;
}

export interface PlaceNames {
  readonly place: ResolvedObject;
  readonly names: OddNames;
}

export interface ContentContext {
  readonly place: RepositoryPlace;
  readonly commit: Commit;
  readonly table: CommittedTable;
  readonly root: Root;
  readonly layout: TargetLayout;
  readonly scratch: string;
  /** An attempt of this restore was interrupted. */
  readonly resuming: boolean;
  readonly allowDamaged: boolean;
  readonly call: CallOptions;
}

/** Where a rewritten delete file goes: ORC becomes Parquet, under a name that no other file should have (`assertOne`). */
export const rewrittenUri = (uri: string, deletes: RewritableDeletes): string => (deletes === 'orc' ? `${uri}.parquet` : uri);

/** Which content files the restored table needs, and which of them are there. */
export async function planContent(context: ContentContext): Promise<ContentPlan> {
  const { layout, root, place, call, scratch } = context;
  const named = new Sorter<TargetFile>(scratch, 'named');
  const add = ({ path, key, size, sum, deletes, missing }: InventoryFile) => {
    const uri = layout.uriOf(path);
    const { k } = layout.spot(deletes ? rewrittenUri(uri, deletes) : uri);
    return named.add({ k, size, from: key, path, sum, ...(deletes && { deletes }), ...(missing && { missing }) });
  };
  for await (const { files } of readInventory(place, root.manifests, call)) for (const file of files) await add(file);
  for (const file of root.statistics) await add(file);
  const expected = new Sorter<TargetFile>(scratch, 'expected');
  const rewritten = new Sorter<TargetFile>(scratch, 'rewritten');
  const names = layout.places.map((one) => ({ place: one, names: new OddNames(), root: objectUri(one) }));
  const namesOf = (k: string) => names[layout.places.indexOf(layout.placeOf(k))] as (typeof names)[number];
  for (const { path } of [...root.manifests, ...root.lists]) {
    const { k } = layout.at(path);
    const one = namesOf(k);
    one.names.lookAt(k, one.root);
  }
  const total = { objects: 0, bytes: 0 };
  const held = { objects: 0, bytes: 0 };
  const deletes = { objects: 0, bytes: 0 };
  const losses = new Losses(scratch, context.allowDamaged);
  let first: TargetFile | undefined;
  let firstRewritten: TargetFile | undefined;
  const once = (async function* () {
    for await (const group of groups(named.sorted())) yield assertOne(group, root.location);
  })();
  for await (const { left, right } of leftJoin(once, context.resuming ? layout.list(call) : none())) {
    if (left.missing) {
      await losses.add(left, lostBySource(left, root.location));
      continue;
    }
    const one = namesOf(left.k);
    one.names.look(left.k, one.root);
    await (left.deletes ? rewritten : expected).add(left);
    if (left.deletes) firstRewritten ??= left;
    else if (!right) first ??= left;
    for (const amount of left.deletes ? [total, deletes] : right ? [total, held] : [total]) {
      amount.objects++;
      amount.bytes += left.size;
    }
  }
  await named.dispose();
  return { expected, rewritten, total, held, deletes, names, first: first ?? firstRewritten, losses };
}

function lostBySource({ path }: TargetFile, location: string) {
  const object = concretePath(path, location);
  return { object, message: `The live file ${object} was missing from the source when it was backed up` };
}

/** Files with one target are spellings of one object, unless one of them got its name here; where roots meet, collisions.ts has looked before. */
function assertOne(group: readonly TargetFile[], location: string): TargetFile {
  // What one inventory marks as missing, another may hold.
  const [first, ...more] = [...group.filter(({ missing }) => !missing), ...group.filter(({ missing }) => missing)] as [
    TargetFile,
    ...TargetFile[],
  ];
  const source = ({ path }: TargetFile) => concretePath(path, location);
  const object = (file: TargetFile) => JSON.stringify(findLocation(source(file)));
  const other = more.find((file) => object(file) !== object(first));
  if (other === undefined) return first;
  throw meeting(
    first.k,
    [source(first), source(other)],
    'ORC deletes become Parquet: have the engine write them anew (rewrite_position_delete_files), then back up again.',
  );
}
