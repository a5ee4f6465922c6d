/** Where the walk-through finds its services: variables, else docker-compose.yml's addresses. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The port of the service `spark` in docker-compose.yml. */
export const COMPOSE_SPARK = 'http://localhost:8998';

/**
 * @param {string} root  the checkout, built
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ variables: Record<string, string>, secrets: Record<string, string>, spark: string, region: string }>}
 *   `variables` and `secrets`: what bcn is run with; the former may be printed
 * @throws {Error} when it is not built
 */
export async function placesFrom(root, env) {
  const compiled = join(root, 'dist', 'config', 'compose.js');
  if (!existsSync(compiled)) throw new Error('bcn is not built yet: npm start, or npm ci and npm run build');
  const { COMPOSE } = await import(pathToFileURL(compiled).href);
  return {
    variables: {
      S3_ENDPOINT: env.S3_ENDPOINT || COMPOSE.endpoint,
      HIVE_METASTORE_URI: env.HIVE_METASTORE_URI || COMPOSE.metastore,
      BACKUP_BUCKET: env.BACKUP_BUCKET || COMPOSE.backupBucket,
      WAREHOUSE_BUCKET: env.WAREHOUSE_BUCKET || COMPOSE.warehouseBucket,
    },
    secrets: {
      S3_ACCESS_KEY: env.S3_ACCESS_KEY || COMPOSE.accessKey,
      S3_SECRET_KEY: env.S3_SECRET_KEY || COMPOSE.secretKey,
    },
    spark: env.BCN_TEST_SPARK_URL || COMPOSE_SPARK,
    region: env.AWS_REGION || 'us-east-1',
  };
}
