/** Avro container files as values, and back: enough for manifests, lists and files of position deletes. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

class Reader {
  at = 0;
  constructor(bytes) {
    this.bytes = bytes;
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  long() {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(this.take(1)[0]);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
  }

  block() {
    return this.take(Number(this.long()));
  }
}

function encodeLong(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function encodeBlock(bytes) {
  return Buffer.concat([encodeLong(BigInt(bytes.length)), bytes]);
}

/** Records are objects, arrays (and maps of Iceberg) arrays, ints and longs bigint, everything of bytes a Buffer. */
function read(reader, schema) {
  if (Array.isArray(schema)) return read(reader, schema[Number(reader.long())]);
  switch (schema.type ?? schema) {
    case 'null':
      return null;
    case 'boolean':
      return reader.take(1)[0] === 1;
    case 'int':
    case 'long':
      return reader.long();
    case 'bytes':
      return reader.block();
    case 'string':
      return reader.block().toString('utf8');
    case 'record':
      return Object.fromEntries(schema.fields.map(({ name, type }) => [name, read(reader, type)]));
    case 'array': {
      const items = [];
      for (let count = reader.long(); count !== 0n; count = reader.long()) {
        if (count < 0n) reader.long();
        for (let n = count < 0n ? -count : count; n > 0n; n--) items.push(read(reader, schema.items));
      }
      return items;
    }
    default:
      throw new Error(`no reader for ${JSON.stringify(schema)}`);
  }
}

function write(schema, value, sized) {
  if (Array.isArray(schema)) {
    const branch = schema.findIndex((type) => (type === 'null') === (value === null || value === undefined));
    return Buffer.concat([encodeLong(BigInt(branch)), write(schema[branch], value, sized)]);
  }
  switch (schema.type ?? schema) {
    case 'null':
      return Buffer.alloc(0);
    case 'boolean':
      return Buffer.from([value ? 1 : 0]);
    case 'int':
    case 'long':
      return encodeLong(value);
    case 'bytes':
      return encodeBlock(value);
    case 'string':
      return encodeBlock(Buffer.from(value));
    case 'record':
      return Buffer.concat(schema.fields.map(({ name, type }) => write(type, value[name], sized)));
    case 'array': {
      const blocks = sized ? value.map((item) => [item]) : value.length > 0 ? [value] : [];
      const parts = blocks.flatMap((items) => {
        const data = Buffer.concat(items.map((item) => write(schema.items, item, sized)));
        const count = BigInt(items.length);
        return sized ? [encodeLong(-count), encodeBlock(data)] : [encodeLong(count), data];
      });
      return Buffer.concat([...parts, encodeLong(0n)]);
    }
    default:
      throw new Error(`no writer for ${JSON.stringify(schema)}`);
  }
}

/** @returns {{ header: Map<string, Buffer>, sync: Buffer, schema: any, records: any[] }} of a file without codec or with deflate */
export function readAvro(bytes) {
  const reader = new Reader(bytes);
  reader.take(4);
  const header = new Map();
  for (let count = reader.long(); count !== 0n; count = reader.long()) {
    for (let n = 0n; n < count; n++) header.set(reader.block().toString('utf8'), reader.block());
  }
  const sync = reader.take(16);
  const schema = JSON.parse(header.get('avro.schema').toString('utf8'));
  const codec = header.get('avro.codec')?.toString() ?? 'null';
  const records = [];
  while (reader.at < bytes.length) {
    const count = Number(reader.long());
    const data = reader.block();
    const block = new Reader(codec === 'deflate' ? inflateRawSync(data) : data);
    for (let n = 0; n < count; n++) records.push(read(block, schema));
    reader.take(16);
  }
  return { header, sync, schema, records };
}

const PACK = { null: (data) => data, deflate: (data) => deflateRawSync(data) };

/**
 * One block, in the codec that the header names, or another that `pack` knows. `sized`: each item of an array in a block of its own, which says its length.
 */
export function writeAvro({ header, sync, schema, records, sized = false }, pack = {}) {
  const entries = new Map([...header, ['avro.schema', Buffer.from(JSON.stringify(schema))]]);
  const packed = { ...PACK, ...pack }[entries.get('avro.codec')?.toString() ?? 'null'];
  const data = packed(Buffer.concat(records.map((record) => write(schema, record, sized))));
  const block = [encodeLong(BigInt(records.length)), encodeBlock(data), sync];
  return Buffer.concat([
    Buffer.from('Obj\x01'),
    encodeLong(BigInt(entries.size)),
    ...[...entries].flatMap(([key, value]) => [encodeBlock(Buffer.from(key)), encodeBlock(value)]),
    encodeLong(0n),
    sync,
    ...(records.length > 0 ? block : []),
  ]);
}
