import type { TableMetadata } from '../iceberg/metadata.js';
import { describeOrder, describeSpec } from '../iceberg/ordering.js';
import { readSchema } from '../iceberg/schema.js';
import { readSnapshotFacts, type SnapshotFacts } from '../iceberg/snapshot-facts.js';
import { masked } from '../look/mask.js';
import { type ColumnChange, diffColumns } from './columns.js';
import { diffFiles, type FileChanges, type FileContext } from './files.js';
import type { DiffSide } from './side.js';

/** A value that is another one now; null = there was or is none. */
export interface Change<T = string> {
  readonly from: T | null;
  readonly to: T | null;
}

export interface NamedChange extends Change {
  readonly name: string;
}

/** All that changed from one table to another. */
export interface TableChanges {
  readonly changed: boolean;
  /** `uuid`, `location`, `format version`, where they differ. */
  readonly identity: readonly NamedChange[];
  readonly snapshots: { readonly added: readonly SnapshotFacts[]; readonly removed: readonly SnapshotFacts[] };
  /** As `branch 123`. */
  readonly refs: readonly NamedChange[];
  /** Of the current schema. */
  readonly columns: readonly ColumnChange[];
  /** Fields of the default partition spec and sort order; null = unchanged. */
  readonly partitioning: { readonly from: readonly string[]; readonly to: readonly string[] } | null;
  readonly order: { readonly from: readonly string[]; readonly to: readonly string[] } | null;
  /** Without values that may be secrets. */
  readonly properties: readonly NamedChange[];
  readonly files: FileChanges;
}

/** Throws `corrupt` when a file of one of the two is damaged. */
export async function diffTables(before: DiffSide, after: DiffSide, context: FileContext): Promise<TableChanges> {
  const [a, b] = [before.metadata, after.metadata];
  const [old, fresh] = [readSchema(a.currentSchemaJson, before.name), readSchema(b.currentSchemaJson, after.name)];
  const files = await diffFiles(before, after, context);
  const details = {
    identity: namedChanges(identityOf(a), identityOf(b)),
    snapshots: diffSnapshots(before, after),
    refs: namedChanges(refsOf(a), refsOf(b)),
    columns: diffColumns(old, fresh),
    partitioning: listChange(
      describeSpec(a.defaultSpecJson, old, before.name),
      describeSpec(b.defaultSpecJson, fresh, after.name),
    ),
    order: listChange(
      describeOrder(a.defaultSortOrderJson, old, before.name),
      describeOrder(b.defaultSortOrderJson, fresh, after.name),
    ),
    properties: namedChanges(a.properties, b.properties).map(({ name, from, to }) => ({
      name,
      from: from === null ? null : masked(name, from),
      to: to === null ? null : masked(name, to),
    })),
  };
  const { identity, snapshots, refs, columns, partitioning, order, properties } = details;
  const some = [identity, snapshots.added, snapshots.removed, refs, columns, properties].some(({ length }) => length > 0);
  const moved = Object.values(files.added)
    .concat(Object.values(files.removed))
    .some((amount) => amount.files > 0);
  return { changed: some || partitioning !== null || order !== null || moved, ...details, files };
}

function identityOf({ tableUuid, location, formatVersion }: TableMetadata): ReadonlyMap<string, string> {
  return new Map([
    ...(tableUuid === undefined ? [] : [['uuid', tableUuid] as const]),
    ['location', location],
    ['format version', String(formatVersion)],
  ]);
}

function refsOf({ refs }: TableMetadata): ReadonlyMap<string, string> {
  return new Map(refs.map(({ name, type, snapshotId }) => [name, `${type} ${snapshotId}`]));
}

/** What was removed or changed, in the first's order, then what was added. */
function namedChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly NamedChange[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((name) => ({ name, from: before.get(name) ?? null, to: after.get(name) ?? null }))
    .filter(({ from, to }) => from !== to);
}

function diffSnapshots(before: DiffSide, after: DiffSide): TableChanges['snapshots'] {
  const [old, fresh] = [readSnapshotFacts(before.bytes, before.name), readSnapshotFacts(after.bytes, after.name)];
  const without = (all: readonly SnapshotFacts[], others: readonly SnapshotFacts[]) => {
    const known = new Set(others.map(({ id }) => id));
    return all.filter(({ id }) => !known.has(id));
  };
  return { added: without(fresh, old), removed: without(old, fresh) };
}

function listChange(from: readonly string[], to: readonly string[]): TableChanges['order'] {
  return from.join('\n') === to.join('\n') ? null : { from, to };
}
