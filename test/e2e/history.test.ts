import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHiveCatalog } from '../../src/catalog/hive/hive-catalog.js';
import { pruneHistory } from '../../src/iceberg/history.js';
import { readMetadata } from '../../src/iceberg/metadata.js';
import { parseHistory } from '../../src/restore/history.js';
import { HiveLab } from '../catalog/hive/lab.js';
import { describeWith } from '../lab/lab.js';
import { pyicebergClient, s3Properties } from '../lab/pyiceberg.js';
import { sparkClient } from '../lab/spark.js';
import { getObject, listing, putObject, split } from './buckets.js';
import { type Answers, sparkAnswers, unique } from './support.js';

/** Tables with a past that must be cut with care; how many snapshots `current` and `last:2` leave. */
const TABLES: Readonly<
  Record<string, { readonly kept: readonly [number, number]; readonly noLog?: boolean; make(t: string): readonly string[] }>
> = {
  'v2, position deletes, branches, tags, a staged snapshot, a rollback, statistics': {
    kept: [1, 2],
    make: (t) => [
      `CREATE TABLE hms.${t} (id bigint, v string) USING iceberg PARTITIONED BY (bucket(2, id))
         TBLPROPERTIES ('format-version'='2', 'write.delete.mode'='merge-on-read')`,
      `INSERT INTO hms.${t} SELECT id, concat('n', id) FROM range(0, 20)`,
      `CALL hms.system.compute_table_stats(table => '${t}')`,
      `CALL hms.system.compute_partition_stats(table => '${t}')`,
      `ALTER TABLE hms.${t} CREATE TAG first`,
      `ALTER TABLE hms.${t} CREATE BRANCH \`audit/1\``,
      `INSERT INTO hms.${t} VALUES (100, 'more')`,
      `DELETE FROM hms.${t} WHERE id IN (3, 100)`,
      `ALTER TABLE hms.${t} SET TBLPROPERTIES ('write.wap.enabled'='true')`,
      `SET spark.wap.id = ${t.replace('.', '_')}`,
      `INSERT INTO hms.${t} VALUES (102, 'staged')`,
      'RESET spark.wap.id',
      `ALTER TABLE hms.${t} UNSET TBLPROPERTIES ('write.wap.enabled')`,
      `CALL hms.system.compute_table_stats(table => '${t}')`,
      `CALL hms.system.compute_partition_stats(table => '${t}')`,
      `ALTER TABLE hms.${t} CREATE TAG \`__proto__\``,
      `INSERT INTO hms.${t} VALUES (103, 'rolled back')`,
      `CALL hms.system.set_current_snapshot(table => '${t}', ref => '__proto__')`,
    ],
  },
  v1: {
    kept: [1, 2],
    make: (t) => [
      `CREATE TABLE hms.${t} (id bigint, v string) USING iceberg TBLPROPERTIES ('format-version'='1')`,
      `INSERT INTO hms.${t} VALUES (1, 'a'), (2, 'b')`,
      `INSERT INTO hms.${t} VALUES (3, null)`,
      `DELETE FROM hms.${t} WHERE id = 1`,
    ],
  },
  'v1 without a snapshot log': {
    kept: [1, 2],
    noLog: true,
    make: (t) => [
      `CREATE TABLE hms.${t} (id bigint, v string) USING iceberg TBLPROPERTIES ('format-version'='1')`,
      ...[1, 2, 3].map((id) => `INSERT INTO hms.${t} VALUES (${id}, 'x')`),
    ],
  },
  'v3, deletion vectors': {
    kept: [1, 2],
    make: (t) => [
      `CREATE TABLE hms.${t} (id bigint, v string) USING iceberg
         TBLPROPERTIES ('format-version'='3', 'write.delete.mode'='merge-on-read')`,
      `INSERT INTO hms.${t} SELECT id, concat('n', id) FROM range(0, 20)`,
      `DELETE FROM hms.${t} WHERE id = 3`,
      `INSERT INTO hms.${t} VALUES (100, 'more')`,
      `DELETE FROM hms.${t} WHERE id = 4`,
    ],
  },
  'replaced, so that main has no snapshot': {
    kept: [0, 0],
    make: (t) => [
      `CREATE TABLE hms.${t} (id bigint, v string) USING iceberg`,
      `INSERT INTO hms.${t} VALUES (1, 'a')`,
      `ALTER TABLE hms.${t} CREATE TAG old`,
      `CREATE OR REPLACE TABLE hms.${t} (id bigint, v string) USING iceberg`,
    ],
  },
};

