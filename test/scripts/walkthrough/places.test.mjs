import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { placesFrom } from '../../../scripts/lib/walkthrough/places.mjs';

const root = mkdtempSync(join(tmpdir(), 'bcn-places-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a checkout that is not built says so', async () => {
  await expect(placesFrom(root, {})).rejects.toThrow('bcn is not built yet: npm start, or npm ci and npm run build');
});

test("without a variable, bcn's own defaults; a variable comes first, an empty one is none", async () => {
  mkdirSync(join(root, 'dist/config'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  const values = { endpoint: 'E', accessKey: 'A', secretKey: 'S', metastore: 'M', backupBucket: 'B', warehouseBucket: 'W' };
  writeFileSync(join(root, 'dist/config/compose.js'), `export const COMPOSE = ${JSON.stringify(values)};`);
  expect(await placesFrom(root, { S3_ENDPOINT: '' })).toEqual({
    variables: { S3_ENDPOINT: 'E', HIVE_METASTORE_URI: 'M', BACKUP_BUCKET: 'B', WAREHOUSE_BUCKET: 'W' },
    secrets: { S3_ACCESS_KEY: 'A', S3_SECRET_KEY: 'S' },
    spark: 'http://localhost:8998',
    region: 'us-east-1',
  });
  const env = {
    ...{ S3_ENDPOINT: '1', HIVE_METASTORE_URI: '2', BACKUP_BUCKET: '3', WAREHOUSE_BUCKET: '4' },
    ...{ S3_ACCESS_KEY: '5', S3_SECRET_KEY: '6', BCN_TEST_SPARK_URL: '7', AWS_REGION: '8' },
  };
  expect(await placesFrom(root, env)).toEqual({
    variables: { S3_ENDPOINT: '1', HIVE_METASTORE_URI: '2', BACKUP_BUCKET: '3', WAREHOUSE_BUCKET: '4' },
    secrets: { S3_ACCESS_KEY: '5', S3_SECRET_KEY: '6' },
    spark: '7',
    region: '8',
  });
});
