/** What content files say that a restore changes: rows of position deletes, footers of Puffin files. Nothing of src/ reads them. */
import { type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { decode, schemaText, splitAvro, type Value } from './avro.js';
import { type Puffin, readPuffin } from './puffin.js';

export type Row = readonly [path: string, pos: bigint];

export const FILE_PATH = 2147483546;
const POS = 2147483545;

/** A live file. */
export interface Content {
  readonly bytes: Buffer;
  /** 0 data, 1 position deletes (vectors too), 2 equality deletes. */
  readonly content: bigint;
  /** In small letters, as the manifest says. */
  readonly format: string;
  /** Of position deletes, in the order of the file. */
  readonly rows?: readonly Row[];
  /** Of a Puffin file. */
  readonly puffin?: Puffin;
  /** Of Parquet position deletes. */
  readonly parquet?: ParquetFacts;
}

export interface ParquetFacts {
  readonly columnSizes: ReadonlyMap<bigint, bigint>;
  readonly splitOffsets: readonly bigint[];
  /** Smallest and largest path of each row group by its statistics. */
  readonly paths: readonly (readonly [unknown, unknown])[];
}

/** Rows of ORC files by URI, as the engine said that wrote them. */
export type OrcRows = Readonly<Record<string, readonly (readonly [string, string])[]>>;

export async function readContent(
  uri: string,
  bytes: Buffer,
  data: ReadonlyMap<string, Value>,
  orcRows: OrcRows,
): Promise<Content> {
  const content = (data.get('content') as bigint | undefined) ?? 0n;
  const format = (data.get('file_format') as string).toLowerCase();
  const base = { bytes, content, format };
  if (content !== 1n) return base;
  const puffin = readPuffin(bytes);
  if (format === 'puffin') return puffin ? { ...base, puffin } : base;
  if (format === 'orc') {
    const rows = orcRows[uri];
    if (!rows) throw new Error(`nobody knows the rows of ${uri}`);
    return { ...base, rows: rows.map(([path, pos]) => [path, BigInt(pos)]) };
  }
  if (format === 'avro') return { ...base, rows: await avroRows(bytes) };
  const file = arrayBuffer(bytes);
  const metadata = parquetMetadata(file);
  return { ...base, rows: await parquetRows(file, metadata), parquet: factsOf(metadata) };
}

async function avroRows(bytes: Buffer): Promise<readonly Row[]> {
  const file = await splitAvro(bytes);
  const { fields } = JSON.parse(schemaText(file)) as { readonly fields: readonly Readonly<Record<string, unknown>>[] };
  const name = (id: number) => known(fields.find((field) => field['field-id'] === id)?.name, id) as string;
  const [path, pos] = [name(FILE_PATH), name(POS)];
  return decode(file).map((record) => [record.get(path) as string, record.get(pos) as bigint]);
}

async function parquetRows(file: ArrayBuffer, metadata: FileMetaData): Promise<readonly Row[]> {
  const rows = await readColumns(file, metadata, [FILE_PATH, POS]);
  return rows.map(([path, pos]) => [path as string, BigInt(pos as bigint)]);
}

/** The values of columns by field id, row by row. */
export async function readColumns(
  file: ArrayBuffer,
  metadata: FileMetaData,
  ids: readonly number[],
): Promise<readonly (readonly unknown[])[]> {
  const names = ids.map((id) => known(metadata.schema.find(({ field_id }) => field_id === id)?.name, id));
  const rows = await parquetReadObjects({ file, metadata, compressors, columns: names });
  return rows.map((row) => names.map((name, n) => known(row[name], ids[n] as number)));
}

function known<T>(name: T | undefined, id: number): T {
  if (name === undefined) throw new Error(`no column ${id}`);
  return name;
}

function factsOf({ schema, row_groups: groups }: FileMetaData): ParquetFacts {
  const leaves = schema.slice(1);
  const columnSizes = new Map<bigint, bigint>();
  for (const { columns } of groups) {
    for (const [n, { meta_data: data }] of columns.entries()) {
      const id = BigInt(leaves[n]?.field_id as number);
      columnSizes.set(id, (columnSizes.get(id) ?? 0n) + (data?.total_compressed_size ?? 0n));
    }
  }
  const path = leaves.findIndex(({ field_id: id }) => id === FILE_PATH);
  return {
    columnSizes,
    splitOffsets: groups.map(({ columns }) => {
      const first = columns[0]?.meta_data;
      return first?.dictionary_page_offset ?? (first?.data_page_offset as bigint);
    }),
    paths: groups.map(({ columns }) => {
      const statistics = columns[path]?.meta_data?.statistics;
      return [statistics?.min_value, statistics?.max_value];
    }),
  };
}

export function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
