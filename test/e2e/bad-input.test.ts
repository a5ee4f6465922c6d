import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hiveTable } from '../../src/catalog/hive/hive-table.js';
import { rehearsalEntry, rehearsalOf } from '../../src/catalog/hive/rehearsal-entry.js';
import { HiveLab } from '../catalog/hive/lab.js';
import { tableMetadata } from '../catalog/table-metadata.js';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { empty, listing, putObject, split } from './buckets.js';
import { Bcn, backupArgs, restoreArgs, summary, unique } from './support.js';

describeWith(['s3', 'hms', 'spark'], 'bad input against real servers', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('bad');
  const repository = unique('bad-repo').replaceAll('_', '-');
  const bcn = new Bcn(lab, repository);
  const table = `${database}.orders`;

  beforeAll(async () => {
    await makeBucket(lab, repository);
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${table} (id bigint) USING iceberg`,
      `INSERT INTO hms.${table} VALUES (1)`,
    );
    await bcn.backup(table, 'good');
  });
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  /** Runs, expects the exit code and texts in the error, and that neither repository nor warehouse changed. */
  async function refused(
    args: readonly string[],
    exit: number,
    texts: readonly (string | RegExp)[],
    env: Record<string, string> = {},
  ) {
    const before = [await listing(lab, repository), await listing(lab, 'warehouse', `hive/${database}.db/`)];
    const ran = await bcn.run([...args, '--json'], env);
    expect(ran.exit, ran.stdout + ran.stderr).toBe(exit);
    expect(summary(ran)).toMatchObject({ type: 'summary', ok: false, exit });
    const lines = ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const error = lines.find(({ type }) => type === 'error');
    for (const text of texts) expect(JSON.stringify(error)).toMatch(text);
    expect(error?.hint, 'an error names the next step').toBeTruthy();
    expect(
      [await listing(lab, repository), await listing(lab, 'warehouse', `hive/${database}.db/`)],
      'nothing was written',
    ).toEqual(before);
  }

  const restoreTo = (location: string, name = 'x') => restoreArgs('good', `${database}.${name}`, location);

  test('unknown table, database and backup, with near names', async () => {
    await refused(backupArgs(`${database}.order`, 'x'), 20, ['order', /Did you mean.*orders/]);
    await refused(backupArgs(`${database}x.orders`, 'x'), 20, [`${database}x`, new RegExp(`Did you mean.*${database}`)]);
    await refused(restoreArgs('goood', `${database}.x`, 's3://warehouse/x/x'), 20, ['goood', /Did you mean.*good/]);
    await refused(restoreArgs('good', 'nosuchdb.x', 's3://warehouse/x/x'), 20, ['nosuchdb', 'add --create-database']);
  });

  test('a database that is missing is made when told to, and not for a plan', async () => {
    const fresh = `${database}_fresh`;
    const args = restoreArgs('good', `${fresh}.orders`, `s3a://warehouse/${fresh}/orders`, '--create-database');
    const names = async () => (await spark.sql('SHOW NAMESPACES IN hms')).rows.map(([name]) => name);
    const plan = await bcn.run([...args, '--dry-run']);
    expect(plan.exit, plan.stderr).toBe(0);
    expect(plan.stdout).toContain(`${fresh} will be created`);
    expect(await names()).not.toContain(fresh);
    try {
      await bcn.ok(args);
      expect((await spark.sql(`SELECT id FROM hms.${fresh}.orders`)).rows.map(([id]) => String(id))).toEqual(['1']);
      await spark.run(`DROP TABLE hms.${fresh}.orders`);
      await refused(restoreArgs('good', `${fresh}_2.orders`, `s3n://warehouse/${fresh}/n`, '--create-database'), 2, [
        'No FileSystem for scheme',
        /--target-location s3a:/,
      ]);
      expect(await names()).not.toContain(`${fresh}_2`);
    } finally {
      await spark.run(`DROP NAMESPACE IF EXISTS hms.${fresh} CASCADE`);
      await empty(lab, 'warehouse', `${fresh}/`);
    }
  });

  test('what only the metastore knows is asked before anything is copied, and nothing stays', async () => {
    const tables = async () => (await spark.sql(`SHOW TABLES IN hms.${database}`)).rows.map((row) => row.join(' '));
    const before = await tables();
    await refused(restoreTo(`s3n://warehouse/${database}-n/t`), 2, ['No FileSystem for scheme', /--target-location s3a:/]);
    const left = Object.keys(await listing(lab, 'warehouse', `${database}-n/`));
    expect(left.filter((key) => !key.endsWith('/'))).toEqual([]);
    await empty(lab, 'warehouse', `${database}-n/`);
    expect(await tables()).toEqual(before);
  });

  test('engines do not see what a rehearsal that was killed leaves', async () => {
    const ident = { namespace: [database], name: 'killed' };
    const location = `s3a://warehouse/${database}-killed`;
    const registration = {
      ident,
      metadataLocation: `${location}/metadata/none.metadata.json`,
      metadata: tableMetadata({ location }),
    };
    const own = rehearsalOf(ident).name;
    const hive = new HiveLab(lab.hms.uri);
    try {
      await hive.createTable(rehearsalEntry(hiveTable(registration, undefined, Date.now()), own, 'killed'));
      const listed = async (catalog: string) =>
        (await spark.sql(`SHOW TABLES IN ${catalog}`)).rows.map((row) => row.join(' ')).join();
      expect(await listed(`hms.${database}`)).toContain('orders');
      expect(await listed(`hms.${database}`)).not.toContain(own);
      await expect(spark.sql(`SELECT * FROM hms.${database}.${own}`)).rejects.toThrow();
      await bcn.restore('good', `${database}.killed`, location);
      expect(await hive.client.getAllTables(database, {})).not.toContain(own);
    } finally {
      hive.close();
      await spark.run(`DROP TABLE IF EXISTS hms.${database}.killed`);
      await empty(lab, 'warehouse', `${database}-killed/`);
    }
  });

  test('a used name, an invalid name', async () => {
    await refused(backupArgs(table, 'good'), 23, ['good']);
    await refused(backupArgs(table, '.hidden'), 2, ['hidden']);
    await refused(backupArgs(table, 'a/b'), 2, ['a/b']);
  });

  test('target table, foreign objects at the target', async () => {
    await refused(restoreTo(`s3://warehouse/${database}/y`, 'orders'), 23, ['orders']);
    await putObject(lab, 'warehouse', `${database}/full/data/mine.parquet`, 'x');
    await refused(restoreTo(`s3://warehouse/${database}/full`), 23, ['mine.parquet']);
    expect(Object.keys(await listing(lab, 'warehouse', `${database}/full/`))).toEqual([`${database}/full/data/mine.parquet`]);
  });

  test('target overlap: source, inside, containing, repository, another table', async () => {
    const location = `s3://warehouse/hive/${database}.db`;
    await refused(restoreTo(`${location}/orders`), 2, ['orders']);
    await refused(restoreTo(`${location}/orders/data/x`), 2, ['orders']);
    await refused(restoreTo(location), 2, [database]);
    await refused(restoreTo(`s3a://${repository}/inside`), 2, [repository]);
    await spark.run(`CREATE TABLE hms.${database}.other (id bigint) USING iceberg LOCATION 's3://warehouse/${database}-other'`);
    await refused(restoreTo(`s3a://warehouse/${database}-other/in`), 2, ['other']);
  });

  test('unusable target locations', async () => {
    for (const location of ['warehouse/x', 's3://warehouse/a?b', 's3://warehouse/a#b', `s3://warehouse/${'long/'.repeat(220)}`]) {
      await refused(restoreTo(location), 2, ['target location']);
    }
  });

  test('a view, a table that is not Iceberg', async () => {
    await spark.run(`CREATE VIEW hms.${database}.v AS SELECT * FROM hms.${table}`);
    await refused(backupArgs(`${database}.v`, 'x'), 22, ['view']);
    await spark.run(`DROP VIEW hms.${database}.v`);
  });

  test('unreachable metastore and S3, a silent metastore', async () => {
    const closed = 'http://127.0.0.1:9';
    await refused(backupArgs(table, 'x'), 31, ['127.0.0.1:9'], { HIVE_METASTORE_URI: 'thrift://127.0.0.1:9' });
    await refused(['list'], 31, ['127.0.0.1:9'], { S3_ENDPOINT: closed });
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const env = { HIVE_METASTORE_URI: `thrift://127.0.0.1:${port}`, HIVE_METASTORE_TIMEOUT: '2' };
    await refused(backupArgs(table, 'x'), 31, [String(port)], env);
    silent.close();
  });

  test('wrong keys, a missing bucket', async () => {
    await refused(
      ['list'],
      30,
      ['S3_SECRET_KEY|S3_ACCESS_KEY|credentials|keys'].map((t) => new RegExp(t)),
      { S3_SECRET_KEY: 'wrong-secret' },
    );
    const ran = await bcn.run(backupArgs(table, 'x'), { S3_SECRET_KEY: 'wrong-secret' });
    expect(ran.stdout + ran.stderr).not.toContain('wrong-secret');
    await refused(backupArgs(table, 'x'), 20, ['no-such-bucket-here'], { BACKUP_BUCKET: 'no-such-bucket-here' });
    await refused(restoreTo('s3://no-such-bucket-here/t'), 20, ['no-such-bucket-here']);
  });

  test('unknown flag, command and value, with a suggestion', async () => {
    await refused([...backupArgs(table, 'x'), '--job', '3'], 2, ['--job', /Did you mean.*--jobs/]);
    await refused(['bakup'], 2, ['bakup', /Did you mean.*backup/]);
    await refused([...backupArgs(table, 'x'), '--data', 'copied'], 2, ['copied', /copy/]);
    await refused([...backupArgs(table, 'x'), '--jobs', 'many'], 2, ['many']);
  });

  test('a live file missing or of the wrong length in the source, damaged metadata', async () => {
    const broken = `${database}.broken`;
    await spark.run(`CREATE TABLE hms.${broken} (id bigint) USING iceberg`, `INSERT INTO hms.${broken} VALUES (1)`);
    const [row] = (await spark.sql(`SELECT file_path FROM hms.${broken}.files`)).rows;
    const file = split(String(row?.[0]));
    const run = async (name: string) => {
      const ran = await bcn.run([...backupArgs(broken, name), '--json']);
      expect(ran.exit, ran.stdout).toBe(32);
      return ran.stdout;
    };
    await putObject(lab, file.bucket, file.key, 'too short');
    expect(await run('short')).toContain(file.key);
    await empty(lab, file.bucket, file.key);
    expect(await run('gone')).toContain(file.key);
    expect((await bcn.run(['list'])).stdout).not.toMatch(/short|gone/);
    const [entry] = (await spark.sql(`SELECT file FROM hms.${broken}.metadata_log_entries ORDER BY timestamp DESC LIMIT 1`)).rows;
    const metadata = split(String(entry?.[0]));
    await putObject(lab, metadata.bucket, metadata.key, '{"format-version": 2, "loca');
    await refused(backupArgs(broken, 'x'), 32, [metadata.key.slice(-40)]);
  });
});
