import { isCode } from '../errors.js';
import type { Amount } from '../plan.js';
import { type Backup, type CommittedTable, identityOf, type StoredObject } from '../repository/commit.js';
import type { Base } from '../repository/hints.js';
import { placeUri } from '../repository/place.js';
import { type Root, type RootManifest, readRoot } from '../repository/root.js';
import type { CopyContext } from './context.js';
import { type FilePlan, planFiles } from './files.js';
import type { Held, HeldBase } from './held.js';

/** What a copy does for one table. `unchanged`: the destination has its ROOT already, but for keys. */
export type TablePlan =
  | { readonly kind: 'unchanged'; readonly table: CommittedTable; readonly base: Base }
  | {
      readonly kind: 'changed';
      readonly table: CommittedTable;
      /** Of the source. */
      readonly root: Root;
      readonly base: UsableBase | undefined;
      /** The manifests that the base does not hold. */
      readonly manifests: readonly RootManifest[];
      readonly files: FilePlan;
    };

export interface UsableBase extends HeldBase {
  readonly root: Root;
}

/** Where the ROOTs of backups of the source lie, by identity of the backup and name of the table. */
export type KnownRoots = Map<string, ReadonlyMap<string, string>>;

export const rootsOf = ({ tables }: Backup): ReadonlyMap<string, string> =>
  new Map(tables.map(({ identifier, root }) => [identifier.join('.'), root.key]));

/**
 * Decides what is copied and what the destination's base gives, writing nothing but spill files (format, "Copy" 3 and 4). `held` undefined: nothing is reused. Throws `corrupt` when
 * the source cannot be read.
 */
export async function planTable(
  backup: Backup,
  table: CommittedTable,
  held: Held | undefined,
  roots: KnownRoots,
  context: CopyContext,
): Promise<TablePlan> {
  const { deps, call } = context;
  const found = await held?.base(table, backup, call);
  // Its files were of another place.
  const fits = found?.found.table.location === table.location && found.found.table.source === table.source;
  if (!found || !fits) return plan(backup, table, undefined, context);
  if (isCopyOf(found.found, table, roots)) return { kind: 'unchanged', table, base: found.found };
  try {
    return await plan(backup, table, { ...found, root: await readRoot(found.place, found.found.table, call) }, context);
  } catch (error) {
    const ofBase = isCode(error, 'corrupt') && error.object?.startsWith(`${placeUri(found.place)}/`) && found.place === deps.to;
    if (!ofBase) throw error;
    // A backup that cannot be read is no base. It must not keep others out.
    const { commit } = found.found;
    deps.report.warn(`the backup "${commit.name}" is damaged, so nothing of it is reused: ${error.message}`, {
      object: error.object,
    });
    return plan(backup, table, undefined, context);
  }
}

/** Whether the base is the copy of a backup that shares this very ROOT. */
function isCopyOf({ commit, table: base }: Base, table: CommittedTable, roots: KnownRoots): boolean {
  const known = roots.get(identityOf(commit))?.get(base.identifier.join('.'));
  return known !== undefined && known === table.root.key;
}

async function plan(
  backup: Backup,
  table: CommittedTable,
  base: UsableBase | undefined,
  context: CopyContext,
): Promise<TablePlan> {
  const root = await readRoot(context.deps.from, table, context.call);
  const heldManifests = new Map(base?.root.manifests.map((manifest) => [manifest.path, manifest]));
  const manifests = root.manifests.filter((manifest) => !isSameManifest(manifest, heldManifests.get(manifest.path)));
  const files = await planFiles(backup, table, root, manifests, base, context);
  const lists = new Map(base?.root.lists.map((list) => [list.path, list]));
  const same =
    base &&
    manifests.length === 0 &&
    root.manifests.length === base.root.manifests.length &&
    isSame(root.metadata, base.root.metadata) &&
    root.lists.length === base.root.lists.length &&
    root.lists.every((list) => isSame(list, lists.get(list.path))) &&
    root.statistics.length === base.root.statistics.length &&
    files.copied.objects === 0;
  if (same) return { kind: 'unchanged', table, base: base.found };
  return { kind: 'changed', table, root, base, manifests, files };
}

type Named = StoredObject & { readonly path: string };

/** The same object of the table: names are unique in a table's life, and the bytes are equal. */
export const isSame = (one: Named, other: Named | undefined): boolean =>
  other !== undefined && one.path === other.path && one.sha256 === other.sha256 && one.length === other.length;

/** Then its live files are the same, too, and its section serves. */
function isSameManifest(one: RootManifest, other: RootManifest | undefined): boolean {
  return isSame(one, other) && one.files === other?.files && one.bytes === other.bytes && one.deletes === other.deletes;
}

/** What of a table's content is new in the destination. */
export const newContent = (plan: TablePlan): Amount => (plan.kind === 'unchanged' ? { objects: 0, bytes: 0 } : plan.files.copied);
