import { type RecordVisitor, readContainer, rewriteContainer } from './avro/container.js';
import type { Cursor } from './avro/cursor.js';
import { damaged } from './avro/errors.js';
import { isPresent, long, optionalLong, optionalNumber, optionalText, path, requireFields, size, text } from './avro/fields.js';
import { compileLocator, type Locator, type Wanted } from './avro/locate.js';
import { type BoundsField, compileBounds, PATH_COLUMNS } from './avro/path-bounds.js';
import type { AvroRecord } from './avro/schema.js';
import type { Splice } from './avro/splice.js';

/** One entry of a manifest (Iceberg specification, "Manifest Entry Fields", "Data File Fields"). Absent or null fields are undefined. */
export interface ManifestEntry {
  /** 0 existing, 1 added, 2 deleted. */
  readonly status: 0 | 1 | 2;
  /** undefined: inherited from the manifest list's `addedSnapshotId`. */
  readonly snapshotId: bigint | undefined;
  /** undefined: inherited, or 0 in format version 1. */
  readonly sequenceNumber: bigint | undefined;
  /** 0 data, 1 position deletes (deletion vectors included), 2 equality deletes. */
  readonly content: 0 | 1 | 2;
  readonly path: string;
  /** As spelt: `PARQUET`, `parquet`, `puffin`, … */
  readonly format: string;
  readonly recordCount: bigint;
  /** Bytes. */
  readonly size: number;
  /** True when the file is encrypted. */
  readonly keyMetadata: boolean;
  readonly referencedDataFile: string | undefined;
  /** Where the blob of a deletion vector lies in its file, in bytes. */
  readonly contentOffset: bigint | undefined;
  readonly contentSize: bigint | undefined;
}

/** What is new about the files of a manifest. */
export interface ManifestContext {
  /** The new path of a data, delete or Puffin file. */
  path(file: string): string;
  /** The new size in bytes of a file that was written again (field 104), asked with its path in this manifest. Default: as recorded. */
  size?(file: string, recorded: number): number;
  /**
   * New path bounds of the position-delete file `file`. A bound that is missing in the answer loses its entry; undefined drops
   * both. Needed where a bound may be cut short, or where roots do not keep their order. Default: each bound goes through `path`.
   */
  bounds?(bounds: PathBounds, file: string): PathBounds | undefined;
}

/** Smallest and largest path that the rows of a position-delete file name, as far as they are recorded. */
export interface PathBounds {
  readonly lower: string | undefined;
  readonly upper: string | undefined;
}

const S = {
  status: 0,
  snapshotId: 1,
  sequenceNumber: 2,
  content: 3,
  path: 4,
  format: 5,
  recordCount: 6,
  size: 7,
  keyMetadata: 8,
  referencedDataFile: 9,
  contentOffset: 10,
  contentSize: 11,
  lowerBounds: 12,
  upperBounds: 13,
} as const;
const SLOTS = Object.keys(S).length;
const REQUIRED = [0, 100, 101, 103, 104];

const LONG = ['long', 'int'] as const;
const MAP = ['array', 'map'] as const;
const WANTED: readonly Wanted[] = [
  { id: 0, slot: S.status, kinds: ['int'] },
  { id: 1, slot: S.snapshotId, kinds: LONG },
  { id: 3, slot: S.sequenceNumber, kinds: LONG },
  {
    id: 2,
    kinds: ['record'],
    fields: [
      { id: 134, slot: S.content, kinds: ['int'] },
      { id: 100, slot: S.path, kinds: ['string'] },
      { id: 101, slot: S.format, kinds: ['string'] },
      { id: 103, slot: S.recordCount, kinds: LONG },
      { id: 104, slot: S.size, kinds: LONG },
      { id: 131, slot: S.keyMetadata, kinds: ['bytes'] },
      { id: 143, slot: S.referencedDataFile, kinds: ['string'] },
      { id: 144, slot: S.contentOffset, kinds: LONG },
      { id: 145, slot: S.contentSize, kinds: LONG },
      { id: 125, slot: S.lowerBounds, kinds: MAP },
      { id: 128, slot: S.upperBounds, kinds: MAP },
    ],
  },
];

/**
 * Reads all entries of a manifest.
 *
 * @param name what errors call the file
 * @throws BcnError `corrupt`, `unsupported`, or what `onEntry` throws
 */
export async function readManifest(
  bytes: Buffer,
  name: string,
  onEntry: (entry: ManifestEntry) => void,
  signal?: AbortSignal,
): Promise<void> {
  await readContainer(bytes, name, (schema) => visitor(schema, undefined, onEntry), signal);
}

