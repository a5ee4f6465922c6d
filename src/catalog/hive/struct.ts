import { ProtocolError, StructScanner, T } from './wire.js';

/**
 * Any Thrift struct, losslessly: fields in the order they came, unknown ones kept, strings as bytes (they need not be UTF-8), doubles as
 * their 8 bytes, containers with their declared element types. `encodeStruct(decodeStruct(bytes))` gives `bytes`.
 */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

export type ThriftValue =
  | { readonly type: typeof T.BOOL | typeof T.BYTE | typeof T.I16 | typeof T.I32; readonly value: number }
  | { readonly type: typeof T.I64; readonly value: bigint }
  | { readonly type: typeof T.DOUBLE | typeof T.STRING; readonly value: Buffer }
  | { readonly type: typeof T.STRUCT; readonly value: ThriftStruct }
  | { readonly type: typeof T.MAP; readonly value: ThriftMap }
  | { readonly type: typeof T.LIST | typeof T.SET; readonly value: ThriftList };

interface ThriftMap {
  readonly keyType: number;
  readonly valueType: number;
  readonly entries: readonly (readonly [ThriftValue, ThriftValue])[];
}

interface ThriftList {
  readonly elementType: number;
  readonly items: readonly ThriftValue[];
}

/** Decodes exactly one struct. Throws ProtocolError for anything else: truncated, trailing bytes, a field that occurs twice, limits of wire.ts. */
export function decodeStruct(bytes: Buffer): ThriftStruct {
  const scanner = new StructScanner();
  if (!scanner.advance(bytes, bytes.length)) throw new ProtocolError('the struct ends too early');
  if (scanner.position !== bytes.length) throw new ProtocolError(`${bytes.length - scanner.position} bytes follow the struct`);
  return new Decoder(bytes).struct();
}

/** Decodes the struct of `bytes[start, end)` that a StructScanner has walked already. */
export function decodeScanned(bytes: Buffer, start: number, end: number): ThriftStruct {
  return new Decoder(bytes.subarray(start, end)).struct();
}

/** Reads bytes that the scanner found sound: types, sizes and depth are not judged again. */
class Decoder {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  struct(): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    for (let type = this.#i8(); type !== 0; type = this.#i8()) {
      const id = this.#i16();
      if (fields.has(id)) throw new ProtocolError(`field ${id} occurs twice in a struct`);
      fields.set(id, this.#value(type));
    }
    return fields;
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case T.BOOL:
      case T.BYTE:
        return { type, value: this.#i8() };
      case T.I16:
        return { type, value: this.#i16() };
      case T.I32:
        return { type, value: this.#i32() };
      case T.I64:
        this.#at += 8;
        return { type, value: this.#bytes.readBigInt64BE(this.#at - 8) };
      case T.DOUBLE:
        return { type, value: this.#take(8) };
      case T.STRING:
        return { type, value: this.#take(this.#i32()) };
      case T.STRUCT:
        return { type, value: this.struct() };
      case T.MAP: {
        const [keyType, valueType, count] = [this.#i8(), this.#i8(), this.#i32()];
        const entries = Array.from({ length: count }, () => [this.#value(keyType), this.#value(valueType)] as const);
        return { type, value: { keyType, valueType, entries } };
      }
      case T.SET:
      case T.LIST: {
        const [elementType, count] = [this.#i8(), this.#i32()];
        return { type, value: { elementType, items: Array.from({ length: count }, () => this.#value(elementType)) } };
      }
      default:
        throw new ProtocolError(`unknown type ${type}`);
    }
  }

  #i8(): number {
    this.#at += 1;
    return this.#bytes.readInt8(this.#at - 1);
  }

  #i16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  #i32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  #take(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** The struct's bytes, stop byte included. */
export function encodeStruct(struct: ThriftStruct): Buffer {
  const parts: Buffer[] = [];
  writeStruct(struct, parts);
  return Buffer.concat(parts);
}

function writeStruct(struct: ThriftStruct, out: Buffer[]): void {
  for (const [id, field] of struct) {
    out.push(int(field.type, 1), int(id, 2));
    writeValue(field, out);
  }
  out.push(int(0, 1));
}

function writeValue(field: ThriftValue, out: Buffer[]): void {
  switch (field.type) {
    case T.BOOL:
    case T.BYTE:
      out.push(int(field.value, 1));
      break;
    case T.I16:
      out.push(int(field.value, 2));
      break;
    case T.I32:
      out.push(int(field.value, 4));
      break;
    case T.I64: {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigInt64BE(field.value);
      out.push(bytes);
      break;
    }
    case T.DOUBLE:
      out.push(field.value);
      break;
    case T.STRING:
      out.push(int(field.value.length, 4), field.value);
      break;
    case T.STRUCT:
      writeStruct(field.value, out);
      break;
    case T.MAP:
      out.push(int(field.value.keyType, 1), int(field.value.valueType, 1), int(field.value.entries.length, 4));
      for (const entry of field.value.entries) for (const value of entry) writeValue(value, out);
      break;
    default:
      out.push(int(field.value.elementType, 1), int(field.value.items.length, 4));
      for (const value of field.value.items) writeValue(value, out);
  }
}

function int(value: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeIntBE(value, 0, size);
  return bytes;
}
