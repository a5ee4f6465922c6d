import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHiveCatalog } from '../../src/catalog/hive/hive-catalog.js';
import { readMetadata } from '../../src/iceberg/metadata.js';
import { HiveLab } from '../catalog/hive/lab.js';
import { describeWith, type LabWith, makeBucket } from '../lab/lab.js';
import { pyicebergClient, s3Properties } from '../lab/pyiceberg.js';
import { sparkClient } from '../lab/spark.js';
import { empty, getObject, listing, split } from './buckets.js';
import { Bcn, unique } from './support.js';

/** The metastores that the lab's Spark does not write through: the table comes out of another catalog on the same store. `engines`: can talk to it. */
const SERVERS = [
  { part: 'hms3', name: '3.1.3', engines: true },
  { part: 'hms401', name: '4.0.1', engines: false },
] as const;

const PAST = (t: string) => [
  `CREATE TABLE hms.${t} (id bigint, name string, at timestamp, tags map<string,array<int>>) USING iceberg PARTITIONED BY (bucket(2, id))
     TBLPROPERTIES ('write.delete.mode'='copy-on-write', 'owner-note'='$& kept')`,
  `INSERT INTO hms.${t} SELECT id, concat('n', id), timestamp'2024-01-01 00:00:00', map('k', array(1, cast(id as int))) FROM range(0, 20)`,
  `ALTER TABLE hms.${t} CREATE TAG first`,
  `ALTER TABLE hms.${t} ADD COLUMN note string AFTER name`,
  `INSERT INTO hms.${t} VALUES (9007199254740993, 'ä😎', 'big', timestamp'2024-02-01 10:00:00', null)`,
  `DELETE FROM hms.${t} WHERE id = 7`,
];

