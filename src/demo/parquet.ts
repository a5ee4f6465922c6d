import { BcnError } from '../errors.js';

/** A column of a table, as far as showing its values needs it. */
export interface Column {
  /** Iceberg field id: names may change, ids never do. */
  readonly id: number;
  readonly name: string;
  /** Iceberg type: `long`, `decimal(9, 2)`, … */
  readonly type: string;
}

/**
 * Rows of a Parquet file as text, one cell per column, columns found by field id; null for a column that the file does not have.
 * Only for the demo: flat columns, codecs that hyparquet reads without help (uncompressed, snappy). Throws `corrupt`.
 */
export async function readParquet(
  bytes: Uint8Array,
  columns: readonly Column[],
  object: string,
): Promise<readonly (readonly (string | null)[])[]> {
  const { parquetMetadata, parquetReadObjects } = await import('hyparquet');
  // A copy of its own: the bytes may be a window of a larger buffer.
  const buffer = new Uint8Array(bytes).buffer;
  try {
    const metadata = parquetMetadata(buffer);
    const names = new Map(metadata.schema.map((element) => [element.field_id, element.name]));
    const file = { byteLength: buffer.byteLength, slice: (start: number, end?: number) => buffer.slice(start, end) };
    const rows = await parquetReadObjects({ file, metadata, parsers: { timestampFromMicroseconds, dateFromDays } });
    return rows.map((row) => columns.map((column) => cell(row[names.get(column.id) ?? ''], column.type)));
  } catch (cause) {
    throw new BcnError('corrupt', `${object} is not a Parquet file that the demo can read: ${(cause as Error).message}`, {
      object,
      cause,
    });
  }
}

/** `2026-03-04 09:30:15.123456`: JavaScript's Date would drop the microseconds. */
function timestampFromMicroseconds(micros: bigint): string {
  const whole = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - whole) / 1000n)).toISOString().slice(0, 19).replace('T', ' ');
  return `${seconds}.${String(whole).padStart(6, '0')}`;
}

function dateFromDays(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}

function cell(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null;
  const scale = /^decimal\(\d+,\s*(\d+)\)$/.exec(type)?.[1];
  return scale !== undefined && typeof value === 'number' ? value.toFixed(Number(scale)) : String(value);
}
