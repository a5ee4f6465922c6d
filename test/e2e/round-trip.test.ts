import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHiveCatalog } from '../../src/catalog/hive/hive-catalog.js';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { empty, listing, split } from './buckets.js';
import { type Answers, Bcn, pyicebergAnswers, sparkAnswers, unique } from './support.js';

/** pyiceberg reads neither Avro nor ORC data files written by Spark. */
const SPARK_ONLY = 'ORC and Avro data files';

/** Tables with a past: partitions, evolution, overwritten and deleted rows, rewritten manifests, a branch, a tag, a staged snapshot, a rollback. */
const TABLES: Readonly<Record<string, (t: string) => readonly string[]>> = {
  'v2, partitioned and evolved, with branch, tag, staged snapshot and rollback': (t) => [
    `CREATE TABLE hms.${t} (id bigint, name string, at timestamp, amount decimal(12,2), tags map<string,array<int>>) USING iceberg
       PARTITIONED BY (days(at), bucket(4, id))
       TBLPROPERTIES ('format-version'='2', 'write.delete.mode'='copy-on-write', 'write.update.mode'='copy-on-write', 'owner-note'='$& kept')`,
    `INSERT INTO hms.${t} SELECT id, concat('n', id), timestamp'2024-01-01 00:00:00' + make_interval(0,0,0,cast(id % 3 as int)),
       cast(id as decimal(12,2)), map('k', array(1,2,cast(id as int))) FROM range(0, 40)`,
    `ALTER TABLE hms.${t} CREATE TAG first`,
    `ALTER TABLE hms.${t} ADD COLUMN note string AFTER name`,
    `ALTER TABLE hms.${t} RENAME COLUMN name TO label`,
    `INSERT INTO hms.${t} VALUES (9007199254740993, 'big', 'ä😎', timestamp'2024-02-01 10:00:00', 1.50, null)`,
    `DELETE FROM hms.${t} WHERE id = 7`,
    `UPDATE hms.${t} SET note = 'changed' WHERE id < 5`,
    `ALTER TABLE hms.${t} CREATE BRANCH audit`,
    `INSERT INTO hms.${t}.branch_audit VALUES (100, 'audit only', null, timestamp'2024-03-01 00:00:00', 2.00, null)`,
    `ALTER TABLE hms.${t} REPLACE PARTITION FIELD at_day WITH months(at)`,
    `INSERT INTO hms.${t} VALUES (101, 'months', null, timestamp'2024-04-01 00:00:00', 3.00, map())`,
    `CALL hms.system.rewrite_manifests('${t}')`,
    `ALTER TABLE hms.${t} SET TBLPROPERTIES ('write.wap.enabled'='true')`,
    `SET spark.wap.id = ${t.replace('.', '_')}`,
    `INSERT INTO hms.${t} VALUES (102, 'staged', null, timestamp'2024-05-01 00:00:00', 4.00, null)`,
    'RESET spark.wap.id',
    `ALTER TABLE hms.${t} UNSET TBLPROPERTIES ('write.wap.enabled')`,
    `ALTER TABLE hms.${t} CREATE TAG sound`,
    `INSERT INTO hms.${t} VALUES (103, 'rolled back', null, timestamp'2024-05-01 00:00:00', 4.00, null)`,
    `CALL hms.system.set_current_snapshot(table => '${t}', ref => 'sound')`,
  ],
  v1: (t) => [
    `CREATE TABLE hms.${t} (id bigint, part string) USING iceberg PARTITIONED BY (part) TBLPROPERTIES ('format-version'='1')`,
    `INSERT INTO hms.${t} VALUES (1, 'a b'), (2, 'c%20d'), (3, 'e+f=g'), (4, 'ü#?&')`,
    `INSERT INTO hms.${t} VALUES (5, null)`,
    `DELETE FROM hms.${t} WHERE part = 'a b'`,
    `INSERT OVERWRITE hms.${t} VALUES (9, 'over')`,
  ],
  'v3, gzip metadata, uncompressed manifests': (t) => [
    `CREATE TABLE hms.${t} (id bigint, v string) USING iceberg
       TBLPROPERTIES ('format-version'='3', 'write.metadata.compression-codec'='gzip', 'write.manifest.compression-codec'='uncompressed')`,
    `INSERT INTO hms.${t} VALUES (1, 'one'), (2, 'two')`,
    `ALTER TABLE hms.${t} SET TBLPROPERTIES ('write.manifest.compression-codec'='zstd')`,
    `INSERT INTO hms.${t} VALUES (3, 'three')`,
  ],
  [SPARK_ONLY]: (t) => [
    `CREATE TABLE hms.${t} (id bigint, v string) USING iceberg TBLPROPERTIES ('write.format.default'='orc')`,
    `INSERT INTO hms.${t} VALUES (1, 'orc'), (2, 'orc')`,
    `ALTER TABLE hms.${t} SET TBLPROPERTIES ('write.format.default'='avro')`,
    `INSERT INTO hms.${t} VALUES (3, 'avro')`,
  ],
  'v1 that became v2 and v3': (t) => [
    `CREATE TABLE hms.${t} (id bigint) USING iceberg TBLPROPERTIES ('format-version'='1')`,
    `INSERT INTO hms.${t} VALUES (1)`,
    `ALTER TABLE hms.${t} SET TBLPROPERTIES ('format-version'='2')`,
    `INSERT INTO hms.${t} VALUES (2)`,
    `ALTER TABLE hms.${t} SET TBLPROPERTIES ('format-version'='3')`,
    `INSERT INTO hms.${t} VALUES (3)`,
  ],
  'without a snapshot': (t) => [`CREATE TABLE hms.${t} (id bigint) USING iceberg`],
};

