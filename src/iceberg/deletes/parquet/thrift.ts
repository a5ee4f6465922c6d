import { damaged } from '../errors.js';

/** Types of the Thrift compact protocol. */
const T = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const;

/** Nesting that no Parquet metadata has. */
const MAX_DEPTH = 32;

/** Thrown when a structure goes on behind the bytes at hand. */
export class EndOfBytes extends Error {}

/**
 * Reads structures of the Thrift compact protocol (thrift-compact-protocol.md of Thrift 0.24) from bytes, front to back. Never reads behind their
 * end, allocates nothing but what is asked for, and does work in proportion to the bytes.
 *
 * Not the reader of hyparquet: that one allocates a list before it has seen its elements, and takes a number of any length.
 */
export class ThriftReader {
  readonly #bytes: Buffer;
  #pos: number;
  #depth = 0;

  constructor(bytes: Buffer, pos = 0) {
    this.#bytes = bytes;
    this.#pos = pos;
  }

  get pos(): number {
    return this.#pos;
  }

  /**
   * Reads a structure. `field` is called with each field's id and type and must consume the value: with one of the methods below,
   * or by returning false, which skips it.
   */
  struct(field: (id: number, type: number) => boolean): void {
    if (++this.#depth > MAX_DEPTH) throw damaged('its metadata nests too deep');
    let id = 0;
    for (;;) {
      const byte = this.#byte();
      if (byte === 0) break;
      const delta = byte >>> 4;
      id = delta === 0 ? this.#zigZag() : id + delta;
      if (!field(id, byte & 15)) this.#skip(byte & 15);
    }
    this.#depth--;
  }

  /** A structure as the value of a field or element of this type. */
  structField(type: number, field: (id: number, type: number) => boolean): void {
    expect(type, T.struct);
    this.struct(field);
  }

  /** A list: `element` is called for each, and must consume it. */
  list(type: number, element: (type: number) => void): void {
    expect(type, T.list);
    const { count, element: kind } = this.#listHead();
    for (let i = 0; i < count; i++) element(kind);
  }

  /** An int16, int32 or int64 that must be a safe integer: sizes, counts, offsets. */
  integer(type: number): number {
    if (type < T.i16 || type > T.i64) throw damaged(`its metadata has type ${type} in place of an integer`);
    return this.#zigZag();
  }

  boolean(type: number): boolean {
    if (type !== T.true && type !== T.false) throw damaged(`its metadata has type ${type} in place of a boolean`);
    return type === T.true;
  }

  /** A view of the bytes. */
  binary(type: number): Buffer {
    expect(type, T.binary);
    const length = this.#unsigned();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, this.#pos);
  }

  #skip(type: number): void {
    switch (type) {
      case T.true:
      case T.false:
        return;
      case T.byte:
        this.#advance(1);
        return;
      case T.i16:
      case T.i32:
      case T.i64:
        for (let i = 0; this.#byte() >= 0x80; i++) if (i === 9) throw damaged('its metadata has a number of more than 10 bytes');
        return;
      case T.double:
        this.#advance(8);
        return;
      case T.binary:
        this.#advance(this.#unsigned());
        return;
      case T.list:
      case T.set: {
        const { count, element } = this.#listHead();
        this.#nested(() => {
          for (let i = 0; i < count; i++) this.#skipElement(element);
        });
        return;
      }
      case T.map: {
        const count = this.#unsigned();
        if (count === 0) return;
        const kinds = this.#byte();
        if (count > this.#bytes.length - this.#pos) throw new EndOfBytes();
        this.#nested(() => {
          for (let i = 0; i < count; i++) {
            this.#skipElement(kinds >>> 4);
            this.#skipElement(kinds & 15);
          }
        });
        return;
      }
      case T.struct:
        this.struct(() => false);
        return;
      default:
        throw damaged(`its metadata has the unknown type ${type}`);
    }
  }

  #nested(work: () => void): void {
    if (++this.#depth > MAX_DEPTH) throw damaged('its metadata nests too deep');
    work();
    this.#depth--;
  }

  /** Booleans take a byte in lists and maps. */
  #skipElement(type: number): void {
    this.#skip(type === T.true || type === T.false ? T.byte : type);
  }

  #listHead(): { readonly count: number; readonly element: number } {
    const byte = this.#byte();
    const count = byte >>> 4 === 15 ? this.#unsigned() : byte >>> 4;
    // Every element has at least one byte.
    if (count > this.#bytes.length - this.#pos) throw new EndOfBytes();
    return { count, element: byte & 15 };
  }

  #byte(): number {
    const byte = this.#bytes[this.#pos];
    if (byte === undefined) throw new EndOfBytes();
    this.#pos++;
    return byte;
  }

  #advance(bytes: number): number {
    if (bytes > this.#bytes.length - this.#pos) throw new EndOfBytes();
    const start = this.#pos;
    this.#pos += bytes;
    return start;
  }

  #unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw damaged('its metadata has a number out of range');
  }

  #zigZag(): number {
    const value = this.#unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

function expect(type: number, wanted: number): void {
  if (type !== wanted) throw damaged(`its metadata has type ${type} in place of ${wanted}`);
}
