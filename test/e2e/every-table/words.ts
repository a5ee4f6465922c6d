import type { Making } from './making.js';

interface Shape {
  readonly columns?: string;
  /** After the columns, such as `PARTITIONED BY (s)`. */
  readonly rest?: string;
  readonly location?: string;
}

export function create(
  making: Making,
  version: number,
  properties: Readonly<Record<string, string>> = {},
  shape: Shape = {},
): string {
  const { columns = 'id bigint, s string', rest = '', location = making.location } = shape;
  const all = { 'format-version': String(version), ...MERGE_ON_READ, ...properties };
  const list = Object.entries(all).map(([key, value]) => `'${key}' = '${value}'`);
  return `CREATE TABLE ${making.full} (${columns}) USING iceberg ${rest} LOCATION '${location}' TBLPROPERTIES (${list.join(', ')})`;
}

const MERGE_ON_READ = {
  'write.delete.mode': 'merge-on-read',
  'write.update.mode': 'merge-on-read',
  'write.merge.mode': 'merge-on-read',
};

/** One file of rows (id, 's<id>'). */
export function insert({ full }: Making, ...ids: readonly number[]): string {
  return insertRows(full, ...ids.map((id) => `(${id}L, 's${id}')`));
}

/** One file of these rows, or one for each partition. */
export function insertRows(table: string, ...rows: readonly string[]): string {
  return `INSERT INTO ${table} SELECT /*+ COALESCE(1) */ * FROM VALUES ${rows.join(', ')}`;
}

export const remove = ({ full }: Making, ...ids: readonly number[]): string =>
  `DELETE FROM ${full} WHERE id IN (${ids.join(', ')})`;

export const set = ({ full }: Making, property: string, value: string): string =>
  `ALTER TABLE ${full} SET TBLPROPERTIES ('${property}' = '${value}')`;

/** A procedure of Iceberg on the table. */
export const call = ({ table }: Making, procedure: string, more = ''): string =>
  `CALL hms.system.${procedure}(table => '${table}'${more && `, ${more}`})`;

export const EXPIRE_ALL_BUT = (n: number): string => `older_than => TIMESTAMP '2200-01-01 00:00:00', retain_last => ${n}`;
export const REWRITE_ALL = "options => map('rewrite-all', 'true')";
