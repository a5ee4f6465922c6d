import type { SchemaColumn, TableSchema } from '../iceberg/schema.js';

const WHAT = ['renamed', 'type', 'nullability', 'initial-default', 'write-default', 'doc', 'moved'] as const;

/** One change of a schema. Columns are the same by field id, whatever they are called. */
export interface ColumnChange {
  readonly change: 'added' | 'dropped' | 'order' | 'identifiers' | (typeof WHAT)[number];
  /** Field id; of an order, of the column whose parts are ordered; null = of the schema itself. */
  readonly id: number | null;
  /** Names from the top, as they are now, or were; '' = of the schema itself. */
  readonly column: string;
  /** What it was and is, for people; null = there was or is none. */
  readonly from: string | null;
  readonly to: string | null;
}

/** What changed from one schema to another: dropped columns first, then those that stay, then new ones, each in their order. */
export function diffColumns(before: TableSchema, after: TableSchema): readonly ColumnChange[] {
  const old = new Map(before.columns.map((column) => [column.id, column]));
  const fresh = new Map(after.columns.map((column) => [column.id, column]));
  const dropped = before.columns.filter(({ id }) => !fresh.has(id));
  const added = after.columns.filter(({ id }) => !old.has(id));
  return [
    ...dropped.map(({ id, path, ...one }) => change('dropped', id, path, typeText(one), null)),
    ...after.columns.flatMap((column) => changesOf(old.get(column.id), column)),
    ...added.map(({ id, path, ...one }) => change('added', id, path, null, typeText(one))),
    ...orderChanges(before, after),
    ...identifierChanges(before, after),
  ];
}

function change(
  what: ColumnChange['change'],
  id: number | null,
  column: string,
  from: string | null | undefined,
  to: string | null | undefined,
): ColumnChange {
  return { change: what, id, column, from: from ?? null, to: to ?? null };
}

function changesOf(before: SchemaColumn | undefined, after: SchemaColumn): readonly ColumnChange[] {
  if (before === undefined) return [];
  const facts = (column: SchemaColumn): Readonly<Record<(typeof WHAT)[number], string | undefined>> => ({
    renamed: column.name,
    type: column.type,
    nullability: nullability(column),
    'initial-default': column.initialDefault,
    'write-default': column.writeDefault,
    doc: column.doc,
    moved: column.parent === undefined ? 'top' : `in ${column.parent}`,
  });
  const [old, fresh] = [facts(before), facts(after)];
  return WHAT.filter((what) => old[what] !== fresh[what]).map((what) =>
    change(what, after.id, after.path, old[what], fresh[what]),
  );
}

const nullability = ({ required }: Pick<SchemaColumn, 'required'>): string => (required ? 'required' : 'optional');
const typeText = ({ type, required }: Pick<SchemaColumn, 'type' | 'required'>): string => `${type}${required ? ' required' : ''}`;

/** Where columns that stay stand in another order among each other. */
function orderChanges(before: TableSchema, after: TableSchema): readonly ColumnChange[] {
  const stay = new Set(after.columns.map(({ id }) => id));
  const was = new Set(before.columns.map(({ id }) => id));
  const changes: ColumnChange[] = [];
  for (const parent of [undefined, ...after.columns]) {
    const under = ({ columns }: TableSchema) =>
      columns.filter((column) => column.parent === parent?.id && stay.has(column.id) && was.has(column.id));
    const [old, fresh] = [under(before), under(after)];
    if (old.length !== fresh.length || old.every(({ id }, i) => id === fresh[i]?.id)) continue;
    // By the names of now, so that the order alone is told.
    const names = new Map(fresh.map(({ id, name }) => [id, name]));
    const text = (list: readonly SchemaColumn[]) => list.map(({ id }) => names.get(id)).join(', ');
    changes.push(change('order', parent?.id ?? null, parent?.path ?? '', text(old), text(fresh)));
  }
  return changes;
}

function identifierChanges(before: TableSchema, after: TableSchema): readonly ColumnChange[] {
  const text = ({ columns, identifiers }: TableSchema) =>
    identifiers.map((id) => columns.find((column) => column.id === id)?.path ?? `#${id}`).join(', ');
  if (before.identifiers.join() === after.identifiers.join()) return [];
  return [change('identifiers', null, '', text(before) || null, text(after) || null)];
}