/**
 * Writes a manifest again with new paths: field 100, field 143 where it is not null, and the path bounds (125, 128) of
 * position-delete files; with `context.size` also field 104. Entries of every status are rewritten; every other byte is
 * copied. Returns `bytes` itself when nothing changes.
 *
 * @param name what errors call the file
 * @param onEntry is called with each entry as it was before
 * @throws BcnError `corrupt`, `unsupported`, or what the context or `onEntry` throws
 */
export async function rewriteManifest(
  bytes: Buffer,
  name: string,
  context: ManifestContext,
  onEntry?: (entry: ManifestEntry) => void,
  signal?: AbortSignal,
): Promise<Buffer> {
  return rewriteContainer(bytes, name, (schema) => visitor(schema, context, onEntry), signal);
}

function visitor(
  schema: AvroRecord,
  context: ManifestContext | undefined,
  onEntry?: (entry: ManifestEntry) => void,
): RecordVisitor {
  const locator = compileLocator(schema, WANTED);
  requireFields(locator, WANTED, REQUIRED, 'a manifest');
  const edits = context === undefined ? [] : compileEdits(locator, context);
  const slots = new Int32Array(SLOTS);
  return (c, splice) => {
    c.slots = slots.fill(-1);
    locator.skip(c);
    const end = c.pos;
    onEntry?.(readEntry(c));
    if (splice !== undefined) for (let i = 0; i < edits.length; i++) (edits[i] as Edit)(c, splice);
    c.pos = end;
  };
}

/** Changes one field of the entry that the cursor's slots describe. */
type Edit = (c: Cursor, splice: Splice) => void;

/** One edit per field that may change, in the order in which the schema has them: a splice only moves forward. */
function compileEdits({ found }: Locator, context: ManifestContext): readonly Edit[] {
  const lowerType = found.get(S.lowerBounds);
  const upperType = found.get(S.upperBounds);
  const lower = lowerType && compileBounds(lowerType, 126, 127);
  const upper = upperType && compileBounds(upperType, 129, 130);
  const edits = new Map<number, Edit>();
  for (const slot of found.keys()) {
    if (slot === S.path || slot === S.referencedDataFile) edits.set(slot, (c, splice) => editPath(c, splice, slot, context));
    if (slot === S.size && context.size !== undefined) edits.set(slot, (c, splice) => editSize(c, splice, context));
  }
  if (lower !== undefined)
    edits.set(S.lowerBounds, (c, splice) => editBounds(c, splice, lower, S.lowerBounds, newBounds(c).lower));
  if (upper !== undefined)
    edits.set(S.upperBounds, (c, splice) => editBounds(c, splice, upper, S.upperBounds, newBounds(c).upper));
  return [...found.keys()].flatMap((slot) => edits.get(slot) ?? []);

  function newBounds(c: Cursor): NewBounds {
    if (readContent(c) !== 1) return UNTOUCHED;
    const file = path(c, S.path, 'file path');
    return mapBounds(readBounds(c, lower, S.lowerBounds), readBounds(c, upper, S.upperBounds), file, context);
  }
}

function editPath(c: Cursor, splice: Splice, slot: number, context: ManifestContext): void {
  if (!isPresent(c, slot) && slot !== S.path) return;
  const before = path(c, slot, slot === S.path ? 'file path' : 'referenced data file');
  const end = c.pos;
  const after = context.path(before);
  if (after !== before) splice.replace(c.slots[slot] as number, end).putString(after);
}

function editSize(c: Cursor, splice: Splice, context: ManifestContext): void {
  const before = size(c, S.size, 'file size');
  const end = c.pos;
  const after = context.size?.(path(c, S.path, 'file path'), before) ?? before;
  if (after !== before) splice.replace(c.slots[S.size] as number, end).putLong(after);
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

function readContent(c: Cursor): 0 | 1 | 2 {
  const content = optionalNumber(c, S.content) ?? 0;
  if (content !== 0 && content !== 1 && content !== 2) throw damaged(`an entry with content ${content}`);
  return content;
}

function readEntry(c: Cursor): ManifestEntry {
  const status = size(c, S.status, 'status');
  if (status !== 0 && status !== 1 && status !== 2) throw damaged(`an entry with status ${status}`);
  const recordCount = long(c, S.recordCount, 'record count');
  if (recordCount < 0n) throw damaged(`an entry with a negative record count: ${recordCount}`);
  return {
    status,
    snapshotId: optionalLong(c, S.snapshotId),
    sequenceNumber: optionalLong(c, S.sequenceNumber),
    content: readContent(c),
    path: path(c, S.path, 'file path'),
    format: text(c, S.format, 'file format'),
    recordCount,
    size: size(c, S.size, 'file size'),
    keyMetadata: isPresent(c, S.keyMetadata),
    referencedDataFile: optionalText(c, S.referencedDataFile),
    contentOffset: optionalLong(c, S.contentOffset),
    contentSize: optionalLong(c, S.contentSize),
  };
}
