import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { Bcn, backupArgs, restoreArgs, sparkAnswers, unique } from './support.js';

describeWith(['s3', 'minio2', 'hms', 'spark', 'pyiceberg'], 'copies of repositories', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('copies');
  const table = `${database}.t`;
  const folder = mkdtempSync(join(tmpdir(), 'bcn-copies-'));
  const bcn = new Bcn(lab, `iceberg/${database}`);
  const on = (repository: string) => ({ BACKUP_BUCKET: repository });

  beforeAll(async () => {
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${table} (id bigint, v string) USING iceberg PARTITIONED BY (bucket(2, id)) TBLPROPERTIES ('format-version'='2', 'write.delete.mode'='merge-on-read')`,
      `INSERT INTO hms.${table} VALUES (1, 'a'), (2, 'b'), (9007199254740993, 'ü')`,
    );
    await bcn.ok(backupArgs(table, 'one'));
    await spark.run(`INSERT INTO hms.${table} VALUES (4, 'd'), (5, 'e')`, `DELETE FROM hms.${table} WHERE id = 4`);
    await bcn.ok(backupArgs(table, 'two'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  const restores = async (repository: string, name: string, more: Readonly<Record<string, string>> = {}) => {
    const expected = await sparkAnswers(lab, table);
    const env = { ...on(repository), ...more };
    for (const backup of ['one', 'two']) await bcn.ok(['verify', backup, '--read-data'], env);
    await bcn.ok(restoreArgs('two', `${database}.${name}`, `s3://warehouse/${database}-${name}/t`), env);
    expect(await sparkAnswers(lab, `${database}.${name}`)).toEqual(expected);
  };

  test('server-side into another bucket of the service: incremental, and a restore of it is the table', async () => {
    const to = `s3://warehouse/${database}-mirror`;
    const first = await bcn.ok(['copy', 'one', '--to', to]);
    expect(first).toMatchObject({ outcome: 'copied', copied: 1, server_side: true, to });
    const second = await bcn.ok(['copy', '--to', to]);
    expect(second).toMatchObject({ copied: 1, already: 1, server_side: true });
    // Of the second backup: a data file or two, and position deletes.
    const files = (second.new as { objects: number }).objects;
    expect(files).toBeGreaterThan(0);
    const { stdout } = await bcn.run(['show', 'two', '--json'], on(to));
    const shown = JSON.parse(stdout.split('\n')[0] as string) as { tables: { files: { total: number; new: number } }[] };
    expect(shown.tables[0]?.files.new).toBe(files);
    expect(shown.tables[0]?.files.total).toBeGreaterThan(files);
    expect(await bcn.ok(['copy', '--to', to])).toMatchObject({ copied: 0, already: 2, new: { objects: 0, bytes: 0 } });
    await restores(to, 'near');
  });

  test('streamed: to a local folder, from there to a second service with an identity of its own', async () => {
    const local = `file://${folder}/repo`;
    expect(await bcn.ok(['copy', '--to', local])).toMatchObject({ copied: 2, server_side: false });
    const far = `s3://iceberg/${database}-far`;
    const keys = (prefix: string) => ({
      [`${prefix}_ACCESS_KEY`]: lab.minio2.accessKey,
      [`${prefix}_SECRET_KEY`]: lab.minio2.secretKey,
      [`${prefix}_REGION`]: lab.minio2.region ?? 'us-east-1',
      ...(lab.minio2.ca === undefined ? {} : { [`${prefix}_CA_FILE`]: lab.minio2.ca }),
    });
    const up = await bcn.ok(['copy', '--to', far, '--to-endpoint', lab.minio2.endpoint], { ...on(local), ...keys('BCN_TO_S3') });
    expect(up).toMatchObject({ copied: 2, server_side: false });
    const repo = { ...keys('BCN_REPO_S3'), BCN_REPO_S3_ENDPOINT: lab.minio2.endpoint };
    await restores(far, 'far', repo);
    // It comes home: the first repository has these very backups.
    const home = { ...on(far), ...repo };
    expect(await bcn.ok(['copy', '--to', `s3://iceberg/${database}`], home)).toMatchObject({ copied: 0, already: 2 });
    const wrong = { ...on(local), ...keys('BCN_TO_S3'), BCN_TO_S3_SECRET_KEY: 'wrong-secret' };
    const refused = await bcn.run(['copy', '--to', far, '--to-endpoint', lab.minio2.endpoint], wrong);
    expect(refused.exit).toBe(30);
    expect(refused.stderr).toContain('BCN_TO_S3_ACCESS_KEY');
    expect(refused.stderr).not.toContain('wrong-secret');
  });
});
