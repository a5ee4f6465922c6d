/** MinIO: an S3 server, compiled by Go from its module. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { provisionOnce } from '../../../scripts/lib/cache.mjs';
import { freePort, has, run, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { MINIO } from '../versions.mjs';

const ACCESS_KEY = 'admin';
const SECRET_KEY = 'password';

/** @returns {Promise<string>} the folder that holds the binary */
export async function provisionMinio(log) {
  const recipe = [MINIO.module, MINIO.version];
  return provisionOnce({ part: 'minio', version: MINIO.version, recipe }, make, { log });
}

async function make(folder) {
  if (!has('go')) throw new Error('Go is not installed, so MinIO cannot be compiled');
  const env = { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOFLAGS: '-trimpath -buildvcs=false', GOBIN: folder };
  await run('go', ['install', '-ldflags', '-s -w', `${MINIO.module}@${MINIO.version}`], { env, what: 'go install minio' });
  if (!existsSync(join(folder, 'minio'))) throw new Error('go install left no minio binary');
}

/**
 * Start MinIO on an empty folder.
 * @returns {Promise<{ endpoint: string, accessKey: string, secretKey: string }>}
 */
export async function startMinio({ folder, runFolder, keep }) {
  const data = join(runFolder, 'minio');
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const consolePort = await freePort();
  const env = {
    ...process.env,
    MINIO_ROOT_USER: ACCESS_KEY,
    MINIO_ROOT_PASSWORD: SECRET_KEY,
    MINIO_UPDATE: 'off',
    MINIO_CALLHOME_ENABLE: 'off',
    MINIO_BROWSER: 'off',
  };
  // MinIO shrinks its buffers when it sees CI.
  delete env.CI;
  const server = startServer({
    name: 'minio',
    command: join(folder, 'minio'),
    args: ['server', data, '--address', `127.0.0.1:${port}`, '--console-address', `127.0.0.1:${consolePort}`, '--quiet'],
    env,
    log: join(runFolder, 'minio.log'),
  });
  keep(server);
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilReady(server, async () => (await fetch(`${endpoint}/minio/health/ready`)).ok, 60);
  return { endpoint, accessKey: ACCESS_KEY, secretKey: SECRET_KEY };
}
