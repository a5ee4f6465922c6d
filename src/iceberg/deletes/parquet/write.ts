import zlib from 'node:zlib';
import type { KeyValue, SchemaElement } from 'hyparquet';
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { FILE_PATH, POS } from '../facts.js';
import { PathRange } from '../path-range.js';
import { Int64s } from '../rows.js';
import type { KeyValue as RawKeyValue } from './footer.js';

/** What is not the rows of a file. */
export interface ParquetShape {
  /** Name of the message. */
  readonly root: string;
  /** The two columns, in order. */
  readonly columns: readonly { readonly fieldId: typeof FILE_PATH | typeof POS; readonly name: string }[];
  readonly codec: WrittenCodec;
  readonly keyValues: readonly RawKeyValue[];
  /** In all. */
  readonly rows: number;
}

/** Codecs that every engine reads and every platform of ours writes, to the same bytes. */
export type WrittenCodec = 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP';

/** What is known of a Parquet file once it is written. */
export interface ParquetResult {
  readonly size: number;
  readonly rows: number;
  readonly columnSizes: ReadonlyMap<number, number>;
  readonly splitOffsets: readonly number[];
  readonly paths: { readonly lower: string; readonly upper: string } | undefined;
}

/** Rows of a row group: what is held in memory at a time. */
export const GROUP_ROWS = 256 * 1024;
/** A row group also ends where its distinct paths have this many characters. */
const GROUP_PATHS = 8 * 1024 * 1024;
/** Told apart by readers that know the faults of others' files; of this form for parquet-java. */
const CREATED_BY = 'bcn version 1 (build hyparquet-writer)';
const INITIAL_BUFFER = 64 * 1024;

type Modules = { readonly ByteWriter: typeof ByteWriter; readonly ParquetWriter: typeof ParquetWriter };

/**
 * Writes position deletes as Parquet, row group by row group: paths by dictionary, positions PLAIN, statistics in full, no page index and
 * no bloom filter (readers need neither, and go by the statistics of row groups).
 */
export class ParquetDeleteWriter {
  readonly #shape: ParquetShape;
  readonly #bytes: ByteWriter;
  readonly #writer: ParquetWriter;
  readonly #paths: string[] = [];
  readonly #positions: Int64s;
  readonly #range = new PathRange();
  readonly #distinct = new Set<string>();
  #distinctLength = 0;
  #rows = 0;

  constructor({ ByteWriter, ParquetWriter }: Modules, shape: ParquetShape) {
    this.#shape = shape;
    this.#positions = new Int64s(Math.min(GROUP_ROWS, shape.rows));
    this.#bytes = new ByteWriter(INITIAL_BUFFER);
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaOf(shape),
      codec: shape.codec,
      compressors: { GZIP: (page) => zlib.gzipSync(page) },
      statisticsTruncateLength: Number.POSITIVE_INFINITY,
      // The library writes bytes as they are, though its types say text; and an empty list with a type that does not exist.
      kvMetadata: shape.keyValues.length === 0 ? undefined : (shape.keyValues as unknown as KeyValue[]),
      createdBy: CREATED_BY,
    });
  }

  /** Loads the library. */
  static async open(shape: ParquetShape): Promise<ParquetDeleteWriter> {
    return new ParquetDeleteWriter(await import('hyparquet-writer'), shape);
  }

  /** Rows that still go into the row group at hand. */
  get room(): number {
    return this.#distinctLength >= GROUP_PATHS ? 0 : this.#positions.length - this.#paths.length;
  }

  /** Adds rows of one path, no more than there is room for. */
  add(path: string, positions: BigInt64Array): void {
    const at = this.#paths.length;
    if (positions.length > this.#positions.length - at)
      throw new RangeError(`${positions.length} rows, room for ${this.#positions.length - at}`);
    if (path !== this.#paths[at - 1] && !this.#distinct.has(path)) {
      this.#distinct.add(path);
      this.#distinctLength += path.length;
      this.#range.add(path);
    }
    this.#positions.values.set(positions, at);
    for (let i = 0; i < positions.length; i++) this.#paths.push(path);
  }

  /** The bytes of a full row group; call it when there is no room. */
  flush(): Buffer {
    const count = this.#paths.length;
    if (count > 0) {
      const columnData = this.#shape.columns.map(({ fieldId, name }) =>
        fieldId === FILE_PATH
          ? ({ name, data: this.#paths, encoding: 'RLE_DICTIONARY', offsetIndex: false } as const)
          : ({ name, data: this.#positions.values.subarray(0, count), encoding: 'PLAIN', offsetIndex: false } as const),
      );
      this.#writer.write({ columnData, rowGroupSize: count });
      this.#rows += count;
      this.#paths.length = 0;
      this.#distinct.clear();
      this.#distinctLength = 0;
    }
    return this.#written();
  }

  /** The rest of the file, and what is true of it. */
  finish(): { readonly bytes: Buffer; readonly result: ParquetResult } {
    const last = this.flush();
    this.#writer.finish();
    const bytes = Buffer.concat([last, this.#written()]);
    const groups = this.#writer.row_groups;
    const columnSizes = new Map<number, number>();
    for (const [i, { fieldId }] of this.#shape.columns.entries())
      columnSizes.set(
        fieldId,
        groups.reduce((sum, { columns }) => sum + Number(columns[i]?.meta_data?.total_compressed_size), 0),
      );
    const splitOffsets = groups.map(({ columns }) => {
      const first = columns[0]?.meta_data;
      return Number(first?.dictionary_page_offset ?? first?.data_page_offset);
    });
    return {
      bytes,
      result: { size: this.#bytes.offset, rows: this.#rows, columnSizes, splitOffsets, paths: this.#range.bounds },
    };
  }

  /** What was written since the last call. */
  #written(): Buffer {
    const bytes = Buffer.from(this.#bytes.buffer.slice(0, this.#bytes.index));
    this.#bytes.index = 0;
    return bytes;
  }
}

function schemaOf({ root, columns }: ParquetShape): SchemaElement[] {
  return [
    { name: root, num_children: columns.length },
    ...columns.map(({ fieldId, name }): SchemaElement => {
      const common = { name, repetition_type: 'REQUIRED', field_id: fieldId } as const;
      if (fieldId === POS) return { ...common, type: 'INT64' };
      return { ...common, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    }),
  ];
}
