import { expect } from 'vitest';
import type { LabWith } from '../../lab/lab.js';
import { sparkClient } from '../../lab/spark.js';
import type { Parts } from '../support.js';

type Row = { id: number; s: string | null };

/**
 * What engines do to a table: delete, merge, compact deletes and data, expire. Expects the rows that this should leave. Writes go through the
 * fenced catalog, which cannot read the source either; the expiry, like the DROP, through one that could delete there, so that it would show.
 */
export async function liveOn(lab: LabWith<Parts>, fenced: string, table: string, positionDeletes: boolean): Promise<void> {
  const full = `${fenced}.${table}`;
  const spark = sparkClient(lab);
  const rows = async (): Promise<Row[]> => {
    const found = await spark.sql(`SELECT id, s FROM ${full} ORDER BY id`);
    return found.rows.map(([id, s]) => ({ id: Number(id), s: s as string | null }));
  };
  const before = await rows();
  const ids = [...new Set(before.map(({ id }) => id))];
  const [gone, changed = 900_000] = ids;
  await spark.run(
    `DELETE FROM ${full} WHERE id = ${gone}`,
    `MERGE INTO ${full} t USING (SELECT explode(array(${changed}L, 900001L)) AS id) n ON t.id = n.id
       WHEN MATCHED THEN UPDATE SET s = 'merged' WHEN NOT MATCHED THEN INSERT (id, s) VALUES (n.id, 'new')`,
    ...(positionDeletes
      ? [`CALL ${fenced}.system.rewrite_position_delete_files(table => '${table}', options => map('rewrite-all', 'true'))`]
      : []),
  );
  const added = [changed, 900_001].filter((id) => !ids.includes(id)).map((id) => ({ id, s: 'new' }));
  const kept = before.filter(({ id }) => id !== gone).map((row) => (row.id === changed ? { ...row, s: 'merged' } : row));
  const left = [...kept, ...added];
  expect(await rows(), 'after DELETE, MERGE INTO, rewrite_position_delete_files').toEqual(left);
  await spark.run(
    `CALL ${fenced}.system.rewrite_data_files(table => '${table}', options => map('rewrite-all', 'true', 'delete-file-threshold', '1'))`,
    `CALL hms.system.expire_snapshots(table => '${table}', older_than => TIMESTAMP '2200-01-01 00:00:00', retain_last => 1)`,
  );
  expect(await rows(), 'after rewrite_data_files, expire_snapshots').toEqual(left);
}
