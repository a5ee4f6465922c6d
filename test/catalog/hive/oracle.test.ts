import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeStruct, encodeStruct, type ThriftStruct, type ThriftValue } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { structs } from './arbitrary.js';
import { type Protocol, thrift, thriftEncode } from './oracle.js';

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
