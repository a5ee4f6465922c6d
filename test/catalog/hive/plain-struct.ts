import type { ThriftStruct, ThriftValue } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';

/** A struct as plain values that can be compared: field id → value. Maps are sorted, since a server keeps no order in them. */
export function plainStruct(from: ThriftStruct): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...from].map(([id, value]) => [String(id), plainValue(value)]));
}

function plainValue(field: ThriftValue): unknown {
  switch (field.type) {
    case T.STRUCT:
      return plainStruct(field.value);
    case T.MAP: {
      const entries = field.value.entries.map((entry) => entry.map(plainValue));
      return entries.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    }
    case T.LIST:
    case T.SET:
      return field.value.items.map(plainValue);
    case T.STRING:
      return field.value.toString('utf8');
    case T.DOUBLE:
      return field.value.toString('hex');
    case T.I64:
      return String(field.value);
    default:
      return field.value;
  }
}
