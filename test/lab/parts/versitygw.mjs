/** versitygw: another S3 server, which keeps objects as plain files of a folder (its `posix` backend); compiled by Go. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { VERSITYGW } from '../versions.mjs';
import { provisionGo } from './go.mjs';

// Not those of MinIO, so that a store that is asked with the other's keys says so.
const ACCESS_KEY = 'versity';
const SECRET_KEY = 'versity-secret';

/** @returns {Promise<string>} the folder that holds the binary */
export async function provisionVersitygw(log) {
  return provisionGo({ part: 'versitygw', ...VERSITYGW, binary: 'versitygw' }, log);
}

/**
 * Start versitygw on an empty folder.
 * @returns {Promise<{ endpoint: string, accessKey: string, secretKey: string }>}
 */
export async function startVersitygw({ folder, runFolder, keep }) {
  const data = join(runFolder, 'versitygw');
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const server = startServer({
    name: 'versitygw',
    command: join(folder, 'versitygw'),
    args: ['--port', `127.0.0.1:${port}`, '--health', '/health', '--quiet', 'posix', data],
    env: { ...process.env, ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
    log: join(runFolder, 'versitygw.log'),
  });
  keep(server);
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilReady(server, async () => (await fetch(`${endpoint}/health`)).ok, 60);
  return { endpoint, accessKey: ACCESS_KEY, secretKey: SECRET_KEY };
}