describeWith(['s3', 'hms', 'spark', 'pyiceberg'], 'engines take a table whose history was cut', (lab) => {
  const spark = sparkClient(lab);
  const pyiceberg = pyicebergClient(lab);
  const database = unique('past');
  const hive = new HiveLab(lab.hms.uri);
  const catalog = createHiveCatalog({ uri: lab.hms.uri });

  beforeAll(() => spark.run(`CREATE NAMESPACE hms.${database}`));
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
    await catalog.close();
    hive.close();
  });

  const cases = Object.entries(TABLES).flatMap(([name, table], n) =>
    (table.noLog ? ['last:2'] : ['full', 'current', 'last:2']).map((flag, m) => ({ name, flag, id: `t${n}${m}`, ...table })),
  );

  test.for(cases)('$name: $flag', async ({ flag, id, kept: counts, make, noLog }) => {
    const source = `${database}.${id}`;
    const pruned = `${database}.${id}_pruned`;
    await spark.run(...make(source));
    const before = await sparkAnswers(lab, source);
    const from = (await catalog.load({ namespace: [database], name: id })).metadataLocation;
    const stored = await getObject(lab, from);
    const bytes = noLog ? Buffer.from(stored.toString().replace(/"snapshot-log"\s*:\s*\[[^\]]*\],/, '')) : stored;
    const result = pruneHistory(bytes, from, parseHistory(flag));
    const kept = result.kept.map(String);
    expect(kept.length).toBe(flag === 'full' ? Object.keys(before.snapshots).length : counts[flag === 'current' ? 0 : 1]);

    const to = `${from.slice(0, from.lastIndexOf('/'))}/00099-${randomUUID()}.metadata.json`;
    const { bucket, key } = split(to);
    await putObject(lab, bucket, key, result.bytes);
    await readStatically(to, kept, before);

    // From here the pruned table is the only one of its files.
    await hive.dropTable(database, id);
    const metadata = readMetadata(result.bytes, to);
    const ident = { namespace: [database], name: `${id}_pruned` };
    expect(await catalog.register({ ident, metadataLocation: to, metadata })).toBe('registered');
    const after = await sparkAnswers(lab, pruned);
    expect(after).toMatchObject({ current: before.current, schema: before.schema, properties: before.properties });
    expect(after.snapshots).toEqual(only(before.snapshots, kept));
    const refs = Object.keys(before.refs).filter((ref) => metadata.refs.some(({ name }) => name === ref));
    expect(after.refs).toEqual(only(before.refs, refs));
    if (noLog) {
      // Since when it is current only the file's last update tells, which Iceberg writes up to some ms after the entry of its log.
      expect(Object.keys(after.times).map((time) => Date.parse(`${time.replace(' ', 'T')}Z`))).toEqual([
        Number(metadata.lastUpdatedMs),
      ]);
      expect(Object.values(after.times)).toEqual([before.current]);
    } else expect(after.times).toEqual(only(before.times, Object.keys(after.times)));
    if (kept.length > 0) expect(Object.keys(after.times).length).toBeGreaterThan(0);
    await liveOn(pruned, before.current.length, result.edits.length > 0, metadata.formatVersion === 3);
  });

  async function readStatically(location: string, kept: readonly string[], before: Answers): Promise<void> {
    for (const id of kept) {
      const { rows } = await spark.read(location, { snapshotId: BigInt(id) });
      expect(asSet(rows)).toEqual(before.snapshots[id]);
      const { rows: same } = await pyiceberg.scanStatic(location, s3Properties(lab), BigInt(id));
      expect(asSet(same)).toEqual(before.snapshots[id]);
    }
    expect(asSet((await spark.read(location)).rows)).toEqual(before.current);
    expect(asSet((await pyiceberg.scanStatic(location, s3Properties(lab))).rows)).toEqual(before.current);
    const gone = Object.keys(before.snapshots).find((id) => !kept.includes(id));
    if (gone) await expect(spark.read(location, { snapshotId: BigInt(gone) })).rejects.toThrow(/snapshot/i);
  }

  /** Expire as it is, append, change, expire all but the newest, look for orphans: no row changes by any of it but those asked for. */
  async function liveOn(table: string, rows: number, cut: boolean, hasRowIds: boolean): Promise<void> {
    const count = async () => Number((await spark.sql(`SELECT count(*) FROM hms.${table}`)).rows[0]?.[0]);
    const expire = `CALL hms.system.expire_snapshots(table => '${table}', older_than => TIMESTAMP '2200-01-01 00:00:00', retain_last => 1)`;
    await spark.run(expire);
    expect(await count()).toBe(rows);
    await spark.run(
      `INSERT INTO hms.${table} VALUES (424242, 'new'), (424243, 'new')`,
      `DELETE FROM hms.${table} WHERE id = 424243`,
    );
    expect(await count()).toBe(rows + 1);
    await spark.run(expire);
    expect(await count()).toBe(rows + 1);
    const files = await spark.sql(
      `SELECT file_path FROM hms.${table}.files UNION ALL SELECT path FROM hms.${table}.manifests UNION ALL SELECT manifest_list FROM hms.${table}.snapshots`,
    );
    const live = files.rows.map(([path]) => String(path));
    const orphans = await orphansOf(table, live);
    expect(live.filter((path) => orphans.includes(path))).toEqual([]);
    if (cut) expect(orphans.length, 'files of the snapshots that were cut out').toBeGreaterThan(0);
    if (hasRowIds) expect(await uniqueRowIds(table)).toBe(true);
    await spark.run(`DROP TABLE hms.${table} PURGE`);
  }

  /** Spark takes no files of the last days for orphans, so it is told that all are old. */
  async function orphansOf(table: string, live: readonly string[]): Promise<readonly string[]> {
    const location = live[0]?.replace(/\/(data|metadata)\/.*$/, '') ?? '';
    const { bucket, key } = split(location);
    const all = Object.keys(await listing(lab, bucket, `${key}/`)).filter((name) => !name.endsWith('/'));
    const rows = all.map((name) => `('${location}${name.slice(key.length)}', TIMESTAMP '2020-01-01 00:00:00')`);
    const view = `${table.replace('.', '_')}_files`;
    await spark.run(`CREATE TEMPORARY VIEW ${view} AS SELECT * FROM VALUES ${rows.join(',')} AS t(file_path, last_modified)`);
    const call = `CALL hms.system.remove_orphan_files(table => '${table}', dry_run => true, file_list_view => '${view}')`;
    const found = (await spark.sql(call)).rows.map(([path]) => String(path));
    await spark.run(`DROP VIEW ${view}`);
    return found;
  }

  async function uniqueRowIds(table: string): Promise<boolean> {
    const { rows } = await spark.sql(`SELECT count(*) = count(DISTINCT _row_id) FROM hms.${table}`);
    return rows[0]?.[0] === true;
  }
});

const asSet = (rows: readonly (readonly unknown[])[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

function only<T>(all: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key)));
}
