import { cannotHandle, damaged } from './errors.js';

/** A writer schema, as far as skipping needs it. Names, docs, defaults and logical types play no part. */
export type AvroType =
  | { readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string' }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'enum'; readonly symbols: number }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | AvroRecord;

export interface AvroRecord {
  readonly kind: 'record';
  /** Filled after construction, so that a record can contain itself. */
  readonly fields: readonly AvroField[];
}

export interface AvroField {
  /** Iceberg's `field-id`; undefined when the writer gave none. */
  readonly id: number | undefined;
  readonly type: AvroType;
}

type Kind = AvroType['kind'];
type Json = { readonly [key: string]: unknown };

const PRIMITIVES = new Set<string>(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);
const MAX_JSON_DEPTH = 300;

interface Named {
  readonly type: AvroType;
  /** The definition, to tell a harmless repetition from two different types of one name. */
  readonly text: string;
  ambiguous: boolean;
}

/**
 * Parses the text of `avro.schema`. Names are not validated: writers put column names with dots and emoji there.
 * A named type may be defined twice if both definitions are the same.
 *
 * @throws BcnError `corrupt` (not a schema), `unsupported` (ambiguous names)
 */
export function parseSchema(text: string): AvroType {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(`its schema is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (isDeeper(json, MAX_JSON_DEPTH)) throw cannotHandle(`its schema is nested deeper than ${MAX_JSON_DEPTH} levels`);
  return new Parser().parse(json, '');
}

/** Bounds every recursion below, JSON.stringify included. */
function isDeeper(json: unknown, levels: number): boolean {
  if (typeof json !== 'object' || json === null) return false;
  return levels === 0 || Object.values(json).some((value) => isDeeper(value, levels - 1));
}

class Parser {
  readonly #names = new Map<string, Named>();

  parse(json: unknown, namespace: string): AvroType {
    if (typeof json === 'string')
      return PRIMITIVES.has(json) ? ({ kind: json as Kind } as AvroType) : this.#reference(json, namespace);
    if (Array.isArray(json)) {
      if (json.length === 0) throw damaged('its schema has an empty union');
      return { kind: 'union', branches: json.map((branch) => this.parse(branch, namespace)) };
    }
    if (!isObject(json)) throw damaged('its schema holds something that is not a type');
    switch (json.type) {
      case 'record':
      case 'error':
        return this.#record(json, namespace);
      case 'enum': {
        if (!Array.isArray(json.symbols)) throw damaged('its schema has an enum without symbols');
        return this.#define(json, namespace, { kind: 'enum', symbols: json.symbols.length });
      }
      case 'fixed': {
        const size = json.size;
        if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
          throw damaged('its schema has a fixed type without a size');
        return this.#define(json, namespace, { kind: 'fixed', size });
      }
      case 'array':
        return { kind: 'array', items: this.parse(json.items, namespace) };
      case 'map':
        return { kind: 'map', values: this.parse(json.values, namespace) };
      default:
        return this.parse(json.type, namespace);
    }
  }

  #record(json: Json, namespace: string): AvroType {
    const list = json.fields;
    if (!Array.isArray(list)) throw damaged('its schema has a record without fields');
    const fields: AvroField[] = [];
    const type = this.#define(json, namespace, { kind: 'record', fields });
    const inner = namespaceOf(json, namespace);
    for (const field of list) {
      if (!isObject(field)) throw damaged('its schema has a field that is not an object');
      fields.push({ id: fieldId(field['field-id']), type: this.parse(field.type, inner) });
    }
    return type;
  }

  #define(json: Json, namespace: string, type: AvroType): AvroType {
    if (typeof json.name !== 'string') return type;
    const name = fullName(json, namespace);
    const text = JSON.stringify(json);
    const before = this.#names.get(name);
    const ambiguous = before !== undefined && (before.ambiguous || before.text !== text);
    this.#names.set(name, { type, text, ambiguous });
    return type;
  }

  #reference(name: string, namespace: string): AvroType {
    const named = (namespace === '' ? undefined : this.#names.get(`${namespace}.${name}`)) ?? this.#names.get(name);
    if (named === undefined) throw damaged(`its schema uses the type ${JSON.stringify(name)}, which it does not define`);
    if (named.ambiguous) throw cannotHandle(`its schema uses the type ${JSON.stringify(name)}, which it defines in two ways`);
    return named.type;
  }
}

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function fullName(json: Json, namespace: string): string {
  const name = json.name as string;
  const space = typeof json.namespace === 'string' ? json.namespace : namespace;
  return name.includes('.') || space === '' ? name : `${space}.${name}`;
}

/** The namespace that names inside this record inherit. */
function namespaceOf(json: Json, namespace: string): string {
  if (typeof json.name !== 'string') return namespace;
  const name = fullName(json, namespace);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(0, dot);
}

/** Iceberg's Java reader takes a number, or text that spells one. */
function fieldId(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'string' && /^-?\d{1,10}$/.test(value)) return Number(value);
  return undefined;
}
