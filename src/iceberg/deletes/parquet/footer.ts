import { cannotHandle, damaged } from '../errors.js';
import type { Source } from '../source.js';
import { EndOfBytes, ThriftReader } from './thrift.js';

/** What the footer of a Parquet file says, as far as position deletes need it (parquet.thrift of Parquet format 2.11). */
export interface ParquetFooter {
  readonly schema: readonly SchemaElement[];
  readonly rows: number;
  readonly rowGroups: readonly RowGroup[];
  /** Keys and values as bytes: nothing says that they are text. */
  readonly keyValues: readonly KeyValue[];
  /** Where the footer starts: column chunks lie before. */
  readonly start: number;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

export interface SchemaElement {
  /** Number of the physical type; undefined for groups. */
  readonly type: number | undefined;
  /** 0 required, 1 optional, 2 repeated. */
  readonly repetition: number | undefined;
  readonly name: string;
  readonly children: number;
  readonly fieldId: number | undefined;
}

export interface RowGroup {
  readonly rows: number;
  /** One for each leaf of the schema. */
  readonly columns: readonly ColumnChunk[];
}

export interface ColumnChunk {
  readonly type: number;
  readonly codec: number;
  readonly values: number;
  /** Where its pages lie in the file. */
  readonly start: number;
  readonly end: number;
}

const MAGIC = 'PAR1';
/** Length of the footer and magic, behind the footer. */
const TAIL = 8;
/** Read at once from the end of a file. */
const FIRST_READ = 64 * 1024;
/** A footer of more bytes is refused: it describes some 200,000 row groups. */
const MAX_FOOTER = 256 * 1024 * 1024;

/**
 * Reads the footer of a Parquet file.
 *
 * @throws BcnError `corrupt`; `unsupported` when the file is encrypted or its footer too large
 */
export async function readFooter(source: Source): Promise<ParquetFooter> {
  const { size } = source;
  if (size < MAGIC.length + TAIL) throw damaged(`it has ${size} bytes, too few for Parquet`);
  const tailStart = Math.max(0, size - FIRST_READ);
  const tail = await source.range(tailStart, size);
  const magic = tail.toString('latin1', tail.length - MAGIC.length);
  if (magic === 'PARE') throw encrypted();
  if (magic !== MAGIC) throw damaged(`it does not end with "${MAGIC}"`);
  const length = tail.readUInt32LE(tail.length - TAIL);
  const start = size - TAIL - length;
  if (start < MAGIC.length) throw damaged(`its footer has ${length} bytes, in a file of ${size}`);
  if (length > MAX_FOOTER) throw cannotHandle(`its footer has more than ${MAX_FOOTER} bytes`);
  const bytes = start >= tailStart ? tail.subarray(start - tailStart, -TAIL) : await source.range(start, size - TAIL);
  try {
    return parse(new ThriftReader(bytes), start);
  } catch (error) {
    throw error instanceof EndOfBytes ? damaged('its footer ends too early') : error;
  }
}

function parse(reader: ThriftReader, start: number): ParquetFooter {
  const schema: SchemaElement[] = [];
  const rowGroups: RowGroup[] = [];
  const keyValues: KeyValue[] = [];
  let rows: number | undefined;
  reader.struct((id, type) => {
    if (id === 2) reader.list(type, (element) => schema.push(readElement(reader, element)));
    else if (id === 3) rows = reader.integer(type);
    else if (id === 4) reader.list(type, (element) => rowGroups.push(readRowGroup(reader, element, start)));
    else if (id === 5) reader.list(type, (element) => keyValues.push(readKeyValue(reader, element)));
    else if (id === 8) throw encrypted();
    else return false;
    return true;
  });
  const sum = rowGroups.reduce((total, group) => total + group.rows, 0);
  if (rows !== sum || !Number.isSafeInteger(sum)) throw damaged(`it has ${rows} rows, its row groups have ${sum}`);
  return { schema, rows, rowGroups, keyValues, start };
}

function readElement(reader: ThriftReader, element: number): SchemaElement {
  let type: number | undefined;
  let repetition: number | undefined;
  let name: string | undefined;
  let children = 0;
  let fieldId: number | undefined;
  reader.structField(element, (id, kind) => {
    if (id === 1) type = reader.integer(kind);
    else if (id === 3) repetition = reader.integer(kind);
    else if (id === 4) name = reader.binary(kind).toString('utf8');
    else if (id === 5) children = reader.integer(kind);
    else if (id === 9) fieldId = reader.integer(kind);
    else return false;
    return true;
  });
  if (name === undefined) throw damaged('its schema has an element without a name');
  return { type, repetition, name, children, fieldId };
}

function readRowGroup(reader: ThriftReader, element: number, footerStart: number): RowGroup {
  const columns: ColumnChunk[] = [];
  let rows: number | undefined;
  reader.structField(element, (id, type) => {
    if (id === 1) reader.list(type, (chunk) => columns.push(readChunk(reader, chunk, footerStart)));
    else if (id === 3) rows = reader.integer(type);
    else return false;
    return true;
  });
  if (rows === undefined || rows < 0) throw damaged('it has a row group without a number of rows');
  return { rows, columns };
}

const META = { type: 1, codec: 4, values: 5, compressed: 7, dataPage: 9, dictionaryPage: 11 } as const;

function readChunk(reader: ThriftReader, element: number, footerStart: number): ColumnChunk {
  const meta = new Map<number, number>();
  let elsewhere = false;
  reader.structField(element, (id, type) => {
    if (id === 1) {
      elsewhere = reader.binary(type).length > 0;
      return true;
    }
    if (id === 8 || id === 9) throw encrypted();
    if (id !== 3) return false;
    reader.structField(type, (inner, kind) => {
      if (!WANTED.has(inner)) return false;
      meta.set(inner, reader.integer(kind));
      return true;
    });
    return true;
  });
  if (elsewhere) throw cannotHandle('its columns lie in another file');
  const of = (id: number): number => {
    const value = meta.get(id);
    if (value === undefined || value < 0) throw damaged(`a column of it has no field ${id}`);
    return value;
  };
  const values = of(META.values);
  // Of an empty row group pyarrow writes offsets that lead nowhere.
  if (values === 0) return { type: of(META.type), codec: of(META.codec), values, start: footerStart, end: footerStart };
  const data = of(META.dataPage);
  const dictionary = meta.get(META.dictionaryPage) ?? 0;
  // Some writers put 0 where there is no dictionary.
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  const end = start + of(META.compressed);
  if (start < MAGIC.length || end > footerStart)
    throw damaged(`a column of it lies outside of the file: bytes ${start} to ${end}`);
  return { type: of(META.type), codec: of(META.codec), values, start, end };
}

const WANTED = new Set<number>(Object.values(META));

function readKeyValue(reader: ThriftReader, element: number): KeyValue {
  let key: Buffer | undefined;
  let value: Buffer | undefined;
  reader.structField(element, (id, type) => {
    if (id === 1) key = reader.binary(type);
    else if (id === 2) value = reader.binary(type);
    else return false;
    return true;
  });
  if (key === undefined) throw damaged('its metadata has a value without a key');
  return { key, value };
}

function encrypted() {
  return cannotHandle('it is encrypted (Parquet modular encryption)', 'bcn has no keys: an encrypted table cannot be backed up.');
}
