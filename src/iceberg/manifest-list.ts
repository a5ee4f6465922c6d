import { type RecordVisitor, readContainer, rewriteContainer } from './avro/container.js';
import type { Cursor } from './avro/cursor.js';
import { isPresent, optionalLong, optionalNumber, path, requireFields, size } from './avro/fields.js';
import { compileLocator, type Wanted } from './avro/locate.js';
import type { AvroRecord } from './avro/schema.js';

/** One manifest as its manifest list records it (Iceberg specification, "Manifest Lists"). Absent or null fields are undefined. */
export interface ManifestListEntry {
  readonly path: string;
  /** Bytes. */
  readonly length: number;
  readonly specId: number;
  /** 0 data, 1 deletes; lists of format version 1 have no such field and hold data. */
  readonly content: number;
  readonly sequenceNumber: bigint | undefined;
  readonly minSequenceNumber: bigint | undefined;
  readonly addedSnapshotId: bigint | undefined;
  readonly addedFiles: number | undefined;
  readonly existingFiles: number | undefined;
  readonly deletedFiles: number | undefined;
  readonly addedRows: bigint | undefined;
  readonly existingRows: bigint | undefined;
  readonly deletedRows: bigint | undefined;
  /** True when the manifest is encrypted. */
  readonly keyMetadata: boolean;
  readonly firstRowId: bigint | undefined;
}

/** What is new about the manifests of a list. */
export interface ManifestListContext {
  /** The new path of a manifest. */
  path(manifest: string): string;
  /** The new length of a manifest in bytes, asked with its path in this list and the length recorded there. */
  length(manifest: string, recorded: number): number;
}

const LONG = ['long', 'int'] as const;
const INT = ['int', 'long'] as const;

/** Slots, in the order of the interface. */
const S = {
  path: 0,
  length: 1,
  specId: 2,
  content: 3,
  sequenceNumber: 4,
  minSequenceNumber: 5,
  addedSnapshotId: 6,
  addedFiles: 7,
  existingFiles: 8,
  deletedFiles: 9,
  addedRows: 10,
  existingRows: 11,
  deletedRows: 12,
  keyMetadata: 13,
  firstRowId: 14,
} as const;
const SLOTS = Object.keys(S).length;
const REQUIRED = [500, 501, 502];

const WANTED: readonly Wanted[] = [
  { id: 500, slot: S.path, kinds: ['string'] },
  { id: 501, slot: S.length, kinds: LONG },
  { id: 502, slot: S.specId, kinds: INT },
  { id: 517, slot: S.content, kinds: INT },
  { id: 515, slot: S.sequenceNumber, kinds: LONG },
  { id: 516, slot: S.minSequenceNumber, kinds: LONG },
  { id: 503, slot: S.addedSnapshotId, kinds: LONG },
  { id: 504, slot: S.addedFiles, kinds: INT },
  { id: 505, slot: S.existingFiles, kinds: INT },
  { id: 506, slot: S.deletedFiles, kinds: INT },
  { id: 512, slot: S.addedRows, kinds: LONG },
  { id: 513, slot: S.existingRows, kinds: LONG },
  { id: 514, slot: S.deletedRows, kinds: LONG },
  { id: 519, slot: S.keyMetadata, kinds: ['bytes'] },
  { id: 520, slot: S.firstRowId, kinds: LONG },
];

/**
 * Reads all entries of a manifest list.
 *
 * @param name what errors call the file
 * @throws BcnError `corrupt`, `unsupported`
 */
export async function readManifestList(bytes: Buffer, name: string, signal?: AbortSignal): Promise<readonly ManifestListEntry[]> {
  const entries: ManifestListEntry[] = [];
  await readContainer(bytes, name, (schema) => visitor(schema, (c) => entries.push(readEntry(c))), signal);
  return entries;
}

/**
 * Writes a manifest list again with new paths (field 500) and lengths (501) of its manifests; every other byte is copied.
 * Returns `bytes` itself when nothing changes.
 *
 * @param name what errors call the file
 * @throws BcnError `corrupt`, `unsupported`, or what the context throws
 */
export async function rewriteManifestList(
  bytes: Buffer,
  name: string,
  context: ManifestListContext,
  signal?: AbortSignal,
): Promise<Buffer> {
  return rewriteContainer(
    bytes,
    name,
    (schema) =>
      visitor(schema, (c, splice, order) => {
        const oldPath = path(c, S.path, 'manifest path');
        const pathEnd = c.pos;
        const oldLength = size(c, S.length, 'manifest length');
        const lengthEnd = c.pos;
        for (const slot of order) {
          const start = c.slots[slot] as number;
          if (slot === S.path) {
            const newPath = context.path(oldPath);
            if (newPath !== oldPath) splice?.replace(start, pathEnd).putString(newPath);
          } else if (slot === S.length) {
            const newLength = context.length(oldPath, oldLength);
            if (newLength !== oldLength) splice?.replace(start, lengthEnd).putLong(newLength);
          }
        }
      }),
    signal,
  );
}

type Visit = (c: Cursor, splice: Parameters<RecordVisitor>[1], order: readonly number[]) => void;

/** Locates the fields of each record, lets `visit` use them, and puts the cursor behind the record again. */
function visitor(schema: AvroRecord, visit: Visit): RecordVisitor {
  const locator = compileLocator(schema, WANTED);
  requireFields(locator, WANTED, REQUIRED, 'a manifest list');
  const order = [...locator.found.keys()];
  const slots = new Int32Array(SLOTS);
  return (c, splice) => {
    c.slots = slots.fill(-1);
    locator.skip(c);
    const end = c.pos;
    visit(c, splice, order);
    c.pos = end;
  };
}

function readEntry(c: Cursor): ManifestListEntry {
  return {
    path: path(c, S.path, 'manifest path'),
    length: size(c, S.length, 'manifest length'),
    specId: size(c, S.specId, 'partition spec id'),
    content: optionalNumber(c, S.content) ?? 0,
    sequenceNumber: optionalLong(c, S.sequenceNumber),
    minSequenceNumber: optionalLong(c, S.minSequenceNumber),
    addedSnapshotId: optionalLong(c, S.addedSnapshotId),
    addedFiles: optionalNumber(c, S.addedFiles),
    existingFiles: optionalNumber(c, S.existingFiles),
    deletedFiles: optionalNumber(c, S.deletedFiles),
    addedRows: optionalLong(c, S.addedRows),
    existingRows: optionalLong(c, S.existingRows),
    deletedRows: optionalLong(c, S.deletedRows),
    keyMetadata: isPresent(c, S.keyMetadata),
    firstRowId: optionalLong(c, S.firstRowId),
  };
}
