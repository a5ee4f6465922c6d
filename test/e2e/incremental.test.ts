import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { listing } from './buckets.js';
import { Bcn, sparkAnswers, unique } from './support.js';

describeWith(['s3', 'hms', 'spark', 'pyiceberg'], 'what Spark does to a table between two backups', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('between');
  const repository = unique('between-repo').replaceAll('_', '-');
  const bcn = new Bcn(lab, repository);
  const table = `${database}.t`;

  beforeAll(async () => {
    await makeBucket(lab, repository);
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${table} (id bigint, v string) USING iceberg TBLPROPERTIES ('commit.manifest.min-count-to-merge'='4')`,
      ...[1, 2, 3].map((n) => `INSERT INTO hms.${table} VALUES (${n}, 'v${n}')`),
    );
    await bcn.backup(table, 'base');
  });
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  const stored = async () =>
    Object.keys(await listing(lab, repository, 'runs/')).filter((key) => key.includes('/data/') && key.endsWith('.parquet'));
  const live = async () => {
    const { rows } = await spark.sql(`SELECT count(DISTINCT file_path) FROM hms.${table}.all_data_files`);
    return Number(rows[0]?.[0]);
  };

  test.each([
    ['append that merges manifests', [`INSERT INTO hms.${table} VALUES (4, 'v4')`], 1],
    ['rewrite_manifests', [`CALL hms.system.rewrite_manifests('${table}')`], 0],
    ['compaction', [`CALL hms.system.rewrite_data_files(table => '${table}', options => map('rewrite-all', 'true'))`], 1],
    ['delete', [`INSERT INTO hms.${table} VALUES (5, 'v5')`, `DELETE FROM hms.${table} WHERE id = 5`], 1],
    [
      'expire',
      [`CALL hms.system.expire_snapshots(table => '${table}', older_than => TIMESTAMP '2999-01-01 00:00:00', retain_last => 1)`],
      0,
    ],
    [
      'SET LOCATION',
      [`ALTER TABLE hms.${table} SET LOCATION 's3://warehouse/${database}-moved/t'`, `INSERT INTO hms.${table} VALUES (6, 'v6')`],
      1,
    ],
  ] as const)('%s: only what is new is copied', async (what, changes, fresh) => {
    const before = await stored();
    await spark.run(...changes);
    const name = what.replaceAll(/\W/g, '-');
    const { backup } = (await bcn.backup(table, name)) as { backup: { tables: readonly { files: object }[] } };
    expect(backup.tables[0]?.files).toEqual({ total: await live(), new: fresh });
    expect(await stored()).toHaveLength(before.length + fresh);
    await bcn.ok(['verify', name, '--read-data']);
  });

  test('the table that moved comes back whole', async () => {
    const before = await sparkAnswers(lab, table);
    await bcn.restore('SET-LOCATION', `${database}.back`, `s3://warehouse/${database}-restored/back`);
    expect(await sparkAnswers(lab, `${database}.back`)).toEqual(before);
  });
});
