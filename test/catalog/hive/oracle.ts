import { createRequire } from 'node:module';
import type { ThriftStruct, ThriftValue } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';

/** The slice of npm `thrift` that its generated code uses; the package has no types. */
export interface Protocol {
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
export const thrift = createRequire(import.meta.url)('thrift') as Thrift;

/** A struct as npm `thrift` writes it. */
export function thriftEncode(value: ThriftStruct): Buffer {
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
