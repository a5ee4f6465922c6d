import type { LabWith } from '../../lab/lab.js';
import { type Properties, pyicebergClient } from '../../lab/pyiceberg.js';
import { sparkClient } from '../../lab/spark.js';
import type { Parts } from '../support.js';

/** What Spark says of a table, so that two tables can be compared. */
export interface Answers {
  /** Rows as JSON, sorted; by what was asked: `snapshot <id>`, `ref <name>`, `current`, `history`, `refs`, `snapshots`, `entries`. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly schema: readonly unknown[];
  readonly properties: Readonly<Record<string, string>>;
}

/** Of every entry of every manifest: what decides which deletes apply to it. A restore writes position deletes in ORC as Parquet. */
const ENTRY = [
  'status, snapshot_id, sequence_number, file_sequence_number',
  'data_file.content, data_file.record_count, data_file.equality_ids, data_file.spec_id',
  "if(data_file.content = 1 AND data_file.file_format = 'ORC', 'PARQUET', data_file.file_format) AS format",
].join(', ');

/**
 * Every row of every snapshot and ref, and what the metadata tables say. One statement, since each has its price; time travel is what
 * `history` says, since every snapshot is read anyway.
 */
export async function answersOf(lab: LabWith<Parts>, catalog: string, table: string): Promise<Answers> {
  const spark = sparkClient(lab);
  const full = `${catalog}.${table}`;
  const known = await spark.sql(`SHOW TBLPROPERTIES ${full}`);
  const properties = Object.fromEntries(known.rows) as Record<string, string>;
  const names = `SELECT snapshot_id AS id, null AS ref FROM ${full}.snapshots UNION ALL SELECT null, name FROM ${full}.refs`;
  const named = (await spark.sql(names)).rows;
  const ids = named.flatMap(([id]) => (id === null ? [] : [String(id)]));
  const refs = named.flatMap(([, ref]) => (ref === null || ref === 'main' ? [] : [String(ref)]));
  const lineage = properties['format-version'] === '3' ? ', _row_id, _last_updated_sequence_number' : '';
  const asked: [string, string, string][] = [
    ['current', `*${lineage}`, full],
    ...ids.map((id): [string, string, string] => [`snapshot ${id}`, `*${lineage}`, `${full} VERSION AS OF ${id}`]),
    ...refs.map((ref): [string, string, string] => [`ref ${ref}`, `*${lineage}`, `${full} VERSION AS OF '${ref}'`]),
    ['history', '*', `${full}.history`],
    ['refs', '*', `${full}.refs`],
    ['snapshots', 'committed_at, snapshot_id, parent_id, operation, summary', `${full}.snapshots`],
    ['entries', ENTRY, `${full}.all_entries`],
  ];
  const json = (columns: string) => `to_json(struct(${columns}), map('ignoreNullFields', 'false'))`;
  const union = asked.map(([what, columns, from]) => `SELECT '${what}' AS what, ${json(columns)} AS row FROM ${from}`);
  const rows: Record<string, string[]> = Object.fromEntries(asked.map(([what]) => [what, []]));
  for (const [what, row] of (await spark.sql(union.join(' UNION ALL '))).rows) rows[String(what)]?.push(String(row));
  for (const found of Object.values(rows)) found.sort();
  const schema = (await spark.sql(`DESCRIBE ${full}`)).rows;
  return { rows, schema, properties: withoutPlace(properties) };
}

/** Properties that the restored table has as well: not its identity, and not its places, which the walk over its paths looks at. */
function withoutPlace(properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).filter(([key]) => !['uuid', 'current-snapshot-id'].includes(key) && !/^write\..*path$/.test(key)),
  );
}

/** Every row of every snapshot as pyiceberg reads it, by its id. */
export async function pyicebergAnswers(
  lab: LabWith<Parts>,
  properties: Properties,
  table: string,
  ids: readonly string[],
): Promise<Record<string, readonly string[]>> {
  const pyiceberg = pyicebergClient(lab);
  const read = async (id: string) => {
    const { rows } = await pyiceberg.scan(properties, table, BigInt(id));
    return [id, rows.map((row) => JSON.stringify(row))] as const;
  };
  return Object.fromEntries(await Promise.all(ids.map(read)));
}

export const snapshotIds = ({ rows }: Answers): string[] =>
  Object.keys(rows).flatMap((what) => (what.startsWith('snapshot ') ? [what.slice('snapshot '.length)] : []));
