import fc from 'fast-check';
import type { ThriftStruct, ThriftValue } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
// Without NaN, whose payload the oracle's JavaScript numbers may not keep, and without -0, whose sign npm `thrift` loses.
const eight = fc.double({ noNaN: true }).map((value) => {
  const double = Buffer.alloc(8);
  double.writeDoubleBE(value === 0 ? 0 : value);
  return double;
});
const ids = fc.integer({ min: -32768, max: 32767 });

/** Any value of a type, containers and structs included up to `depth`. */
function anyOf(type: number, depth: number): fc.Arbitrary<ThriftValue> {
  switch (type) {
    case T.BOOL:
    case T.BYTE:
      return fc.integer({ min: -128, max: 127 }).map((value) => ({ type, value }));
    case T.I16:
      return ids.map((value) => ({ type, value }));
    case T.I32:
      return fc.integer().map((value) => ({ type, value }));
    case T.I64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type, value }));
    case T.DOUBLE:
      return eight.map((value) => ({ type, value }));
    case T.STRUCT:
      return structs(depth - 1).map((value) => ({ type: T.STRUCT, value }));
    case T.MAP:
      return fc
        .tuple(types(depth - 1), types(depth - 1))
        .chain(([keyType, valueType]) =>
          fc
            .array(fc.tuple(anyOf(keyType, depth - 1), anyOf(valueType, depth - 1)), { maxLength: 4 })
            .map((entries) => ({ type: T.MAP, value: { keyType, valueType, entries } })),
        );
    case T.LIST:
    case T.SET:
      return types(depth - 1).chain((elementType) =>
        fc.array(anyOf(elementType, depth - 1), { maxLength: 4 }).map((items) => ({ type, value: { elementType, items } })),
      );
    default:
      return bytes.map((value) => ({ type: T.STRING, value }));
  }
}

function types(depth: number): fc.Arbitrary<number> {
  const simple = [T.BOOL, T.BYTE, T.I16, T.I32, T.I64, T.DOUBLE, T.STRING];
  return fc.constantFrom<number>(...simple, ...(depth > 0 ? [T.STRUCT, T.MAP, T.SET, T.LIST] : []));
}

/** Any struct, fields in any order. */
export function structs(depth = 3): fc.Arbitrary<ThriftStruct> {
  const field = fc.tuple(
    ids,
    types(depth).chain((type) => anyOf(type, depth)),
  );
  return fc.uniqueArray(field, { maxLength: 5, selector: ([id]) => id }).map((entries) => new Map(entries));
}
