import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeStruct, encodeStruct, type ThriftStruct, type ThriftValue } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { structs } from './arbitrary.js';

/** The slice of npm `thrift` that its generated code uses; the package has no types. */
interface Protocol {
  writeStructBegin(name: string): void;
  writeFieldBegin(name: string, type: number, id: number): void;
  writeFieldStop(): void;
  writeBool(value: boolean): void;
  writeByte(value: number): void;
  writeI16(value: number): void;
  writeI32(value: number): void;
  writeI64(value: unknown): void;
  writeDouble(value: number): void;
  writeBinary(value: Buffer): void;
  writeMapBegin(keyType: number, valueType: number, size: number): void;
  writeListBegin(elementType: number, size: number): void;
  writeSetBegin(elementType: number, size: number): void;
  readFieldBegin(): { ftype: number; fid: number };
  readByte(): number;
  readI16(): number;
  readI32(): number;
  readI64(): { buffer: Buffer; offset: number };
  readDouble(): number;
  readBinary(): Buffer;
  readMapBegin(): { ktype: number; vtype: number; size: number };
  readListBegin(): { etype: number; size: number };
  readSetBegin(): { etype: number; size: number };
  flush(): void;
}
interface Thrift {
  readonly TBinaryProtocol: new (transport: object) => Protocol;
  readonly TFramedTransport: { new (inBuffer: Buffer, onFlush?: (framed: Buffer) => void): object };
  readonly Int64: new (buffer: Buffer) => unknown;
}
const thrift = createRequire(import.meta.url)('thrift') as Thrift;

test('what thrift writes we read, and write alike', () => {
  fc.assert(
    fc.property(structs(), (value) => {
      const bytes = thriftEncode(value);
      expect(decodeStruct(bytes)).toEqual(value);
      expect(encodeStruct(decodeStruct(bytes))).toEqual(bytes);
    }),
    { numRuns: 300 },
  );
});

test('what we write thrift reads', () => {
  fc.assert(
    fc.property(structs(), (value) => {
      const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(encodeStruct(value)));
      expect(readStruct(protocol)).toEqual(value);
    }),
    { numRuns: 300 },
  );
});

function thriftEncode(value: ThriftStruct): Buffer {
  let framed: Buffer = Buffer.alloc(0);
  const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(Buffer.alloc(0), (bytes) => (framed = bytes)));
  writeStruct(protocol, value);
  protocol.flush();
  return framed.subarray(4);
}

function writeStruct(protocol: Protocol, value: ThriftStruct): void {
  protocol.writeStructBegin('');
  for (const [id, field] of value) {
    protocol.writeFieldBegin('', field.type, id);
    write(protocol, field);
  }
  protocol.writeFieldStop();
}

function write(protocol: Protocol, field: ThriftValue): void {
  switch (field.type) {
    case T.BOOL:
    case T.BYTE:
      protocol.writeByte(field.value);
      break;
    case T.I16:
      protocol.writeI16(field.value);
      break;
    case T.I32:
      protocol.writeI32(field.value);
      break;
    case T.I64: {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(field.value);
      protocol.writeI64(new thrift.Int64(bytes));
      break;
    }
    case T.DOUBLE:
      protocol.writeDouble(field.value.readDoubleBE());
      break;
    case T.STRING:
      protocol.writeBinary(field.value);
      break;
    case T.STRUCT:
      writeStruct(protocol, field.value);
      break;
    case T.MAP: {
      const { keyType, valueType, entries } = field.value;
      protocol.writeMapBegin(keyType, valueType, entries.length);
      for (const pair of entries) for (const each of pair) write(protocol, each);
      break;
    }
    default: {
      const { elementType, items } = field.value;
      if (field.type === T.LIST) protocol.writeListBegin(elementType, items.length);
      else protocol.writeSetBegin(elementType, items.length);
      for (const each of items) write(protocol, each);
    }
  }
}

function readStruct(protocol: Protocol): ThriftStruct {
  const read = new Map<number, ThriftValue>();
  for (let field = protocol.readFieldBegin(); field.ftype !== 0; field = protocol.readFieldBegin()) {
    read.set(field.fid, readValue(protocol, field.ftype));
  }
  return read;
}

function readValue(protocol: Protocol, type: number): ThriftValue {
  switch (type) {
    case T.BOOL:
    case T.BYTE:
      return { type, value: protocol.readByte() };
    case T.I16:
      return { type, value: protocol.readI16() };
    case T.I32:
      return { type, value: protocol.readI32() };
    case T.I64: {
      const { buffer, offset } = protocol.readI64();
      return { type, value: buffer.readBigInt64BE(offset) };
    }
    case T.DOUBLE: {
      const value = Buffer.alloc(8);
      value.writeDoubleBE(protocol.readDouble());
      return { type, value };
    }
    case T.STRUCT:
      return { type, value: readStruct(protocol) };
    case T.MAP: {
      const { ktype, vtype, size } = protocol.readMapBegin();
      const entries = Array.from({ length: size }, () => [readValue(protocol, ktype), readValue(protocol, vtype)] as const);
      return { type, value: { keyType: ktype, valueType: vtype, entries } };
    }
    case T.LIST:
    case T.SET: {
      const { etype, size } = type === T.LIST ? protocol.readListBegin() : protocol.readSetBegin();
      return { type, value: { elementType: etype, items: Array.from({ length: size }, () => readValue(protocol, etype)) } };
    }
    default:
      return { type: T.STRING, value: Buffer.from(protocol.readBinary()) };
  }
}
