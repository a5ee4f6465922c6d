import { type RecordVisitor, readContainer, rewriteContainer } from './avro/container.js';
import { path, requireFields } from './avro/fields.js';
import { compileLocator } from './avro/locate.js';
import { isolate } from './avro/metrics.js';
import type { PathBounds } from './avro/path-bounds.js';
import type { AvroRecord } from './avro/schema.js';
import { compileEdits } from './manifest-edits.js';
import { REQUIRED, readContent, readEntry, S, SLOTS, WANTED, WANTED_WHOLE } from './manifest-fields.js';

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
  /** The new path of the data file that a delete refers to (143); default: `path`. */
  referenced?(dataFile: string): string;
  /** What is known of a delete file or a file of deletion vectors that was written again, by its path in this manifest; undefined: it is as recorded. */
  rewritten?(file: string): RewrittenFile | undefined;
  /**
   * New path bounds of the position-delete file `file`. A bound that is missing in the answer loses its entry; undefined drops
   * both. Needed where a bound may be cut short, or where roots do not keep their order. Default: each bound goes through `path`.
   */
  bounds?(bounds: PathBounds, file: string): PathBounds | undefined;
}

/** What a manifest says of a file's bytes. Each entry that names the file gets the same; its path goes through `ManifestContext.path`. */
export interface RewrittenFile {
  /** Bytes (104). */
  readonly size: number;
  /** Where the new file has another format, its name as Iceberg spells it: `PARQUET` (101). */
  readonly format?: string;
  /** Bytes of each column, by field id (108); null: not known. Left alone when absent, or null in the manifest. */
  readonly columnSizes?: ReadonlyMap<number, number> | null;
  /** Where row groups start (132), ascending; null: not known. Left alone when absent, or null in the manifest. */
  readonly splitOffsets?: readonly number[] | null;
}

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
 * position-delete files; of those that `context.rewritten` knows also the size (104), format (101), column sizes (108) and
 * split offsets (132). Entries of every status are rewritten; every other byte is copied. Returns `bytes` itself when nothing changes.
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
  const locator = context?.rewritten ? compileLocator(isolate(schema, [108, 132]), WANTED_WHOLE) : compileLocator(schema, WANTED);
  requireFields(locator, WANTED, REQUIRED, 'a manifest');
  const edits = context === undefined ? [] : compileEdits(locator, context);
  const slots = new Int32Array(SLOTS);
  return (c, splice) => {
    c.slots = slots.fill(-1);
    locator.skip(c);
    const end = c.pos;
    onEntry?.(readEntry(c));
    if (splice !== undefined) {
      const facts = context?.rewritten && readContent(c) === 1 ? context.rewritten(path(c, S.path, 'file path')) : undefined;
      for (let i = 0; i < edits.length; i++) edits[i]?.(c, splice, facts);
    }
    c.pos = end;
  };
}
