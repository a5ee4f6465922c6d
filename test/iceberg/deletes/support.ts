import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { DeleteFacts, DeletePaths } from '../../../src/iceberg/deletes/facts.js';
import { FILE_PATH, POS } from '../../../src/iceberg/deletes/facts.js';
import { rewritePositionDeletes } from '../../../src/iceberg/deletes/rewrite.js';
import type { DeleteFile } from '../../../src/iceberg/deletes/source.js';
import { decode, splitAvro } from '../../corpus/avro.js';

export type Row = readonly [path: string, pos: bigint];
type Runs = readonly (readonly [path: string, positions: readonly string[]])[];

const FILES = join(import.meta.dirname, 'files');
const EXPECTED = JSON.parse(readFileSync(join(FILES, 'expected.json'), 'utf8')) as Readonly<Record<string, string | Runs>>;

/** A file of files/, which make.py wrote. */
export const fixture = (name: string): Buffer => readFileSync(join(FILES, name));

/** Names of the files of files/ whose rows are known. */
export const fixtures: readonly string[] = Object.keys(EXPECTED);

/** The rows of a file of files/, as the engine that wrote it says. */
export function expectedRows(name: string): readonly Row[] {
  const runs = EXPECTED[name];
  if (runs === undefined) throw new Error(`no such fixture: ${name}`);
  if (typeof runs === 'string') return expectedRows(runs);
  return runs.flatMap(([path, positions]) => positions.map((pos): Row => [path, BigInt(pos)]));
}

/** A file in memory; `reads` tells which bytes were asked for. */
export function deleteFile(
  bytes: Buffer,
  name = 's3://b/t/delete',
): DeleteFile & { readonly reads: (readonly [number, number])[] } {
  const reads: (readonly [number, number])[] = [];
  return {
    name,
    size: bytes.length,
    reads,
    read: async (start, end) => {
      reads.push([start, end]);
      return bytes.subarray(start, end);
    },
  };
}

export interface Rewritten {
  readonly bytes: Buffer;
  readonly chunks: readonly Buffer[];
  readonly facts: DeleteFacts;
}

export async function rewrite(file: Buffer | DeleteFile, paths: DeletePaths, signal?: AbortSignal): Promise<Rewritten> {
  const generator = rewritePositionDeletes(Buffer.isBuffer(file) ? deleteFile(file) : file, paths, signal);
  const chunks: Buffer[] = [];
  for (;;) {
    const { done, value } = await generator.next();
    if (done) return { bytes: Buffer.concat(chunks), chunks, facts: value };
    chunks.push(value);
  }
}

/** The rows of a Parquet or Avro file, in order, by readers that are not ours. */
export async function readRows(bytes: Buffer): Promise<readonly Row[]> {
  if (bytes.subarray(0, 3).toString('latin1') === 'Obj') {
    return decode(await splitAvro(bytes)).map((record) => [record.get('file_path') as string, record.get('pos') as bigint]);
  }
  const file = arrayBuffer(bytes);
  const metadata = parquetMetadata(file);
  const name = (id: number) => metadata.schema.find(({ field_id }) => field_id === id)?.name as string;
  const rows = await parquetReadObjects({ file, metadata, compressors, columns: [name(FILE_PATH), name(POS)] });
  return rows.map((row) => [row[name(FILE_PATH)] as string, BigInt(row[name(POS)] as bigint)]);
}

export function metadataOf(bytes: Buffer): FileMetaData {
  return parquetMetadata(arrayBuffer(bytes));
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