describe.each(SERVERS)('Hive Metastore $name', ({ part, engines }) => {
  describeWith(['s3', 'hms', 'spark', 'pyiceberg', part], 'a table goes and comes back', (lab) => {
    const { uri } = lab[part];
    const [spark, pyiceberg] = [sparkClient(lab), pyicebergClient(lab)];
    const [elsewhere, here] = [new HiveLab(lab.hms.uri), new HiveLab(uri)];
    const [catalog, origin] = [createHiveCatalog({ uri }), createHiveCatalog({ uri: lab.hms.uri })];
    const database = unique('matrix');
    const repository = unique('matrix-repo').replaceAll('_', '-');
    const bcn = new Bcn({ ...lab, hms: lab[part] }, repository);
    const ident = { namespace: [database], name: 't' };
    const other = { namespace: [database], name: 'other' };

    beforeAll(async () => {
      await makeBucket(lab, repository);
      await spark.run(`CREATE NAMESPACE hms.${database}`);
      await here.createDatabase(database);
    });
    afterAll(async () => {
      await elsewhere.dropDatabase(database);
      await here.dropDatabase(database);
      for (const each of [elsewhere, here, catalog, origin]) await each.close();
    });

    /** Every snapshot by its id and the current one, as two engines read them from the metadata file alone. */
    async function answers(location: string, ids: readonly bigint[]) {
      const found: Record<string, unknown> = {};
      for (const id of [undefined, ...ids]) {
        const { rows, types, count } = await spark.read(location, { snapshotId: id });
        const other = await pyiceberg.scanStatic(location, s3Properties(lab), id);
        const bySpark = { types, count, rows: rows.map((row) => JSON.stringify(row)).sort() };
        found[String(id)] = { bySpark, byPyiceberg: { types: other.types, rows: other.rows } };
      }
      return found;
    }
    const snapshotsOf = (metadata: ReturnType<typeof readMetadata>) => metadata.snapshots.map(({ id }) => id);
    const metadataAt = async (location: string) => readMetadata(await getObject(lab, location), location);

    test('backup, list, loss, restore under another name, verify', async () => {
      const table = `${database}.t`;
      await spark.run(...PAST(table));
      const { metadataLocation } = await origin.load(ident);
      const metadata = await metadataAt(metadataLocation);
      expect(metadata.snapshots).toHaveLength(3);
      expect(await catalog.register({ ident, metadataLocation, metadata })).toBe('registered');
      await elsewhere.dropTable(database, 't');
      const before = await answers(metadataLocation, snapshotsOf(metadata));
      const source = split(metadata.location);
      const objects = await listing(lab, source.bucket, `${source.key}/`);

      await bcn.backup(table, 'kept');
      expect(await listing(lab, source.bucket, `${source.key}/`), 'the source is never written').toEqual(objects);
      const listed = await bcn.run(['list', '--json']);
      expect(listed.stdout).toContain('"kept"');

      await here.dropTable(database, 't');
      await empty(lab, source.bucket, `${source.key}/`);
      await bcn.restore('kept', `${database}.other`, `s3://warehouse/${database}-restored/other`);
      await bcn.ok(['verify', 'kept', '--read-data']);

      const restored = await catalog.load(other);
      expect(restored.metadataLocation).toMatch(new RegExp(`^s3://warehouse/${database}-restored/other/metadata/`));
      const again = await metadataAt(restored.metadataLocation);
      expect(snapshotsOf(again)).toEqual(snapshotsOf(metadata));
      expect(again.refs).toEqual(metadata.refs);
      expect(await answers(restored.metadataLocation, snapshotsOf(again))).toEqual(before);
      await expect(catalog.load(ident)).rejects.toMatchObject({ code: 'table-not-found' });
    });

    test(engines ? 'engines use it through the metastore' : 'engines cannot talk to this metastore at all', async () => {
      const full = `${database}.${database}.other`;
      await spark.run(...sparkCatalog(lab, database, uri));
      const count = async () => (await spark.sql(`SELECT count(*) FROM ${full}`)).rows[0]?.[0];
      const scan = () => pyiceberg.scan({ type: 'hive', uri, ...s3Properties(lab) }, `${database}.other`);
      if (!engines) {
        await expect(count()).rejects.toThrow("Invalid method name: 'get_table'");
        await expect(scan()).rejects.toThrow("Invalid method name: 'get_table'");
        return;
      }
      expect([await count(), (await scan()).rows.length]).toEqual(['20', 20]);
      await spark.run(`INSERT INTO ${full} VALUES (99, 'later', null, null, null)`);
      expect([await count(), (await scan()).rows.length]).toEqual(['21', 21]);
      await bcn.backup(`${database}.other`, 'later');
      await bcn.ok(['verify', 'later', '--read-data']);
    });

    test('a name that is taken is refused, and what is there stays', async () => {
      const { metadataLocation } = await catalog.load(other);
      const refused = await bcn.run([
        ...['restore', '--backup-name', 'kept', '--target-database', database, '--target-table', 'other'],
        ...['--target-location', `s3://warehouse/${database}-restored/second`, '--catalog-type', 'hive', '--json'],
      ]);
      expect(refused.exit).toBe(23);
      expect((await catalog.load(other)).metadataLocation).toBe(metadataLocation);
      expect(await listing(lab, 'warehouse', `${database}-restored/second/`)).toEqual({});
    });
  });
});

/** Gives the running Spark session a catalog of this name: the metastore at `uri`. */
function sparkCatalog({ s3 }: LabWith<'s3'>, name: string, uri: string): readonly string[] {
  const properties = {
    '': 'org.apache.iceberg.spark.SparkCatalog',
    '.type': 'hive',
    '.uri': uri,
    '.cache-enabled': 'false',
    '.io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
    '.s3.endpoint': s3.endpoint,
    '.s3.path-style-access': 'true',
    '.s3.access-key-id': s3.accessKey,
    '.s3.secret-access-key': s3.secretKey,
    '.client.region': 'us-east-1',
  };
  return Object.entries(properties).map(([key, value]) => `SET \`spark.sql.catalog.${name}${key}\`=\`${value}\``);
}
