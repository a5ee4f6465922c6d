/** A schema for people and comparisons: its columns by field id (Iceberg specification, "Schemas and Data Types"). */
import { JsonObject } from './json/object.js';

export interface SchemaColumn {
  /** Field id. */
  readonly id: number;
  readonly name: string;
  /** Names from the top, joined by dots; inside of lists and maps `element`, `key`, `value`. */
  readonly path: string;
  /** Field id of the column that it is in; undefined at the top. */
  readonly parent: number | undefined;
  /** Without spaces: `long`, `decimal(9,2)`; of nested ones `struct`, `list`, `map`. */
  readonly type: string;
  readonly required: boolean;
  readonly doc: string | undefined;
  /** JSON text, as it stands in the file. */
  readonly initialDefault: string | undefined;
  readonly writeDefault: string | undefined;
}

export interface TableSchema {
  /** undefined in some v1 tables. */
  readonly id: number | undefined;
  /** Depth first, in order. */
  readonly columns: readonly SchemaColumn[];
  /** Field ids of the columns that identify a row, ascending. */
  readonly identifiers: readonly number[];
}

/**
 * @param json text of a schema
 * @param name what errors call it
 * @throws BcnError `corrupt`
 */
export function readSchema(json: string, name: string): TableSchema {
  const root = JsonObject.parse(Buffer.from(json), name);
  const columns: SchemaColumn[] = [];
  readFields(root, undefined, '', columns);
  const id = root.int64('schema-id');
  return { id: id === undefined ? undefined : Number(id), columns, identifiers: ints(root.raw('identifier-field-ids')) };
}

/** The integers of a JSON array of such, ascending. */
export function ints(json: string | undefined): readonly number[] {
  return (json?.match(/-?\d+/g) ?? []).map(Number).sort((a, b) => a - b);
}

type Parent = Pick<SchemaColumn, 'id' | 'path'> | undefined;

function readFields(struct: JsonObject, parent: Parent, path: string, out: SchemaColumn[]): void {
  struct.eachObject('fields', (field) => {
    const name = field.require('name', field.string);
    const column = {
      id: Number(field.require('id', field.int64)),
      name,
      path: path === '' ? name : `${path}.${name}`,
      parent: parent?.id,
      required: field.raw('required') === 'true',
      doc: field.string('doc'),
      initialDefault: field.raw('initial-default'),
      writeDefault: field.raw('write-default'),
    };
    readType(field, 'type', column, out);
  });
}

/** Adds a column with the type that `owner[key]` gives, and what is inside of it. */
function readType(owner: JsonObject, key: string, column: Omit<SchemaColumn, 'type'>, out: SchemaColumn[]): void {
  if (!owner.raw(key)?.startsWith('{')) {
    out.push({ ...column, type: owner.require(key, owner.string).replace(/\s+/g, '') });
    return;
  }
  const nested = owner.require(key, owner.object);
  const type = nested.require('type', nested.string);
  out.push({ ...column, type });
  if (type === 'struct') readFields(nested, column, column.path, out);
  if (type === 'list') readPart(nested, 'element', column, out);
  if (type === 'map') {
    readPart(nested, 'key', column, out);
    readPart(nested, 'value', column, out);
  }
}

/** `element`, `key` or `value`, a column without a name of its own. */
function readPart(nested: JsonObject, part: 'element' | 'key' | 'value', parent: NonNullable<Parent>, out: SchemaColumn[]): void {
  const column = {
    id: Number(nested.require(`${part}-id`, nested.int64)),
    name: part,
    path: `${parent.path}.${part}`,
    parent: parent.id,
    required: part === 'key' || nested.raw(`${part}-required`) === 'true',
    doc: undefined,
    initialDefault: undefined,
    writeDefault: undefined,
  };
  readType(nested, part, column, out);
}
