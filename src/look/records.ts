import { gunzipSync } from 'node:zlib';
import { BcnError, isCode } from '../errors.js';
import { JsonCursor } from '../iceberg/json/cursor.js';
import { type ManifestEntry, readManifest } from '../iceberg/manifest.js';
import { type ManifestListEntry, readManifestList } from '../iceberg/manifest-list.js';
import { decodeCommit } from '../repository/commit.js';
import { BACKUPS } from '../repository/keys.js';

/** A piece of what an object holds. */
export interface CatRecord {
  /** JSON. */
  readonly text: string;
  /** The whole object is this document; else it is one line of several. */
  readonly document: boolean;
}

/**
 * What an object of the repository holds, told by its own bytes: gzip is unpacked, Avro manifests and manifest lists come entry by entry, JSON as it is. A COMMIT is
 * proven by its id. Throws `corrupt` when the bytes are damaged, `unsupported` when they are of no kind that this knows.
 *
 * @param key without the repository's prefix
 * @param uri for errors
 */
export async function* recordsOf(bytes: Buffer, key: string, uri: string): AsyncGenerator<CatRecord> {
  if (key.startsWith(BACKUPS)) decodeCommit(bytes, uri);
  if (bytes.length === 0) return;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) yield* linesOf(unpack(bytes, uri), uri);
  else if (bytes.subarray(0, 4).toString('latin1') === 'Obj\x01') yield* entriesOf(bytes, uri);
  else if (key.endsWith('.json')) yield documentOf(bytes, uri);
  else
    throw new BcnError('unsupported', `${uri} is no text that bcn knows`, {
      object: uri,
      hint: 'Its bytes as they are: bcn cat --raw',
    });
}

function unpack(bytes: Buffer, uri: string): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw damaged(uri, `its gzip data cannot be read: ${(cause as Error).message}`, cause);
  }
}

/** A document that spans lines is one record all the same. */
function* linesOf(bytes: Buffer, uri: string): Generator<CatRecord> {
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    if (line.length > 0) yield { text: checked(line, uri), document: false };
    start = end + 1;
  }
}

function documentOf(bytes: Buffer, uri: string): CatRecord {
  return { text: checked(bytes, uri), document: true };
}

function checked(bytes: Buffer, uri: string): string {
  try {
    const cursor = JsonCursor.open(bytes, uri);
    cursor.skip();
    cursor.finish();
  } catch (error) {
    if (!isCode(error, 'corrupt')) throw error;
    throw damaged(uri, 'it is not JSON', error);
  }
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
}

/** Which of the two it is, its schema tells: `unsupported` means that it lacks the fields of the other. */
async function* entriesOf(bytes: Buffer, uri: string): AsyncGenerator<CatRecord> {
  const entries: object[] = [];
  try {
    await readManifest(bytes, uri, (entry) => entries.push(manifestEntry(entry)));
  } catch (error) {
    if (!isCode(error, 'unsupported')) throw error;
    for (const entry of await readManifestList(bytes, uri)) entries.push(listEntry(entry));
  }
  const text = (entry: object) => JSON.stringify(entry, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
  for (const entry of entries) yield { text: text(entry), document: false };
}

/** By the names of the specification. */
function manifestEntry(entry: ManifestEntry): object {
  return {
    status: entry.status,
    snapshot_id: entry.snapshotId,
    sequence_number: entry.sequenceNumber,
    content: entry.content,
    file_path: entry.path,
    file_format: entry.format,
    record_count: entry.recordCount,
    file_size_in_bytes: entry.size,
    ...(entry.keyMetadata && { key_metadata: true }),
    referenced_data_file: entry.referencedDataFile,
    content_offset: entry.contentOffset,
    content_size_in_bytes: entry.contentSize,
  };
}

function listEntry(entry: ManifestListEntry): object {
  return {
    manifest_path: entry.path,
    manifest_length: entry.length,
    partition_spec_id: entry.specId,
    content: entry.content,
    sequence_number: entry.sequenceNumber,
    min_sequence_number: entry.minSequenceNumber,
    added_snapshot_id: entry.addedSnapshotId,
    added_files_count: entry.addedFiles,
    existing_files_count: entry.existingFiles,
    deleted_files_count: entry.deletedFiles,
    added_rows_count: entry.addedRows,
    existing_rows_count: entry.existingRows,
    deleted_rows_count: entry.deletedRows,
    ...(entry.keyMetadata && { key_metadata: true }),
    first_row_id: entry.firstRowId,
  };
}

function damaged(object: string, why: string, cause: unknown): BcnError {
  return new BcnError('corrupt', `${object} is damaged: ${why}`, {
    object,
    cause,
    hint: 'Its bytes as they are: bcn cat --raw. See all damage of a backup: bcn verify NAME',
  });
}
