import type { Amount } from '../plan.js';
import { type Backup, type CommittedTable, identityOf, type StoredObject } from '../repository/commit.js';
import type { Base } from '../repository/hints.js';
import { type Root, type RootList, type RootManifest, type RootMetadata, readRoot } from '../repository/root.js';
import type { CopyContext } from './context.js';
import { type FilePlan, isSameFile, planFiles } from './files.js';
import { DamagedBase, type Held, reading, type UsableBase } from './held.js';

/** What a copy does for one table. `unchanged`: the destination has its ROOT already, but for keys. */
export type TablePlan =
  | { readonly kind: 'unchanged'; readonly table: CommittedTable; readonly base: Base }
  | {
      readonly kind: 'changed';
      readonly table: CommittedTable;
      /** Of the source. */
      readonly root: Root;
      readonly bases: readonly UsableBase[];
      readonly held: HeldMetadata;
      /** The manifests that no base holds. */
      readonly manifests: readonly RootManifest[];
      readonly files: FilePlan;
    };

/** Where the ROOTs of backups of the source lie, by identity of the backup and name of the table. */
export type KnownRoots = Map<string, ReadonlyMap<string, string>>;

export const rootsOf = ({ tables }: Backup): ReadonlyMap<string, string> =>
  new Map(tables.map(({ identifier, root }) => [identifier.join('.'), root.key]));

/**
 * Decides what is copied and what the destination's bases give, writing nothing but spill files (format, "Copy" 3 and 4). `held` undefined: nothing is reused. Throws `corrupt`
 * when the source cannot be read.
 */
export async function planTable(
  backup: Backup,
  table: CommittedTable,
  held: Held | undefined,
  roots: KnownRoots,
  context: CopyContext,
): Promise<TablePlan> {
  const { deps, call } = context;
  // Files of one name that were read from another service are other files.
  const found = ((await held?.bases(table, backup, call)) ?? []).filter(({ found: base }) => base.table.source === table.source);
  const copied = found.find(({ found: base }) => isCopyOf(base, table, roots));
  if (copied) return { kind: 'unchanged', table, base: copied.found };
  let bases = found;
  for (;;) {
    try {
      const usable: UsableBase[] = [];
      for (const base of bases) usable.push({ ...base, root: await reading(base, readRoot(base.place, base.found.table, call)) });
      return await plan(backup, table, usable, context);
    } catch (error) {
      if (!(error instanceof DamagedBase)) throw error;
      // A backup that cannot be read is no base. It must not keep others out.
      const { commit } = error.base.found;
      const { message, object } = error.cause;
      deps.report.warn(`the backup "${commit.name}" is damaged, so nothing of it is reused: ${message}`, { object });
      bases = bases.filter((base) => base !== error.base && base.found !== error.base.found);
    }
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
  bases: readonly UsableBase[],
  context: CopyContext,
): Promise<TablePlan> {
  const root = await readRoot(context.deps.from, table, context.call);
  // Under another location the same abstract bytes name other files.
  const held = heldOf(bases.filter((base) => base.root.location === root.location));
  const manifests = root.manifests.filter((manifest) => !isSameManifest(manifest, held.manifests.get(keyOf(manifest))));
  const files = await planFiles(backup, table, root, manifests, bases, context);
  const same = files.copied.objects === 0 && bases.find((base) => isSameRoot(root, base.root));
  if (same) return { kind: 'unchanged', table, base: same.found };
  return { kind: 'changed', table, root, bases, held, manifests, files };
}

/** Metadata objects of the bases, by `keyOf`. */
export interface HeldMetadata {
  readonly manifests: ReadonlyMap<string, RootManifest>;
  readonly lists: ReadonlyMap<string, RootList>;
  readonly metadata: ReadonlyMap<string, RootMetadata>;
}

/** The same object of the table, byte for byte. */
export const keyOf = ({ path, sha256, length }: StoredObject & { readonly path: string }): string =>
  `${path}\n${sha256}\n${length}`;

function heldOf(bases: readonly UsableBase[]): HeldMetadata {
  const by = <T extends StoredObject & { readonly path: string }>(objects: readonly T[]) =>
    new Map(objects.map((object) => [keyOf(object), object]));
  return {
    manifests: by(bases.flatMap(({ root }) => root.manifests)),
    lists: by(bases.flatMap(({ root }) => root.lists)),
    metadata: by(bases.map(({ root }) => root.metadata)),
  };
}

/** Of one manifest the live files are the same, too, and its section serves; what is said of them beside that must be equal. Which files are missing, it does not say. */
function isSameManifest(one: RootManifest, other: RootManifest | undefined): boolean {
  const facts = ({ key: _, section: __, ...rest }: RootManifest) => JSON.stringify(Object.entries(rest).sort());
  return other !== undefined && one.missing === undefined && facts(one) === facts(other);
}

/** Whether two ROOTs say the same but for keys; what is equal in number and all held is equal. */
function isSameRoot(root: Root, base: Root): boolean {
  const held = heldOf([{ root: base } as UsableBase]);
  const manifests = root.manifests.every((manifest) => isSameManifest(manifest, held.manifests.get(keyOf(manifest))));
  const statistics = new Map(base.statistics.map((file) => [file.path, file]));
  return (
    root.location === base.location &&
    manifests &&
    root.manifests.length === base.manifests.length &&
    held.metadata.has(keyOf(root.metadata)) &&
    root.lists.length === base.lists.length &&
    root.lists.every((list) => held.lists.has(keyOf(list))) &&
    root.statistics.length === base.statistics.length &&
    root.statistics.every((file) => isSameFile(file, statistics.get(file.path)))
  );
}

/** What of a table's content is new in the destination. */
export const newContent = (plan: TablePlan): Amount => (plan.kind === 'unchanged' ? { objects: 0, bytes: 0 } : plan.files.copied);
