/** Delete files for tables that are laid down by hand. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { FILE_PATH, POS } from '../../src/iceberg/deletes/facts.js';
import { puffin, uint32LE, vector } from '../iceberg/puffin/support.js';
import type { Piece } from './lay.js';

type Row = readonly [path: string, pos: number];

/** Position deletes as Parquet: one row group for all of one path, so that statistics matter. */
export function parquetDeletes(rows: readonly Row[]): Buffer {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    codec: 'UNCOMPRESSED',
    statisticsTruncateLength: 1000,
    schema: [
      { name: 'table', num_children: 2 },
      { name: 'file_path', type: 'BYTE_ARRAY', converted_type: 'UTF8', field_id: FILE_PATH, repetition_type: 'REQUIRED' },
      { name: 'pos', type: 'INT64', field_id: POS, repetition_type: 'REQUIRED' },
    ],
    kvMetadata: [{ key: 'delete-type', value: 'position' }],
  });
  const columnData = [
    { name: 'file_path', data: rows.map(([path]) => path) },
    { name: 'pos', data: rows.map(([, pos]) => BigInt(pos)) },
  ];
  writer.write({ columnData, rowGroupSize: 2 });
  writer.finish();
  return Buffer.from(bytes.getBytes());
}

/** A position-delete file. */
export function positionDeletes(path: string, rows: readonly Row[], more: Partial<Piece> = {}): Piece {
  return { path, bytes: parquetDeletes(rows), ...more, data: { content: 1, record_count: rows.length, ...more.data } };
}

/** An equality-delete file: the rows that are equal to these go. */
export function equalityDeletes(path: string, rows: readonly string[], more: Partial<Piece> = {}): Piece {
  return { path, bytes: Buffer.from(JSON.stringify(rows)), ...more, data: { content: 2, equality_ids: [1], ...more.data } };
}

/** The blob of a deletion vector; its bitmaps are these positions, one after another. */
export const vectorOf = (positions: readonly number[]): Buffer => vector(Buffer.concat(positions.map(uint32LE)));

export interface PuffinFile {
  readonly bytes: Buffer;
  /** By data file: where its vector lies. */
  readonly blobs: ReadonlyMap<string, { readonly offset: number; readonly length: number }>;
}

export interface PuffinOptions {
  /** Bytes between and around the blobs that nothing names. */
  readonly gap?: Buffer;
  /** Further blobs of the footer. */
  readonly others?: readonly object[];
  /** Packs the footer's payload. */
  readonly pack?: (payload: Buffer) => Buffer;
}

/** A Puffin file of one vector for each data file. */
export function puffinOf(vectors: Readonly<Record<string, readonly number[]>>, options: PuffinOptions = {}): PuffinFile {
  const { gap = Buffer.alloc(0), others = [], pack } = options;
  const parts: Buffer[] = [gap];
  const blobs = new Map<string, { offset: number; length: number }>();
  let offset = 4 + gap.length;
  for (const [dataFile, positions] of Object.entries(vectors)) {
    const blob = vectorOf(positions);
    blobs.set(dataFile, { offset, length: blob.length });
    parts.push(blob, gap);
    offset += blob.length + gap.length;
  }
  const footer = {
    blobs: [
      ...others,
      ...[...blobs].map(([dataFile, { offset, length }]) => ({
        type: 'deletion-vector-v1',
        fields: [2147483645],
        'snapshot-id': -1,
        'sequence-number': -1,
        offset,
        length,
        properties: { 'referenced-data-file': dataFile, cardinality: `${(length - 12) / 4}` },
      })),
    ],
    properties: { 'created-by': 'a museum' },
  };
  const payload = Buffer.from(JSON.stringify(footer));
  const bytes = puffin({ body: Buffer.concat(parts), payload: pack ? pack(payload) : payload, flags: pack ? 1 : 0 });
  return { bytes, blobs };
}

/** Entries of a manifest for every vector of a Puffin file. */
export function vectorPieces(path: string, { bytes, blobs }: PuffinFile, more: Partial<Piece> = {}): readonly Piece[] {
  return [...blobs].map(([dataFile, { offset, length }]) => ({
    path,
    bytes,
    ...more,
    data: {
      content: 1,
      file_format: 'PUFFIN',
      record_count: (length - 12) / 4,
      referenced_data_file: dataFile,
      content_offset: offset,
      content_size_in_bytes: length,
      ...more.data,
    },
  }));
}
