import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith, type S3Part } from '../lab/lab.js';
import { pyicebergClient, s3Properties } from '../lab/pyiceberg.js';
import { sparkClient } from '../lab/spark.js';
import { Bcn, backupArgs, restoreArgs, sparkAnswers, unique } from './support.js';

/** The variables of one place: everything that tells its service and its identity. */
function placeEnv(place: 'SOURCE' | 'REPO' | 'TARGET', part: S3Part): Record<string, string> {
  const prefix = `BCN_${place}_S3`;
  return {
    [`${prefix}_ENDPOINT`]: part.endpoint,
    [`${prefix}_ACCESS_KEY`]: part.accessKey,
    [`${prefix}_SECRET_KEY`]: part.secretKey,
    [`${prefix}_REGION`]: part.region ?? 'us-east-1',
    ...(part.ca === undefined ? {} : { [`${prefix}_CA_FILE`]: part.ca }),
  };
}

describeWith(['s3', 'minio2', 'versitygw', 'hms', 'spark', 'pyiceberg'], 'separate places', (lab) => {
  const spark = sparkClient(lab);
  const pyiceberg = pyicebergClient(lab);
  const database = unique('places');
  const table = `${database}.t`;
  const folder = mkdtempSync(join(tmpdir(), 'bcn-places-'));
  // What a place does not name would go to a service that is not there.
  const nowhere = { S3_ENDPOINT: 'http://127.0.0.1:1', S3_ACCESS_KEY: 'nobody', S3_SECRET_KEY: 'nothing' };
  const bcn = new Bcn(lab, `iceberg/${database}`, nowhere);
  const path = (warehouse: string, name: string, backup: string) => [
    ...['restore', '--backup-name', backup, '--target-database', database, '--target-table', name],
    ...['--catalog-type', 'path', '--warehouse', warehouse],
  ];
  const staticRows = async (metadata: unknown, part: S3Part, snapshot?: bigint) =>
    (await pyiceberg.scanStatic(String(metadata), s3Properties({ ...lab, s3: part }), snapshot)).rows;

  beforeAll(async () => {
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${table} (id bigint, v string) USING iceberg PARTITIONED BY (bucket(2, id))`,
      `INSERT INTO hms.${table} VALUES (1, 'a'), (2, 'b'), (9007199254740993, 'ü')`,
      `INSERT INTO hms.${table} VALUES (4, 'd')`,
      // Above 8 MiB, so that the stream goes in parts.
      `CREATE TABLE hms.${database}.big (id bigint, v string) USING iceberg`,
      `INSERT INTO hms.${database}.big SELECT /*+ COALESCE(1) */ id, sha2(cast(rand() AS string), 512) FROM range(0, 300000)`,
    );
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  test('source, repository and target on three services with three identities, and home again', async () => {
    const before = await sparkAnswers(lab, table);
    const ids = Object.keys(before.snapshots);
    const repo = placeEnv('REPO', lab.minio2);
    for (const [name, backup] of [
      [table, 'three'],
      [`${database}.big`, 'three-big'],
    ] as const) {
      await bcn.ok(backupArgs(name, backup), { ...placeEnv('SOURCE', lab.s3), ...repo });
      await bcn.ok(['verify', backup, '--read-data'], repo);
    }
    const bigCheck = 'SELECT count(*), sum(id), min(v), max(v) FROM hms.';
    const big = (await spark.sql(`${bigCheck}${database}.big`)).rows;
    await spark.run(`DROP TABLE hms.${table} PURGE`, `DROP TABLE hms.${database}.big PURGE`);

    const target = { ...repo, ...placeEnv('TARGET', lab.versitygw) };
    const away = await bcn.ok(path(`s3://warehouse/${database}`, 'away', 'three'), target);
    expect(await staticRows(away.metadata_location, lab.versitygw)).toHaveLength(4);

    const back = { ...repo, ...placeEnv('TARGET', lab.s3) };
    await bcn.ok(restoreArgs('three', `${database}.home`, `s3://warehouse/${database}-home/t`), back);
    expect(await sparkAnswers(lab, `${database}.home`)).toEqual(before);
    for (const id of ids) {
      const rows = (await staticRows(away.metadata_location, lab.versitygw, BigInt(id))).map((row) => JSON.stringify(row)).sort();
      expect(rows).toEqual(before.snapshots[id]);
    }
    await bcn.ok(restoreArgs('three-big', `${database}.big`, `s3://warehouse/${database}-home/big`), back);
    expect((await spark.sql(`${bigCheck}${database}.big`)).rows).toEqual(big);
  });

  test('from S3 to local folders and from there to S3', async () => {
    const before = await sparkAnswers(lab, `${database}.home`);
    const local = { BACKUP_BUCKET: `file://${folder}/repo` };
    await bcn.ok(backupArgs(`${database}.home`, 'down'), { ...placeEnv('SOURCE', lab.s3), ...local });
    await bcn.ok(['verify', 'down', '--read-data'], local);
    // No service at all: from the local repository into a local warehouse.
    const down = await bcn.ok(path(`file://${folder}/warehouse`, 'down', 'down'), local);
    const read = await spark.read(String(down.metadata_location));
    expect(read.rows.map((row) => JSON.stringify(row)).sort()).toEqual(before.current);

    const source = ['--catalog-type', 'path', '--warehouse', `file://${folder}/warehouse`];
    const repo = placeEnv('REPO', lab.versitygw);
    await bcn.ok(backupArgs(`${database}.down`, 'up', ...source), repo);
    await bcn.ok(['verify', 'up', '--read-data'], repo);
    const up = { ...repo, ...placeEnv('TARGET', lab.s3) };
    await bcn.ok(restoreArgs('up', `${database}.up`, `s3://warehouse/${database}-home/up`), up);
    const { properties, ...after } = await sparkAnswers(lab, `${database}.up`);
    const { properties: _, ...expected } = before;
    expect(after).toEqual(expected);
  });

  describe('each place is told apart in what goes wrong', () => {
    test('wrong keys of the repository name the repository and its variables', async () => {
      const wrong = { ...placeEnv('REPO', { ...lab.minio2, secretKey: 'wrong-secret' }), ...placeEnv('SOURCE', lab.s3) };
      const ran = await bcn.run(backupArgs(`${database}.home`, 'wrong'), wrong);
      expect(ran.exit).toBe(30);
      expect(ran.stderr).toContain(lab.minio2.endpoint);
      expect(ran.stderr).toContain('BCN_REPO_S3_ACCESS_KEY');
      expect(ran.stderr).not.toContain('wrong-secret');
    });

    test('wrong keys of the target stop before anything is copied', async () => {
      const location = `s3://warehouse/${database}-home/never`;
      const wrong = {
        ...placeEnv('REPO', lab.versitygw),
        ...placeEnv('TARGET', { ...lab.s3, accessKey: 'nobody', secretKey: 'nothing-at-all' }),
      };
      const ran = await bcn.run(restoreArgs('up', `${database}.never`, location), wrong);
      expect(ran.exit).toBe(30);
      expect(ran.stderr).toContain('BCN_TARGET_S3_ACCESS_KEY');
      await expect(spark.sql(`SELECT 1 FROM hms.${database}.never`)).rejects.toThrow('TABLE_OR_VIEW_NOT_FOUND');
    });
  });
});
