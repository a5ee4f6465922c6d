import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHiveCatalog } from '../../src/catalog/hive/hive-catalog.js';
import type { Catalog } from '../../src/catalog/port.js';
import { HiveLab } from '../catalog/hive/lab.js';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { empty, listing } from './buckets.js';
import { Bcn, backupArgs, restoreArgs, summary, unique } from './support.js';

describeWith(['s3', 'hms', 'spark', 'hmsTls', 'hmsSasl'], 'metastores that want more than plain Thrift', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('secured');
  const repository = unique('secured-repo').replaceAll('_', '-');
  const bcn = new Bcn(lab, repository);
  const location = `s3a://warehouse/${database}-restored/t`;
  const tls = {
    HIVE_METASTORE_URI: lab.hmsTls.uri,
    HIVE_METASTORE_FRAMED: 'true',
    HIVE_METASTORE_TLS: 'true',
    HIVE_METASTORE_CA_FILE: lab.hmsTls.ca ?? '',
    HADOOP_USER_NAME: 'carla',
  };
  let there: HiveLab;
  let catalog: Catalog;

  beforeAll(async () => {
    const secured = { framed: true, tls: { ca: readFileSync(tls.HIVE_METASTORE_CA_FILE, 'utf8') } };
    there = new HiveLab(lab.hmsTls.uri, secured);
    catalog = createHiveCatalog({ uri: lab.hmsTls.uri, ...secured });
    await makeBucket(lab, repository);
    await there.createDatabase(database);
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${database}.t (id bigint, name string) USING iceberg`,
      `INSERT INTO hms.${database}.t VALUES (1, 'one'), (2, 'zwei')`,
    );
  });
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
    await there.dropDatabase(database);
    there.close();
    await catalog.close();
    await empty(lab, 'warehouse', `${database}-restored/`);
  });

  test('a table is restored into one with TLS and framed transport, and backed up from it', async () => {
    await bcn.backup(`${database}.t`, 'plain');
    await bcn.ok(restoreArgs('plain', `${database}.t`, location), tls);
    await bcn.ok(backupArgs(`${database}.t`, 'again'), tls);
    const { metadataLocation, raw } = await catalog.load({ namespace: [database], name: 't' });
    const { rows } = await spark.read(metadataLocation);
    expect(rows.map((row) => row.join()).sort()).toEqual(['1,one', '2,zwei']);
    expect(raw).toHaveProperty(['summary', 'location'], location);
  });

  test('an authority that did not sign is refused, and so is a file that is none', async () => {
    const wrong = { ...tls, HIVE_METASTORE_CA_FILE: '/dev/null' };
    const none = await bcn.run([...backupArgs(`${database}.t`, 'x'), '--json'], wrong);
    expect(none.exit).toBe(2);
    expect(none.stdout).toContain('HIVE_METASTORE_CA_FILE');
    const public_ = await bcn.run([...backupArgs(`${database}.t`, 'x'), '--json'], { ...tls, HIVE_METASTORE_CA_FILE: '' });
    expect(public_.exit).toBe(31);
    expect(public_.stdout).toMatch(/not trusted.*HIVE_METASTORE_CA_FILE/);
  });

  test('without verification it works, with a warning', async () => {
    const ran = await bcn.run([...backupArgs(`${database}.t`, 'unverified'), '--quiet'], {
      ...tls,
      HIVE_METASTORE_CA_FILE: '',
      HIVE_METASTORE_TLS_VERIFY: 'false',
    });
    expect(ran.exit, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('HIVE_METASTORE_TLS_VERIFY=false');
  });

  test('one that demands SASL is not supported: exit 22, nothing written', async () => {
    const before = await listing(lab, repository);
    for (const args of [backupArgs(`${database}.t`, 'x'), restoreArgs('plain', `${database}.s`, `${location}-sasl`)]) {
      const ran = await bcn.run([...args, '--json'], { HIVE_METASTORE_URI: lab.hmsSasl.uri });
      expect(ran.exit, ran.stdout).toBe(22);
      expect(summary(ran)).toMatchObject({ ok: false, exit: 22, code: 'catalog-unsupported' });
      expect(ran.stdout).toMatch(/demands SASL.*hive\.metastore\.sasl\.enabled=false/);
    }
    expect(await listing(lab, repository)).toEqual(before);
  });
});
