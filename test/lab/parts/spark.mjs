/** Spark with Iceberg: one long-lived session behind HTTP (test/lab/spark_server.py). Writer of test tables, and oracle. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { provisionOnce } from '../../../scripts/lib/cache.mjs';
import { freePort, has, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { SPARK } from '../versions.mjs';
import { copyArtifacts } from './maven.mjs';
import { makeVenv, pythonOf } from './python.mjs';

const SERVER = fileURLToPath(new URL('../spark_server.py', import.meta.url));

/** @returns {Promise<string>} a folder with `venv/` and `jars/` */
export async function provisionSpark(log) {
  return provisionOnce({ part: 'spark', version: SPARK.version, recipe: [SPARK.packages, SPARK.jars] }, make, { log });
}

async function make(folder) {
  if (!has('java')) throw new Error('no JDK is installed, so Spark cannot run');
  const jars = join(folder, 'jars');
  mkdirSync(jars);
  const results = await Promise.allSettled([makeVenv(folder, SPARK.packages), copyArtifacts(SPARK.jars, jars)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/**
 * Start the session. Its Hadoop catalog `path` gets a local folder, which `GET /` names.
 * @returns {Promise<{ url: string }>}
 */
export async function startSpark({ folder, runFolder, s3, hms, keep }) {
  const home = join(runFolder, 'spark');
  const warehouse = join(home, 'warehouse');
  mkdirSync(warehouse, { recursive: true });
  const port = await freePort();
  const jars = readdirSync(join(folder, 'jars'))
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(folder, 'jars', name));
  const python = pythonOf(folder);
  const server = startServer({
    name: 'spark',
    command: python,
    args: [SERVER],
    cwd: home,
    env: {
      ...process.env,
      PYSPARK_PYTHON: python,
      PYSPARK_DRIVER_PYTHON: python,
      PYTHONDONTWRITEBYTECODE: '1',
      SPARK_LOCAL_IP: '127.0.0.1',
      SPARK_LOCAL_DIRS: join(home, 'local'),
      TZ: 'UTC',
      AWS_REGION: 'us-east-1',
      LAB_PORT: String(port),
      LAB_JARS: jars.join(','),
      LAB_WAREHOUSE: pathToFileURL(warehouse).href,
      LAB_S3_ENDPOINT: s3.endpoint,
      LAB_S3_ACCESS_KEY: s3.accessKey,
      LAB_S3_SECRET_KEY: s3.secretKey,
      LAB_HMS_URI: hms.uri,
    },
    log: join(runFolder, 'spark.log'),
  });
  keep(server);
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(server, async () => (await fetch(url)).ok, 180);
  return { url };
}
