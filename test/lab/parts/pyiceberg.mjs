/** pyiceberg and fastavro behind HTTP (test/lab/pyiceberg_server.py): the oracle that shares no code with Spark. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provisionOnce } from '../../../scripts/lib/cache.mjs';
import { freePort, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { PYICEBERG } from '../versions.mjs';
import { makeVenv, pythonOf } from './python.mjs';

const SERVER = fileURLToPath(new URL('../pyiceberg_server.py', import.meta.url));

/** @returns {Promise<string>} a folder with `venv/` */
export async function provisionPyiceberg(log) {
  const recipe = PYICEBERG.packages;
  const make = (folder) => makeVenv(folder, PYICEBERG.packages);
  return provisionOnce({ part: 'pyiceberg', version: PYICEBERG.version, recipe }, make, { log });
}

/** @returns {Promise<{ url: string }>} */
export async function startPyiceberg({ folder, runFolder, keep }) {
  const home = join(runFolder, 'pyiceberg');
  mkdirSync(home, { recursive: true });
  const port = await freePort();
  const server = startServer({
    name: 'pyiceberg',
    command: pythonOf(folder),
    args: [SERVER],
    cwd: home,
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      PYICEBERG_HOME: home,
      TZ: 'UTC',
      AWS_REGION: 'us-east-1',
      LAB_PORT: String(port),
    },
    log: join(runFolder, 'pyiceberg.log'),
  });
  keep(server);
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(server, async () => (await fetch(url)).ok, 60);
  return { url };
}