describeWith(['s3', 'hms', 'spark', 'pyiceberg'], 'a table goes and comes back', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('trip');
  const repository = unique('repo').replace('_', '-');
  const elsewhere = unique('new').replace('_', '-');
  const bcn = new Bcn(lab, `${repository}/nightly`);

  beforeAll(async () => {
    await makeBucket(lab, repository);
    await makeBucket(lab, elsewhere);
    await spark.run(`CREATE NAMESPACE hms.${database}`);
  });
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  test.for(Object.entries(TABLES).map(([name, statements], n) => ({ name, statements, n })))(
    '$name',
    async ({ name, statements, n }) => {
      const table = `${database}.t${n}`;
      const restored = `${database}.t${n}_restored`;
      await spark.run(...statements(table));
      const before = await sparkAnswers(lab, table);
      const ids = name === SPARK_ONLY ? [] : Object.keys(before.snapshots);
      const pyBefore = await pyicebergAnswers(lab, table, ids);
      const [, version, ending] = nameParts(await metadataLocation(table));
      const source = await locationOf(table);
      const sourceObjects = await listing(lab, source.bucket, source.key);

      await bcn.backup(table, `b${n}`);
      expect(await listing(lab, source.bucket, source.key), 'the source is never written').toEqual(sourceObjects);
      await spark.run(`DROP TABLE hms.${table} PURGE`);
      await empty(lab, source.bucket, source.key);
      await bcn.ok(['verify', `b${n}`, '--read-data']);
      await bcn.restore(`b${n}`, restored, `s3://${elsewhere}/deep/er/t${n}_restored`);

      const [folder, newVersion, newEnding] = nameParts(await metadataLocation(restored));
      expect([folder, newEnding]).toEqual([`s3://${elsewhere}/deep/er/t${n}_restored/metadata/`, ending]);
      expect(Number(newVersion)).toBe(Number(version) + 1);
      expectSame(await sparkAnswers(lab, restored), before);
      expect(await pyicebergAnswers(lab, restored, ids)).toEqual(pyBefore);
      await liveOn(restored);
    },
  );

  /** Engines can use a restored table as any other: append, compact, expire, drop. */
  async function liveOn(table: string): Promise<void> {
    const full = `hms.${table}`;
    const count = async () => Number((await spark.sql(`SELECT count(*) FROM ${full}`)).rows[0]?.[0]);
    const rows = await count();
    const columns = (await spark.sql(`SELECT * FROM ${full} LIMIT 0`)).columns;
    const one = columns.map((name) => (name === 'id' ? '424242L AS id' : `null AS ${name}`)).join(', ');
    await spark.run(
      `INSERT INTO ${full} SELECT ${one}`,
      `CALL hms.system.rewrite_data_files(table => '${table}', options => map('rewrite-all','true'))`,
    );
    expect(await count()).toBe(rows + 1);
    await spark.run(
      `CALL hms.system.expire_snapshots(table => '${table}', older_than => TIMESTAMP '2200-01-01 00:00:00', retain_last => 1)`,
    );
    expect(await count()).toBe(rows + 1);
    const place = await locationOf(table);
    await spark.run(`DROP TABLE ${full} PURGE`);
    const left = Object.keys(await listing(lab, place.bucket, `${place.key}/data/`));
    expect(
      left.filter((key) => !key.endsWith('/')),
      'DROP … PURGE reaches every file',
    ).toEqual([]);
  }

  async function metadataLocation(table: string): Promise<string> {
    const catalog = createHiveCatalog({ uri: lab.hms.uri });
    const [namespace = '', name = ''] = table.split('.');
    const entry = await catalog.load({ namespace: [namespace], name });
    await catalog.close();
    return entry.metadataLocation;
  }

  async function locationOf(table: string) {
    const rows = (await spark.sql(`DESCRIBE EXTENDED hms.${table}`)).rows;
    return split(String(rows.find(([name]) => name === 'Location')?.[1]));
  }

  test('the source of a restore beside it is untouched by all that happens to the restored table', async () => {
    const table = `${database}.beside`;
    const restored = `${database}.beside_restored`;
    await spark.run(
      `CREATE TABLE hms.${table} (id bigint) USING iceberg`,
      `INSERT INTO hms.${table} VALUES (1), (2)`,
      `INSERT INTO hms.${table} VALUES (3)`,
      `DELETE FROM hms.${table} WHERE id = 3`,
    );
    const place = await locationOf(table);
    const objects = await listing(lab, place.bucket, place.key);
    const before = await sparkAnswers(lab, table);
    await bcn.backup(table, 'beside');
    await bcn.ok([
      'restore',
      '--backup-name',
      'beside',
      '--target-database',
      database,
      '--target-table',
      'beside_restored',
      '--catalog-type',
      'hive',
    ]);
    const target = await locationOf(restored);
    expect(target.bucket).toBe('warehouse');
    const schemes = [schemeOf(await metadataLocation(restored)), schemeOf(await metadataLocation(table))];
    expect(schemes[0], 'the default scheme is that of the source').toBe(schemes[1]);
    await liveOn(restored);
    expect(await listing(lab, place.bucket, place.key)).toEqual(objects);
    expectSame(await sparkAnswers(lab, table), before);
  });
});

/** Folder, version and ending of a metadata file's URI: `…/`, `00003`, `.metadata.json` or `.gz.metadata.json`. */
function nameParts(uri: string): string[] {
  const [, folder, version, ending] = /^(.*\/)(\d{5,})-[0-9a-f-]{36}((?:\.gz)?\.metadata\.json)$/.exec(uri) ?? [];
  return [folder ?? uri, version ?? '', ending ?? ''];
}

const schemeOf = (uri: string): string => uri.slice(0, uri.indexOf(':'));

function expectSame(after: Answers, before: Answers): void {
  const { properties, ...rest } = before;
  const { properties: restored, ...found } = after;
  expect(found).toEqual(rest);
  expect(restored).toEqual(properties);
}
