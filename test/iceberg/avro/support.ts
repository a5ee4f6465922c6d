import zlib from 'node:zlib';

/** A second, independent and much simpler Avro: enough to build files with every liberty the format gives, and to take them apart. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What to encode: records are objects by field name, maps objects, unions `null` or the value of the one other branch. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | Blocks
  | readonly Value[]
  | { readonly [key: string]: Value };

/** An array or map written as these blocks; `sized` ones have a negative count and their size in bytes. */
export class Blocks {
  readonly blocks: readonly { readonly items: readonly Value[]; readonly sized: boolean }[];
  constructor(...blocks: readonly { readonly items: readonly Value[]; readonly sized: boolean }[]) {
    this.blocks = blocks;
  }
}

export function long(value: number | bigint): Buffer {
  let u = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const out: number[] = [];
  for (; u >= 0x80n; u >>= 7n) out.push(Number(u & 0x7fn) | 0x80);
  return Buffer.from([...out, Number(u)]);
}

export function blob(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([long(bytes.length), bytes]);
}

/** Encodes one value. Named types are collected on the way, as a reader would. */
export function encode(type: Json, value: Value, names: Map<string, Json> = new Map()): Buffer {
  if (Array.isArray(type)) {
    const index = type.findIndex((branch: Json) => (value === null) === (branch === 'null'));
    // Branches that are passed over may define names.
    for (const branch of type) collect(branch, names);
    return Buffer.concat([long(index), encode(type[index], value, names)]);
  }
  if (typeof type === 'string') {
    const named = names.get(type);
    return named === undefined ? primitive(type, value) : encode(named, value, names);
  }
  const t = type as { readonly [key: string]: Json };
  collect(t, names);
  switch (t.type) {
    case 'record': {
      const record = value as { readonly [key: string]: Value };
      const fields = t.fields as readonly { readonly name: string; readonly type: Json }[];
      return Buffer.concat(fields.map((field) => encode(field.type, record[field.name] ?? null, names)));
    }
    case 'enum':
      return long((t.symbols as readonly Json[]).indexOf(value as string));
    case 'fixed':
      return value as Buffer;
    case 'array':
      return blocks(value, (item) => encode(t.items as Json, item, names));
    case 'map':
      return blocks(value instanceof Blocks ? value : Object.entries(value as object), (item) => {
        const [key, inner] = item as readonly [string, Value];
        return Buffer.concat([blob(key), encode(t.values as Json, inner, names)]);
      });
    default:
      return encode(t.type as Json, value, names);
  }
}

function collect(type: Json, names: Map<string, Json>): void {
  if (typeof type === 'object' && type !== null && 'name' in type && typeof type.name === 'string') names.set(type.name, type);
}

function primitive(type: string, value: Value): Buffer {
  switch (type) {
    case 'null':
      return Buffer.alloc(0);
    case 'boolean':
      return Buffer.from([value ? 1 : 0]);
    case 'int':
    case 'long':
      return long(value as bigint);
    case 'float': {
      const out = Buffer.alloc(4);
      out.writeFloatLE(value as number);
      return out;
    }
    case 'double': {
      const out = Buffer.alloc(8);
      out.writeDoubleLE(value as number);
      return out;
    }
    case 'bytes':
    case 'string':
      return blob(value as string);
    default:
      throw new Error(`no such type: ${type}`);
  }
}

function blocks(value: Value, item: (value: Value) => Buffer): Buffer {
  const list =
    value instanceof Blocks
      ? value.blocks
      : (value as readonly Value[]).length === 0
        ? []
        : [{ items: value as readonly Value[], sized: false }];
  const parts = list.map(({ items, sized }) => {
    const bytes = Buffer.concat(items.map(item));
    return sized ? Buffer.concat([long(-items.length), long(bytes.length), bytes]) : Buffer.concat([long(items.length), bytes]);
  });
  return Buffer.concat([...parts, long(0)]);
}

export const SYNC = Buffer.from('0123456789abcdef', 'latin1');

export interface FileSpec {
  readonly schema: Json | string;
  /** Records, by block. */
  readonly blocks: readonly (readonly Value[])[];
  readonly codec?: string;
  readonly meta?: { readonly [key: string]: string };
  /** How blocks are packed; default by `codec`. */
  readonly pack?: (data: Buffer) => Buffer;
  /** Writes the metadata as two blocks, the second with its size. */
  readonly splitMeta?: boolean;
}

export function packerOf(codec: string | undefined): (data: Buffer) => Buffer {
  if (codec === undefined || codec === 'null') return (data) => data;
  if (codec === 'deflate') return (data) => zlib.deflateRawSync(data);
  return () => {
    throw new Error(`give a packer for ${codec}`);
  };
}

/** An Avro file. */
export function file({ schema, blocks: list, codec, meta = {}, pack = packerOf(codec), splitMeta = false }: FileSpec): Buffer {
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
  const pairs = Object.entries({ ...meta, 'avro.schema': text, ...(codec === undefined ? {} : { 'avro.codec': codec }) });
  const pair = ([key, value]: readonly [string, string]) => Buffer.concat([blob(key), blob(value)]);
  const head = (pairs.length === 0 || !splitMeta ? pairs : pairs.slice(0, 1)).map(pair);
  const tail = splitMeta ? Buffer.concat(pairs.slice(1).map(pair)) : undefined;
  const parts = [Buffer.from('Obj\x01', 'latin1'), long(head.length), ...head];
  if (tail !== undefined) parts.push(long(1 - pairs.length), long(tail.length), tail);
  parts.push(long(0), SYNC);
  const parsed: Json = typeof schema === 'string' ? JSON.parse(schema) : schema;
  for (const records of list) {
    const data = pack(Buffer.concat(records.map((record) => encode(parsed, record))));
    parts.push(long(records.length), long(data.length), data, SYNC);
  }
  return Buffer.concat(parts);
}

export interface Parts {
  /** All of the header, sync marker included. */
  readonly header: Buffer;
  readonly meta: ReadonlyMap<string, string>;
  readonly blocks: readonly { readonly count: number; readonly data: Buffer }[];
}

/** Takes a file apart and unpacks its blocks. */
export function parts(bytes: Buffer, unpack?: (data: Buffer) => Buffer): Parts {
  let pos = 4;
  const read = () => {
    let u = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = bytes[pos++] as number;
      u |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) return Number((u >> 1n) ^ -(u & 1n));
    }
  };
  const take = () => {
    const n = read();
    pos += n;
    return bytes.subarray(pos - n, pos);
  };
  const meta = new Map<string, string>();
  for (let count = read(); count !== 0; count = read()) {
    if (count < 0) read();
    for (let i = 0; i < Math.abs(count); i++) meta.set(take().toString(), take().toString());
  }
  pos += 16;
  const header = bytes.subarray(0, pos);
  const codec = meta.get('avro.codec');
  const open = unpack ?? (codec === 'deflate' ? (data: Buffer) => zlib.inflateRawSync(data) : (data: Buffer) => data);
  const list: { count: number; data: Buffer }[] = [];
  while (pos < bytes.length) {
    const count = read();
    list.push({ count, data: open(take()) });
    pos += 16;
  }
  return { header, meta, blocks: list };
}
