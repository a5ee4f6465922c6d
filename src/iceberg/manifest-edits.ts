/** The changes that a `ManifestContext` makes to an entry, compiled for the schema of one file. */
import type { Cursor } from './avro/cursor.js';
import { isPresent, path, size, text } from './avro/fields.js';
import type { Locator } from './avro/locate.js';
import { compileColumnSizes, compileSplitOffsets, type Replace } from './avro/metrics.js';
import { type BoundsField, compileBounds, PATH_COLUMNS, type PathBounds } from './avro/path-bounds.js';
import type { Splice } from './avro/splice.js';
import type { ManifestContext, RewrittenFile } from './manifest.js';
import { readContent, S } from './manifest-fields.js';

/** Changes one field of the entry that the cursor's slots describe; `facts` when its file was written again. */
export type Edit = (c: Cursor, splice: Splice, facts: RewrittenFile | undefined) => void;

/** One edit per field that may change, in the order in which the schema has them: a splice only moves forward. */
export function compileEdits({ found }: Locator, context: ManifestContext): readonly Edit[] {
  const lowerType = found.get(S.lowerBounds);
  const upperType = found.get(S.upperBounds);
  const lower = lowerType && compileBounds(lowerType, 126, 127);
  const upper = upperType && compileBounds(upperType, 129, 130);
  const columnSizes = found.get(S.columnSizes);
  const splitOffsets = found.get(S.splitOffsets);
  const edits = new Map<number, Edit>();
  edits.set(S.path, (c, splice) => editPath(c, splice, S.path, (file) => context.path(file)));
  const referenced = (file: string) => (context.referenced ? context.referenced(file) : context.path(file));
  edits.set(S.referencedDataFile, (c, splice) => editPath(c, splice, S.referencedDataFile, referenced));
  if (context.rewritten !== undefined) {
    edits.set(S.format, editFormat);
    edits.set(S.size, editSize);
    if (columnSizes) edits.set(S.columnSizes, editWhole(S.columnSizes, compileColumnSizes(columnSizes), 'columnSizes'));
    if (splitOffsets) edits.set(S.splitOffsets, editWhole(S.splitOffsets, compileSplitOffsets(splitOffsets), 'splitOffsets'));
  }
  if (lower !== undefined)
    edits.set(S.lowerBounds, (c, splice) => editBounds(c, splice, lower, S.lowerBounds, newBounds(c).lower));
  if (upper !== undefined)
    edits.set(S.upperBounds, (c, splice) => editBounds(c, splice, upper, S.upperBounds, newBounds(c).upper));
  // Both edits of an entry ask.
  let last: { readonly buf: Buffer; readonly at: number; readonly bounds: NewBounds } | undefined;
  return [...found.keys()].flatMap((slot) => edits.get(slot) ?? []);

  function newBounds(c: Cursor): NewBounds {
    if (readContent(c) !== 1) return UNTOUCHED;
    const at = c.slots[S.path] as number;
    if (last?.buf !== c.buf || last.at !== at) {
      const file = path(c, S.path, 'file path');
      const bounds = mapBounds(readBounds(c, lower, S.lowerBounds), readBounds(c, upper, S.upperBounds), file, context);
      last = { buf: c.buf, at, bounds };
    }
    return last.bounds;
  }
}

function editPath(c: Cursor, splice: Splice, slot: number, map: (path: string) => string): void {
  if (!isPresent(c, slot) && slot !== S.path) return;
  const before = path(c, slot, slot === S.path ? 'file path' : 'referenced data file');
  const end = c.pos;
  const after = map(before);
  if (after !== before) splice.replace(c.slots[slot] as number, end).putString(after);
}

const editFormat: Edit = (c, splice, facts) => {
  if (facts?.format === undefined) return;
  const before = text(c, S.format, 'file format');
  if (facts.format !== before) splice.replace(c.slots[S.format] as number, c.pos).putString(facts.format);
};

const editSize: Edit = (c, splice, facts) => {
  if (facts === undefined) return;
  const before = size(c, S.size, 'file size');
  if (facts.size !== before) splice.replace(c.slots[S.size] as number, c.pos).putLong(facts.size);
};

function editWhole<K extends 'columnSizes' | 'splitOffsets'>(
  slot: number,
  replace: Replace<NonNullable<RewrittenFile[K]>>,
  fact: K,
): Edit {
  return (c, splice, facts) => {
    const value = facts?.[fact];
    if (value !== undefined && isPresent(c, slot)) replace(c, c.slots[slot] as number, splice, value);
  };
}

type ByColumn = ReadonlyMap<number, string>;

interface NewBounds {
  /** New values of the path columns; undefined leaves the whole field alone. */
  readonly lower: ByColumn | undefined;
  readonly upper: ByColumn | undefined;
}

const UNTOUCHED: NewBounds = { lower: undefined, upper: undefined };
const NO_BOUNDS: ByColumn = new Map();

function readBounds(c: Cursor, field: BoundsField | undefined, slot: number): ByColumn {
  return field !== undefined && isPresent(c, slot) ? field.read(c.buf, c.slots[slot] as number) : NO_BOUNDS;
}

function editBounds(c: Cursor, splice: Splice, field: BoundsField, slot: number, values: ByColumn | undefined): void {
  if (values !== undefined && isPresent(c, slot)) field.write(c.buf, c.slots[slot] as number, splice, values);
}

function mapBounds(lower: ByColumn, upper: ByColumn, file: string, context: ManifestContext): NewBounds {
  const newLower = new Map<number, string>();
  const newUpper = new Map<number, string>();
  const map = (bound: string | undefined) => (bound === undefined ? undefined : context.path(bound));
  for (const column of PATH_COLUMNS) {
    const before: PathBounds = { lower: lower.get(column), upper: upper.get(column) };
    if (before.lower === undefined && before.upper === undefined) continue;
    const after = context.bounds ? context.bounds(before, file) : { lower: map(before.lower), upper: map(before.upper) };
    if (after?.lower !== undefined) newLower.set(column, after.lower);
    if (after?.upper !== undefined) newUpper.set(column, after.upper);
  }
  return { lower: newLower, upper: newUpper };
}
