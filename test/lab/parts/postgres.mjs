/** PostgreSQL, behind a metastore. On 127.0.0.1 only, without sockets in the file system; nothing is synced to the disk. */
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { query } from './postgres-client.mjs';
import { postgresPlace } from './postgres-user.mjs';

export { provisionPostgres } from './postgres-files.mjs';

const USER = 'postgres';
const PASSWORD = 'password';

// One process from the first moment, so that it can be stopped at any.
const SCRIPT = `
bin="$1" folder="$2"; shift 2
"$bin/initdb" -D "$folder/db" -U ${USER} --auth=password --pwfile="$folder/password" \\
  --encoding=UTF8 --locale=C --no-sync || exit
exec "$bin/postgres" -D "$folder/db" "$@"`;

/**
 * Start a server with an empty cluster.
 * @param {{ folder: string, runFolder: string, keep: (server: object) => void }} options  `folder`: the programs
 * @returns {Promise<{ host: string, port: number, user: string, password: string }>}
 */
export async function startPostgres({ folder: programs, runFolder, keep }) {
  const port = await freePort();
  const place = postgresPlace(programs, runFolder);
  const { folder, user, scratch } = place;
  const password = join(folder, 'password');
  writeFileSync(password, PASSWORD, { mode: 0o600 });
  if (user) chownSync(password, user.uid, user.gid);
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    shared_buffers: '32MB',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = startServer({
    name: 'postgres',
    command: 'sh',
    args: ['-c', SCRIPT, 'sh', join(place.programs, 'bin'), folder, ...options],
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    log: join(runFolder, 'postgres.log'),
    user,
    scratch,
    // SIGTERM waits until every client has gone.
    stopSignal: 'SIGINT',
  });
  keep(server);
  const address = { host: '127.0.0.1', port, user: USER, password: PASSWORD };
  await waitUntilReady(server, async () => (await query(address, 'select 1')).length === 1, 180);
  return address;
}
