import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from 'vitest';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { run } from './run.js';
import { SAMPLES } from './world.js';

describeWith(['s3'], 'what backup, copy and restore write', ({ s3 }) => {
  const { endpoint, region = '', credentials } = labConfig({ s3 });
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  afterAll(() => client.destroy());

  async function classes(Bucket: string, Prefix: string): Promise<Map<string, string>> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
    return new Map(Contents.map(({ Key = '', StorageClass = '' }) => [Key.slice(Prefix.length), StorageClass]));
  }

  test('data files have the class that was asked for, metadata and records that of the bucket', { timeout: 60_000 }, async () => {
    const bucket = await freshBucket({ s3 });
    const env = { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: s3.accessKey, S3_SECRET_KEY: s3.secretKey };
    const asked = ['--storage-class', 'REDUCED_REDUNDANCY'];
    const bcn = async (repository: string, ...args: readonly string[]) => {
      const ran = await run(args, { env: { ...env, BACKUP_BUCKET: repository } });
      expect([ran.exit, ran.stderr]).toEqual([0, expect.anything()]);
    };
    const catalog = ['--catalog-type', 'path', '--warehouse', `s3://${bucket}/wh`];
    const into = (table: string) => ['--target-database', 'shop', '--target-table', table];
    await bcn(`file://${SAMPLES}`, 'restore', '--backup-name', 'orders-sample', ...catalog, ...into('orders'));
    await bcn(
      `${bucket}/repo`,
      'backup',
      ...catalog,
      '--database',
      'shop',
      '--table',
      'orders',
      '--backup-name',
      'one',
      ...asked,
    );
    await bcn(`${bucket}/repo`, 'copy', '--to', `${bucket}/mirror`, ...asked);
    await bcn(`${bucket}/mirror`, 'restore', '--backup-name', 'one', ...catalog, ...into('again'), ...asked);
    await bcn(`${bucket}/mirror`, 'verify', 'one', '--read-data');
    expect(new Set((await classes(bucket, 'wh/shop/orders/')).values())).toEqual(new Set(['STANDARD']));
    for (const place of ['repo/', 'mirror/', 'wh/shop/again/']) {
      const found = [...(await classes(bucket, place))];
      const isData = ([key]: readonly [string, string]) => /(^|\/)data\//.test(key);
      expect(found.filter(isData).map(([, one]) => one)).toEqual(found.filter(isData).map(() => 'REDUCED_REDUNDANCY'));
      expect(found.filter(isData).length).toBeGreaterThan(0);
      expect(new Set(found.filter((one) => !isData(one)).map(([, one]) => one))).toEqual(new Set(['STANDARD']));
    }
  });
});
