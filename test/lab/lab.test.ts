import { afterAll, describe, expect, test } from 'vitest';
import { describeWith, lab, makeBucket, missingReason } from './lab.js';
import { hiveProperties, pyicebergClient, s3Properties } from './pyiceberg.js';
import { sparkClient } from './spark.js';

const SLOW = 300_000;

describe('the lab of the environment', () => {
  test('BCN_LAB wins over single addresses', () => {
    const env = { BCN_LAB: '{"hms":{"uri":"thrift://a:1"},"missing":{"s3":"no Go"}}', BCN_TEST_HMS_URI: 'thrift://b:2' };
    expect(lab(env).hms?.uri).toBe('thrift://a:1');
  });

  test('a missing part comes with its reason', () => {
    const found = lab({ BCN_LAB: '{"missing":{"spark":"no JDK is installed"}}' });
    expect(missingReason(found, ['spark', 'hms'])).toMatch(/^no spark: no JDK is installed; no hms: no lab is up/);
    expect(missingReason(lab({ BCN_TEST_HMS_URI: 'thrift://b:2' }), ['hms'])).toBeUndefined();
  });
});

describeWith(['s3'], 'S3', (lab) => {
  test('a bucket is made once, and again without harm', async () => {
    await makeBucket(lab, 'lab-smoke');
    await makeBucket(lab, 'lab-smoke');
  });
});

describeWith(['s3', 'hms', 'spark', 'pyiceberg'], 'Spark, metastore and pyiceberg see one table', (lab) => {
  const spark = sparkClient(lab);
  const pyiceberg = pyicebergClient(lab);
  const database = `smoke_${process.pid}`;
  const big = '9007199254740993';

  afterAll(async () => {
    await spark.run(`DROP TABLE IF EXISTS hms.${database}.t PURGE`, `DROP NAMESPACE IF EXISTS hms.${database}`);
  }, SLOW);

  test('Spark writes it, every reader agrees, it can be dropped', { timeout: SLOW }, async () => {
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${database}.t (id bigint, name string, at timestamp, b binary) USING iceberg`,
      `INSERT INTO hms.${database}.t VALUES (${big}, 'ä', timestamp'2024-01-02 03:04:05.123456', X'00ff'), (2, null, null, null)`,
    );
    const rows = [
      ['2', null, null, null],
      [big, 'ä', '2024-01-02T03:04:05.123456+00:00', '00ff'],
    ];
    expect((await spark.sql(`SELECT * FROM hms.${database}.t ORDER BY id`)).rows).toEqual(rows);

    const scanned = await pyiceberg.scan(hiveProperties(lab), `${database}.t`);
    expect(scanned.rows).toEqual(rows);
    expect(scanned.metadata_location).toMatch(/^s3a?:\/\/warehouse\/hive\//);

    const location = scanned.metadata_location;
    expect((await pyiceberg.scanStatic(location, s3Properties(lab))).rows).toEqual(rows);
    const read = await spark.read(location, { limit: 1 });
    expect(read).toMatchObject({ columns: ['id', 'name', 'at', 'b'], count: '2' });
    expect(read.rows).toHaveLength(1);

    await spark.sql(`DROP TABLE hms.${database}.t`);
    await expect(spark.sql(`SELECT * FROM hms.${database}.t`)).rejects.toThrow('TABLE_OR_VIEW_NOT_FOUND');
  });

  test('a table in a local folder is read from its metadata file, quotes in its path included', { timeout: SLOW }, async () => {
    const table = `path.\`it's\`.\`t${process.pid}\``;
    await spark.run(`CREATE TABLE ${table} (id int) USING iceberg`, `INSERT INTO ${table} VALUES (1)`);
    const location = `${await spark.warehouse()}/it's/t${process.pid}/metadata/v2.metadata.json`;
    expect(await spark.read(location)).toMatchObject({ rows: [['1']], count: '1' });
    await spark.sql(`DROP TABLE ${table}`);
  });

  test("pyiceberg's table is Spark's table", { timeout: SLOW }, async () => {
    const table = `${database}.py`;
    const schema = [['id', 'long'] as const, ['at', 'timestamptz'] as const];
    const row = { id: big, at: '2024-01-02T03:04:05.000001+00:00' };
    await pyiceberg.create({ catalog: hiveProperties(lab), table, schema, rows: [row] });
    expect((await spark.sql(`SELECT * FROM hms.${table}`)).rows).toEqual([[row.id, row.at]]);
    await spark.sql(`DROP TABLE hms.${table} PURGE`);
  });
});

describeWith(['pyiceberg'], 'fastavro', (lab) => {
  test.each(['null', 'deflate', 'snappy', 'zstandard'])('%s: what it wrote, it reads, with every digit', async (codec) => {
    const pyiceberg = pyicebergClient(lab);
    const schema = { type: 'record', name: 'r', fields: [{ name: 'n', type: ['null', 'long'] }] };
    const file = await pyiceberg.writeAvro(schema, [{ n: 5 }, { n: null }], codec);
    const read = await pyiceberg.readAvro(file);
    expect(read.codec).toBe(codec);
    expect(read.records).toEqual([{ n: '5' }, { n: null }]);
  });

  test('a file that is not Avro is an error with its text', async () => {
    await expect(pyicebergClient(lab).readAvro(new Uint8Array([1, 2, 3]))).rejects.toThrow('/fastavro');
  });
});
