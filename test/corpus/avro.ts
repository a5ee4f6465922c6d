/**
 * A reader of Avro container files that shares nothing with src/: it decodes every value, by position and name, and is as plain as
 * the Avro specification. The product only skips; this one understands.
 */
import zlib from 'node:zlib';

export interface AvroFile {
  /** Keys and values of the header, in file order; values as latin1 text, so that every byte shows. */
  readonly header: readonly (readonly [string, string])[];
  readonly codec: string;
  /** hex */
  readonly sync: string;
  readonly blocks: readonly AvroBlock[];
}

export interface AvroBlock {
  readonly count: number;
  /** Decompressed. */
  readonly data: Buffer;
}

/** Strings are strings, longs and ints bigint, bytes and fixed hex behind `0x`, maps and records Map. */
export type Value = null | boolean | number | bigint | string | readonly Value[] | ReadonlyMap<string, Value>;

type Schema = string | readonly Schema[] | { readonly type: Schema; readonly [key: string]: unknown };

class Reader {
  at = 0;
  constructor(readonly bytes: Buffer) {}

  take(length: number): Buffer {
    if (length < 0 || this.at + length > this.bytes.length) throw new Error(`no ${length} bytes at ${this.at}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  long(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt((this.take(1) as Uint8Array)[0] as number);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
  }

  block(): Buffer {
    return this.take(Number(this.long()));
  }

  /** Calls `item` for each item of an array or map. */
  items(item: () => void): void {
    for (let count = this.long(); count !== 0n; count = this.long()) {
      if (count < 0n) this.long();
      for (let i = count < 0n ? -count : count; i > 0n; i--) item();
    }
  }
}

export async function splitAvro(bytes: Buffer): Promise<AvroFile> {
  const reader = new Reader(bytes);
  if (reader.take(4).toString('latin1') !== 'Obj\x01') throw new Error('not an Avro file');
  const header: [string, string][] = [];
  reader.items(() => {
    const key = reader.block().toString('utf8');
    header.push([key, reader.block().toString('latin1')]);
  });
  const sync = reader.take(16).toString('hex');
  const codec = header.find(([key]) => key === 'avro.codec')?.[1] ?? 'null';
  const blocks: AvroBlock[] = [];
  while (reader.at < bytes.length) {
    const count = Number(reader.long());
    const data = await unpack(codec, reader.block());
    if (reader.take(16).toString('hex') !== sync) throw new Error('no sync marker');
    blocks.push({ count, data });
  }
  return { header, codec, sync, blocks };
}

async function unpack(codec: string, data: Buffer): Promise<Buffer> {
  switch (codec) {
    case 'null':
      return data;
    case 'deflate':
      return zlib.inflateRawSync(data);
    case 'snappy': {
      const { default: snappy } = await import('snappyjs');
      return Buffer.from(snappy.uncompress(data.subarray(0, -4)));
    }
    case 'zstandard':
      return Buffer.from((await import('fzstd')).decompress(data));
    case 'bzip2':
      return Buffer.from((await import('seek-bzip')).default.decode(data));
    default:
      throw new Error(`codec ${codec}`);
  }
}

export function schemaText(file: AvroFile): string {
  const found = file.header.find(([key]) => key === 'avro.schema');
  return Buffer.from(found?.[1] ?? '', 'latin1').toString('utf8');
}

/** All records, each a Map from field name to value. */
export function decode(file: AvroFile): readonly ReadonlyMap<string, Value>[] {
  const schema = JSON.parse(schemaText(file)) as Schema;
  const names = new Map<string, Schema>();
  const records: ReadonlyMap<string, Value>[] = [];
  for (const { count, data } of file.blocks) {
    const reader = new Reader(data);
    for (let i = 0; i < count; i++) records.push(read(reader, schema, names) as ReadonlyMap<string, Value>);
    if (reader.at !== data.length) throw new Error(`${data.length - reader.at} bytes behind the last record`);
  }
  return records;
}

function read(reader: Reader, schema: Schema, names: Map<string, Schema>): Value {
  if (Array.isArray(schema)) return read(reader, (schema as readonly Schema[])[Number(reader.long())] as Schema, names);
  if (typeof schema === 'string') return readNamed(reader, schema, names);
  const complex = schema as { readonly type: Schema; readonly [key: string]: unknown };
  if (typeof complex.name === 'string') names.set(complex.name, complex);
  switch (complex.type) {
    case 'record':
      return new Map(
        (complex.fields as readonly { name: string; type: Schema }[]).map(({ name, type }) => [name, read(reader, type, names)]),
      );
    case 'array': {
      const items: Value[] = [];
      reader.items(() => items.push(read(reader, complex.items as Schema, names)));
      return items;
    }
    case 'map': {
      const members = new Map<string, Value>();
      reader.items(() => {
        const key = reader.block().toString('utf8');
        members.set(key, read(reader, complex.values as Schema, names));
      });
      return members;
    }
    case 'fixed':
      return `0x${reader.take(complex.size as number).toString('hex')}`;
    default:
      return read(reader, complex.type, names);
  }
}

function readNamed(reader: Reader, name: string, names: Map<string, Schema>): Value {
  switch (name) {
    case 'null':
      return null;
    case 'boolean':
      return reader.take(1)[0] === 1;
    case 'int':
    case 'long':
      return reader.long();
    // Bits, not numbers: NaN and -0 have to show.
    case 'float':
      return `0x${reader.take(4).toString('hex')}`;
    case 'double':
      return `0x${reader.take(8).toString('hex')}`;
    case 'bytes':
      return `0x${reader.block().toString('hex')}`;
    case 'string':
      return reader.block().toString('utf8');
    default: {
      const known = names.get(name);
      if (known === undefined) throw new Error(`unknown type ${name}`);
      return read(reader, known, names);
    }
  }
}
