/** Partition specs and sort orders for people (Iceberg specification, "Partitioning", "Sorting"). */
import { JsonObject } from './json/object.js';
import { ints, type TableSchema } from './schema.js';

/**
 * The fields of a partition spec: `region`, `day(ts) as ts_day`, `bucket[16](id) as id_bucket`. A column that the schema no longer has is `#5`.
 *
 * @param json text of a spec, or of a v1 table's bare list of fields; undefined = unpartitioned
 * @throws BcnError `corrupt`
 */
export function describeSpec(json: string | undefined, schema: TableSchema, name: string): readonly string[] {
  const fields: string[] = [];
  open(json, name)?.eachObject('fields', (field) => {
    const column = sources(field, schema);
    const transform = field.require('transform', field.string);
    const label = field.require('name', field.string);
    const what = transform === 'identity' ? column : `${transform}(${column})`;
    fields.push(what === label ? what : `${what} as ${label}`);
  });
  return fields;
}

/** The fields of a sort order: `region asc nulls first`, `bucket[4](id) desc nulls last`. */
export function describeOrder(json: string | undefined, schema: TableSchema, name: string): readonly string[] {
  const fields: string[] = [];
  open(json, name)?.eachObject('fields', (field) => {
    const column = sources(field, schema);
    const transform = field.require('transform', field.string);
    const what = transform === 'identity' ? column : `${transform}(${column})`;
    const nulls = field.require('null-order', field.string).replace('nulls-', 'nulls ');
    fields.push(`${what} ${field.require('direction', field.string)} ${nulls}`);
  });
  return fields;
}

function open(json: string | undefined, name: string): JsonObject | undefined {
  if (json === undefined) return undefined;
  return JsonObject.parse(Buffer.from(json.startsWith('[') ? `{"fields":${json}}` : json), name);
}

/** v3 transforms may have several sources. */
function sources(field: JsonObject, schema: TableSchema): string {
  const several = field.raw('source-ids');
  const ids = several === undefined ? [Number(field.require('source-id', field.int64))] : ints(several);
  return ids.map((id) => schema.columns.find((column) => column.id === id)?.path ?? `#${id}`).join(', ');
}
