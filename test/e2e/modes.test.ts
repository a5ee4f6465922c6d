import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHiveCatalog } from '../../src/catalog/hive/hive-catalog.js';
import { describeWith, makeBucket } from '../lab/lab.js';
import { hiveProperties, pyicebergClient } from '../lab/pyiceberg.js';
import { sparkClient } from '../lab/spark.js';
import { empty, listing, split } from './buckets.js';
import { Bcn, backupArgs, pyicebergAnswers, restoreArgs, sparkAnswers, unique } from './support.js';

describeWith(['s3', 'hms', 'spark', 'pyiceberg'], 'modes and roads', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('modes');
  const repository = unique('modes-repo').replaceAll('_', '-');
  const bcn = new Bcn(lab, repository);
  const at = (name: string) => `s3://warehouse/${database}-restored/${name}`;
  const table = `${database}.t`;

  beforeAll(async () => {
    await makeBucket(lab, repository);
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${table} (id bigint, v string) USING iceberg PARTITIONED BY (bucket(2, id)) TBLPROPERTIES ('engine.hive.enabled'='true', 'gc.enabled'='true')`,
      `INSERT INTO hms.${table} VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
      `INSERT INTO hms.${table} VALUES (4, 'd')`,
    );
  });
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  async function place(name: string) {
    const rows = (await spark.sql(`DESCRIBE EXTENDED hms.${name}`)).rows;
    return split(String(rows.find(([field]) => field === 'Location')?.[1]));
  }

  test('--dry-run of backup and restore writes nothing and tells the plan', async () => {
    const planned = await bcn.run(backupArgs(table, 'dry', '--dry-run', '--json'));
    expect(planned.exit, planned.stderr).toBe(0);
    expect(await listing(lab, repository)).toEqual({});
    const lines = planned.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ type }) => type === 'plan')).toBeTruthy();
  });

  test('a second backup copies only what is new, and stands without the first', async () => {
    await bcn.backup(table, 'one');
    const first = Object.keys(await listing(lab, repository, 'runs/')).filter((key) => key.includes('/data/'));
    await spark.run(`INSERT INTO hms.${table} VALUES (5, 'e')`);
    await bcn.backup(table, 'two');
    const second = Object.keys(await listing(lab, repository, 'runs/')).filter((key) => key.includes('/data/'));
    expect(second.length).toBe(first.length + 1);
    await empty(lab, repository, 'backups/one.json');
    await bcn.ok(['verify', 'two', '--read-data']);
    const before = await sparkAnswers(lab, table);
    await bcn.restore('two', `${database}.two`, at('two'));
    const { properties, ...after } = await sparkAnswers(lab, `${database}.two`);
    expect({ properties, ...after }).toEqual(before);
  });

  test("the metastore entry is what Iceberg's own catalog wrote, for the restored metadata", async () => {
    const catalog = createHiveCatalog({ uri: lab.hms.uri });
    const load = async (name: string) => {
      const { raw, metadataLocation } = await catalog.load({ namespace: [database], name });
      const { parameters, ...summary } = raw.summary as { parameters: Record<string, string>; location: string };
      return { parameters, summary, metadataLocation };
    };
    const [source, restored] = [await load('t'), await load('two')];
    await catalog.close();
    // create_table consumes DO_NOT_UPDATE_STATS; the source has it from a later commit's alter_table.
    const own = ['metadata_location', 'previous_metadata_location', 'uuid', 'transient_lastDdlTime', 'DO_NOT_UPDATE_STATS'];
    const rest = (parameters: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(parameters)
          .filter(([key]) => !own.includes(key))
          .sort(),
      );
    expect(rest(restored.parameters)).toEqual(rest(source.parameters));
    expect(restored.parameters.metadata_location).toMatch(
      new RegExp(`^${at('two')}/metadata/\\d{5}-[0-9a-f-]{36}\\.metadata\\.json$`),
    );
    expect(restored.parameters.previous_metadata_location).toBeUndefined();
    expect({ ...restored.summary, location: '' }).toEqual({ ...source.summary, location: '' });
  });

  test('--data reference copies nothing, is labelled, and dies with its source', async () => {
    const name = `${database}.ref`;
    await spark.run(`CREATE TABLE hms.${name} (id bigint) USING iceberg`, `INSERT INTO hms.${name} VALUES (1), (2)`);
    const data = async () => Object.keys(await listing(lab, repository, 'runs/')).filter((key) => key.includes('/data/')).length;
    const before = await data();
    await bcn.backup(name, 'light', '--data', 'reference');
    expect(await data()).toBe(before);
    expect((await bcn.run(['list'])).stdout).toMatch(/light.*dies with its source/);
    await bcn.restore('light', `${database}.ref_back`, at('ref_back'));
    expect((await spark.sql(`SELECT count(*) FROM hms.${database}.ref_back`)).rows).toEqual([['2']]);
    const source = await place(name);
    await spark.run(`DROP TABLE hms.${name} PURGE`);
    await empty(lab, source.bucket, source.key);
    const failed = await bcn.run([...restoreArgs('light', `${database}.ref_gone`, at('ref_gone'))]);
    expect(failed.exit).toBe(32);
    expect(failed.stderr).toContain('reference backup');
    expect(await listing(lab, 'warehouse', `${database}-restored/ref_gone/`), 'rolled back').toEqual({});
    expect((await bcn.run(['verify', 'light'])).exit).toBe(4);
  });

  test('a table that pyiceberg wrote', async () => {
    const name = `${database}.py`;
    await pyicebergClient(lab).create({
      catalog: hiveProperties(lab),
      table: name,
      schema: [
        ['id', 'long'],
        ['s', 'string'],
      ],
      rows: [
        { id: '9007199254740993', s: 'ü' },
        { id: '2', s: null },
      ],
      properties: { 'write.metadata.compression-codec': 'gzip', 'write.parquet.compression-codec': 'snappy' },
    });
    const before = await sparkAnswers(lab, name);
    const ids = Object.keys(before.snapshots);
    const pyBefore = await pyicebergAnswers(lab, name, ids);
    await bcn.backup(name, 'py');
    await bcn.restore('py', `${database}.py_back`, at('py_back'));
    expect(await sparkAnswers(lab, `${database}.py_back`)).toEqual(before);
    expect(await pyicebergAnswers(lab, `${database}.py_back`, ids)).toEqual(pyBefore);
  });

  test('between services: a folder as repository, and another S3 address as repository', async () => {
    const before = await sparkAnswers(lab, table);
    const folder = { BACKUP_BUCKET: `file://${mkdtempSync(join(tmpdir(), 'bcn-e2e-'))}/repo` };
    const other = ['--repo-endpoint', lab.s3.endpoint.replace('127.0.0.1', 'localhost')];
    await bcn.ok(backupArgs(table, 'folder'), folder);
    await bcn.ok(['verify', 'folder', '--read-data'], folder);
    await bcn.ok(restoreArgs('folder', `${database}.from_folder`, at('from_folder')), folder);
    expect(await sparkAnswers(lab, `${database}.from_folder`)).toEqual(before);
    await bcn.ok([...backupArgs(table, 'streamed'), ...other]);
    await bcn.ok(['verify', 'streamed', '--read-data', ...other]);
    await bcn.ok([...restoreArgs('streamed', `${database}.streamed`, at('streamed')), ...other]);
    expect(await sparkAnswers(lab, `${database}.streamed`)).toEqual(before);
  });

  test('files above the multipart threshold are copied in parts', async () => {
    const name = `${database}.big`;
    await spark.run(
      `CREATE TABLE hms.${name} (id bigint, v string) USING iceberg`,
      `INSERT INTO hms.${name} SELECT /*+ COALESCE(1) */ id, sha2(cast(rand() AS string), 512) FROM range(0, 200000)`,
    );
    const parts = { BCN_MULTIPART_THRESHOLD: String(5 * 1024 * 1024) };
    const check = `SELECT count(*), sum(id), max(v), min(v) FROM hms.`;
    const before = (await spark.sql(check + name)).rows;
    await bcn.ok(backupArgs(name, 'big'), parts);
    const stored = Object.entries(await listing(lab, repository, 'runs/')).filter(
      ([key]) => key.includes('/data/') && key.includes('/big/'),
    );
    expect(
      stored.map(([, what]) => what),
      'an ETag with a part count',
    ).toEqual([expect.stringMatching(/^"[0-9a-f]{32}-\d+" /)]);
    await bcn.ok(['verify', 'big', '--read-data']);
    await bcn.ok(restoreArgs('big', `${database}.big_back`, at('big_back')), parts);
    expect((await spark.sql(`${check}${database}.big_back`)).rows).toEqual(before);
  });

  test('--keep-uuid keeps the identity; --abort removes what an interrupted restore left', async () => {
    const uuid = async (name: string) => {
      const catalog = createHiveCatalog({ uri: lab.hms.uri });
      const { raw } = await catalog.load({ namespace: [database], name });
      await catalog.close();
      return (raw.summary as { parameters: Record<string, string> }).parameters.uuid;
    };
    await bcn.restore('two', `${database}.same_uuid`, at('same_uuid'), '--keep-uuid');
    expect(await uuid('same_uuid')).toBe(await uuid('t'));
    expect(await uuid('two')).not.toBe(await uuid('t'));
    const args = restoreArgs('two', `${database}.aborted`, at('aborted'));
    const { child, ended } = bcn.start([...args, '--json']);
    child.stdout?.on('data', (text: Buffer) => {
      if (text.toString().includes('writing manifests') || text.toString().includes('copying')) child.kill('SIGKILL');
    });
    const killed = await ended;
    if (killed.signal === 'SIGKILL') {
      const aborted = await bcn.run([...args, '--abort', '--json']);
      expect([0, 20, 23], aborted.stdout).toContain(aborted.exit);
      if (aborted.exit === 0) expect(await listing(lab, 'warehouse', `${database}-restored/aborted/`)).toEqual({});
    }
  });
});
