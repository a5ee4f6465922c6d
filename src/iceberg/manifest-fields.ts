/** Where the fields of a manifest entry are that bcn reads or changes, and how they are read. */
import type { Cursor } from './avro/cursor.js';
import { damaged } from './avro/errors.js';
import { isPresent, long, optionalLong, optionalNumber, optionalText, path, size, text } from './avro/fields.js';
import type { Wanted } from './avro/locate.js';
import type { ManifestEntry } from './manifest.js';

/** Slots of the cursor. */
export const S = {
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
  columnSizes: 14,
  splitOffsets: 15,
} as const;
export const SLOTS = Object.keys(S).length;
/** Field ids. */
export const REQUIRED = [0, 100, 101, 103, 104];

const LONG = ['long', 'int'] as const;
const MAP = ['array', 'map'] as const;
const wanted = (more: readonly Wanted[]): readonly Wanted[] => [
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
      ...more,
    ],
  },
];
export const WANTED = wanted([]);
/** With the fields that change as a whole; see `isolate`. */
export const WANTED_WHOLE = wanted([
  { id: 108, slot: S.columnSizes, kinds: ['record'] },
  { id: 132, slot: S.splitOffsets, kinds: ['record'] },
]);

/** What a file holds: 0 data, 1 position deletes, 2 equality deletes. */
export function readContent(c: Cursor): 0 | 1 | 2 {
  const content = optionalNumber(c, S.content) ?? 0;
  if (content !== 0 && content !== 1 && content !== 2) throw damaged(`an entry with content ${content}`);
  return content;
}

export function readEntry(c: Cursor): ManifestEntry {
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
