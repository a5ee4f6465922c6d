/** Readable construction of Thrift values, and checked reading of a struct's fields. */
import type { ThriftStruct, ThriftValue } from './struct.js';
import { ProtocolError, T } from './wire.js';

export function text(value: string): ThriftValue {
  return { type: T.STRING, value: Buffer.from(value, 'utf8') };
}

export function int32(value: number): ThriftValue {
  return { type: T.I32, value };
}

export function int64(value: bigint): ThriftValue {
  return { type: T.I64, value };
}

export function bool(value: boolean): ThriftValue {
  return { type: T.BOOL, value: value ? 1 : 0 };
}

export function struct(value: ThriftStruct): ThriftValue {
  return { type: T.STRUCT, value };
}

export function list(elementType: number, items: readonly ThriftValue[]): ThriftValue {
  return { type: T.LIST, value: { elementType, items } };
}

export function textMap(entries: Iterable<readonly [string, string]>): ThriftValue {
  const pairs = Array.from(entries, ([key, value]) => [text(key), text(value)] as const);
  return { type: T.MAP, value: { keyType: T.STRING, valueType: T.STRING, entries: pairs } };
}

/** A struct of the given fields; those that are undefined are left out. */
export function fields(entries: readonly (readonly [number, ThriftValue | undefined])[]): ThriftStruct {
  return new Map(entries.filter((entry): entry is readonly [number, ThriftValue] => entry[1] !== undefined));
}

/** What a value of one type holds. */
type Of<Type extends ThriftValue['type']> = ThriftValue extends infer Each
  ? Each extends { readonly type: infer Types; readonly value: infer Value }
    ? Type extends Types
      ? Value
      : never
    : never
  : never;

/** A field's value; undefined when absent. Throws ProtocolError when it has another type. */
function field<Type extends ThriftValue['type']>(from: ThriftStruct, id: number, type: Type): Of<Type> | undefined {
  const found = from.get(id);
  if (found === undefined) return undefined;
  if (found.type !== type) throw new ProtocolError(`field ${id} has type ${found.type} instead of ${type}`);
  return found.value as Of<Type>;
}

export function getText(from: ThriftStruct, id: number): string | undefined {
  return field(from, id, T.STRING)?.toString('utf8');
}

export function getInt32(from: ThriftStruct, id: number): number | undefined {
  return field(from, id, T.I32);
}

export function getInt64(from: ThriftStruct, id: number): bigint | undefined {
  return field(from, id, T.I64);
}

export function getStruct(from: ThriftStruct, id: number): ThriftStruct | undefined {
  return field(from, id, T.STRUCT);
}

/** A `map<string, string>`; empty when absent. */
export function getTextMap(from: ThriftStruct, id: number): ReadonlyMap<string, string> {
  const entries = field(from, id, T.MAP)?.entries ?? [];
  return new Map(entries.map(([key, value]) => [textOf(key), textOf(value)]));
}

/** The struct with these entries of its `map<string, string>` set, in their place or at the end; everything else byte for byte as it was. */
export function withTexts(from: ThriftStruct, id: number, changes: Readonly<Record<string, string>>): ThriftStruct {
  const entries = [...(field(from, id, T.MAP)?.entries ?? [])];
  for (const [key, value] of Object.entries(changes)) {
    const at = entries.findIndex(([each]) => textOf(each) === key);
    entries.splice(at < 0 ? entries.length : at, 1, [text(key), text(value)]);
  }
  return new Map(from).set(id, { type: T.MAP, value: { keyType: T.STRING, valueType: T.STRING, entries } });
}

/** A `list<string>`; empty when absent. */
export function getTextList(from: ThriftStruct, id: number): readonly string[] {
  return (field(from, id, T.LIST)?.items ?? []).map(textOf);
}

/** A `list<struct>`; empty when absent. */
export function getStructList(from: ThriftStruct, id: number): readonly ThriftStruct[] {
  return (field(from, id, T.LIST)?.items ?? []).map((item) => {
    if (item.type !== T.STRUCT) throw new ProtocolError(`a list holds type ${item.type} instead of structs`);
    return item.value;
  });
}

function textOf(value: ThriftValue): string {
  if (value.type !== T.STRING) throw new ProtocolError(`type ${value.type} instead of a string`);
  return value.value.toString('utf8');
}
