import { BcnError } from '../../errors.js';

/** A column of sd.cols: `comment` only where Iceberg has a doc. */
export interface HiveColumn {
  readonly name: string;
  readonly type: string;
  readonly comment?: string;
}

/** Iceberg primitives that have a Hive name; time and uuid have no type of their own there. */
const PRIMITIVES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int: 'int',
  long: 'bigint',
  float: 'float',
  double: 'double',
  date: 'date',
  time: 'string',
  timestamp: 'timestamp',
  timestamptz: 'timestamp with local time zone',
  string: 'string',
  uuid: 'string',
  binary: 'binary',
};

const MAX_DEPTH = 200;

/**
 * The columns that Iceberg's HiveSchemaUtil gives a schema (raw JSON, spec "Appendix C: Schemas").
 * Throws `unsupported` naming column and type where Hive has none (timestamp_ns, geometry, unknown, variant, …): Iceberg's own HiveCatalog cannot
 * register such a table either. It does map variant to `unknown`, and a real metastore (4.0.0) refuses that. Also for columns whose names differ in case alone: a metastore
 * stores them in lower case, under a unique key. Inside a struct they may. Throws `corrupt` when the text is no schema.
 */
export function hiveColumns(schemaJson: string): readonly HiveColumn[] {
  const seen = new Map<string, string>();
  return fieldsOf(parseObject(schemaJson, 'schema'), 'schema').map((field) => {
    const name = nameOf(field);
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) throw alike(twin, name);
    seen.set(name.toLowerCase(), name);
    const { doc } = field;
    return { name, type: hiveType(field.type, name, 0), ...(typeof doc === 'string' ? { comment: doc } : {}) };
  });
}

function hiveType(type: unknown, column: string, depth: number): string {
  if (depth > MAX_DEPTH) throw unsupported(column, 'a type nested this deeply');
  if (typeof type === 'string') return primitive(type, column);
  if (!isObject(type)) throw notA('type', column);
  const inner = (key: string) => hiveType(type[key], column, depth + 1);
  switch (type.type) {
    case 'struct':
      return `struct<${fieldsOf(type, column)
        .map((field) => `${nameOf(field)}:${hiveType(field.type, `${column}.${nameOf(field)}`, depth + 1)}`)
        .join(',')}>`;
    case 'list':
      return `array<${inner('element')}>`;
    case 'map':
      return `map<${inner('key')},${inner('value')}>`;
    default:
      throw unsupported(column, `the type ${String(type.type)}`);
  }
}

function primitive(type: string, column: string): string {
  const known = Object.hasOwn(PRIMITIVES, type) ? PRIMITIVES[type] : undefined;
  if (known !== undefined) return known;
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(type);
  if (decimal !== null) return `decimal(${decimal[1]},${decimal[2]})`;
  if (/^fixed\[\s*\d+\s*\]$/.test(type)) return 'binary';
  throw unsupported(column, `the type ${type}`);
}

/** Parses a small JSON document of table metadata; its numbers are never used, since the text itself is what is stored. */
export function parseObject(json: string, what: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new BcnError('corrupt', `The table's ${what} is not valid JSON`, { cause });
  }
  if (!isObject(parsed)) throw notA('JSON object', what);
  return parsed;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsOf(struct: Readonly<Record<string, unknown>>, where: string): readonly Readonly<Record<string, unknown>>[] {
  const { fields } = struct;
  if (!Array.isArray(fields) || !fields.every(isObject)) throw notA('list of fields', where);
  return fields;
}

function nameOf(field: Readonly<Record<string, unknown>>): string {
  if (typeof field.name !== 'string') throw notA('field name', 'schema');
  return field.name;
}

function notA(what: string, where: string): BcnError {
  return new BcnError('corrupt', `The table's schema has no valid ${what} at "${where}"`);
}

function unsupported(column: string, what: string): BcnError {
  return new BcnError('unsupported', `Column "${column}": Hive has no place for ${what}`, {
    hint: 'Restore into another kind of catalog (--catalog-type path), or drop the column from the table and back it up again.',
  });
}

function alike(first: string, second: string): BcnError {
  return new BcnError('unsupported', `Columns "${first}" and "${second}" are one to Hive, which keeps names in lower case`, {
    hint: 'Restore into another kind of catalog (--catalog-type path), or rename one of them in the table and back it up again.',
  });
}
