/** Rewrites the paths of a metadata.json file by splicing; every other byte survives (spec: "Table Metadata Fields"). */
import { BcnError } from '../errors.js';
import { JsonCursor } from './json/cursor.js';
import { respell } from './json/respell.js';
import { type Splice, splice } from './json/splice.js';
import { decodeString, encodeString } from './json/text.js';
import { failType, shapeOf, walk } from './json/walk.js';
import { readSpellings, SpellingRecord } from './spellings.js';

/** Every place of a metadata.json file that holds a path. */
const PATH_FIELDS = [
  'location',
  'snapshots[].manifest-list',
  'snapshots[].manifests[]',
  'metadata-log[].metadata-file',
  'statistics[].statistics-path',
  'partition-statistics[].statistics-path',
  'properties."write.data.path"',
  'properties."write.metadata.path"',
  'properties."write.object-storage.path"',
  'properties."write.folder-storage.path"',
] as const;

/** Where a path was found. */
export type PathField = (typeof PATH_FIELDS)[number];

/** A declared change beyond mapping paths, for the plan. */
export interface MetadataEdit {
  readonly field: string;
  readonly from?: string;
  readonly to: string;
}

export interface MetadataRewrite {
  /** The new path; called once for each occurrence, in document order. What it throws is passed on. */
  path(path: string, where: PathField): string;
  readonly edits?: {
    /** Replaces `table-uuid`, or adds it where the file has none. */
    readonly tableUuid?: string;
    /** Makes `metadata-log` []; its paths are then not mapped. */
    readonly clearMetadataLog?: boolean;
  };
}

/** What `abstractPath` makes of a location: the one that counts (the last) tells whether a document is abstract. */
const ABSTRACT_LOCATION = /^bcn-r(oot|el):/;

const LOG = 'metadata-log';
const UUID = 'table-uuid';
const SHAPE = shapeOf([...PATH_FIELDS, UUID]);
const SHAPE_WITHOUT_LOG = shapeOf([...PATH_FIELDS.filter((field) => !field.startsWith(LOG)), UUID, LOG]);

/**
 * Maps every path field with `rewrite.path` and makes the edits asked for. A path that maps to itself keeps its bytes; so does the
 * unchanged ending of any other. Mapping back gives the first bytes again, whatever escapes they use (see spellings.ts).
 *
 * @param bytes after `inflateMetadata`
 * @param name URI of the file, for errors
 * @throws BcnError `corrupt` when the bytes are not JSON or a path field is not a string; `unsupported` when a path that must
 * change holds a lone surrogate, which no object key can.
 */
export function rewriteMetadata(
  bytes: Buffer,
  name: string,
  rewrite: MetadataRewrite,
): { readonly bytes: Buffer; readonly edits: readonly MetadataEdit[] } {
  const { tableUuid, clearMetadataLog } = rewrite.edits ?? {};
  const cursor = JsonCursor.open(bytes, name);
  if (cursor.kind() !== 'object') failType(cursor, '', cursor.kind(), 'object');
  const start = cursor.at + 1;
  const given = readSpellings(cursor);
  const record = new SpellingRecord();
  const splices: Splice[] = [];
  const edits: MetadataEdit[] = [];
  let hasUuid = false;
  let wasAbstract = false;
  let isAbstract = false;

  const visitPath = (where: PathField) => {
    const occurrence = record.next(where);
    const span = cursor.skip();
    const from = decodeString(bytes, span);
    const to = rewrite.path(from, where);
    if (where === 'location') {
      wasAbstract = ABSTRACT_LOCATION.test(from);
      isAbstract = ABSTRACT_LOCATION.test(to);
    }
    if (from === to) return;
    refuseLoneSurrogates(name, where, from, to);
    const change = respell(bytes, span, from, to, (beginning) => given.find(occurrence, beginning));
    splices.push(change.splice);
    if (change.lost) record.add(occurrence, change.lost);
  };
  const visitUuid = () => {
    hasUuid = true;
    const isString = cursor.kind() === 'string';
    const span = cursor.skip();
    const from = isString ? decodeString(bytes, span) : undefined;
    if (tableUuid === undefined || from === tableUuid) return;
    splices.push({ ...span, text: encodeString(tableUuid) });
    edits.push({ field: UUID, from, to: tableUuid });
  };
  const visitLog = () => {
    if (cursor.kind() !== 'array') failType(cursor, LOG, cursor.kind(), 'array');
    let entries = 0;
    const span = cursor.array(() => {
      cursor.skip();
      entries++;
    });
    if (entries === 0) return;
    splices.push({ ...span, text: Buffer.from('[]') });
    edits.push({ field: LOG, from: entries === 1 ? '1 entry' : `${entries} entries`, to: '[]' });
  };

  walk(cursor, clearMetadataLog ? SHAPE_WITHOUT_LOG : SHAPE, (place) => {
    if (place === UUID) return visitUuid();
    const kind = cursor.kind();
    if (kind === 'null') cursor.skip();
    else if (place === LOG) visitLog();
    else if (kind !== 'string') failType(cursor, place, kind, 'string');
    else visitPath(place as PathField);
  });
  cursor.finish();

  let first = isAbstract && !wasAbstract ? record.text(given.end > start) : '';
  const end = wasAbstract && !isAbstract ? given.end : start;
  if (tableUuid !== undefined && !hasUuid) {
    first += `"${UUID}":${encodeString(tableUuid)},`;
    edits.push({ field: UUID, to: tableUuid });
  }
  if (first !== '' || end > start) splices.unshift({ start, end, text: Buffer.from(first) });
  return { bytes: splices.length === 0 ? bytes : splice(bytes, splices), edits };
}

function refuseLoneSurrogates(name: string, where: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    if (!/\p{Surrogate}/u.test(path)) continue;
    throw new BcnError('unsupported', `${name}: ${where} ${JSON.stringify(path)} holds half of a surrogate pair`, {
      object: name,
      hint: 'No object can have this name: the path was damaged by its writer.',
    });
  }
}
